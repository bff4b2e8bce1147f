#!/usr/bin/env bats
# Where the output of a rescued job goes, and who owns that file.

load ../lib/helpers
load ../lib/rescue

@test "rescue: -o names the file, from detach's own directory" {
	sleeping_victim read
	mkdir elsewhere
	(cd elsewhere && rescue -q -o out "$pid") 2>message
	[ ! -s message ]
	[ ! -e nohup.out ]
	unharmed_in elsewhere/out
}

# The name is known to whoever chose it; but a user is not left without a word.
@test "rescue: with -o, success is told on a terminal alone" {
	start_on_terminal background "$VICTIM read"
	run -0 rescue -o out "$pid"
	[ -z "$output" ]
	unharmed_in out
	rm -f fifo
	start_on_terminal background "$VICTIM read | cat"
	keys "$DETACH -o out -r $pid\n"
	shell_answers
	on_screen "detach: PID $pid and 1 more"
	hang_up
}

@test "rescue: what is there is appended to" {
	echo old >nohup.out
	sleeping_victim read
	rescue "$pid"
	hang_up
	wake read
	verdict
	[ "$(cat nohup.out)" = $'old\nv:2' ]
	# Only what is created is made private.
	[ "$(stat -c %a nohup.out)" = 644 ]
}

@test "rescue: the default file is for its owner, whatever the umask" {
	sleeping_victim read
	(umask 777 && rescue "$pid")
	[ "$(stat -c %a nohup.out)" = 600 ]
	unharmed_in nohup.out
}

@test "rescue: a planted file is not trusted" {
	local plant
	touch victim
	for plant in 'ln -s victim nohup.out' 'mkfifo nohup.out' \
	    'ln victim nohup.out' 'mkdir nohup.out'; do
		rm -rf nohup.out fifo home/nohup.out
		sh -c "$plant"
		sleeping_victim read
		run -0 rescue "$pid"
		[[ $output == *"output in '$HOME/nohup.out'" ]]
		unharmed_in "$HOME/nohup.out"
	done
	[ ! -s victim ]
}

@test "rescue: the file is made by the user of the job" {
	right root cap-sys-ptrace
	need setpriv
	mkdir -m 777 open
	cd open
	chmod 711 .. ../..
	start_on_terminal foreground \
	    "chmod 666 ready done; setpriv --reuid=12345 --clear-groups $VICTIM read"
	until_true in_state S "$pid"
	rescue "$pid"
	[ "$(stat -c %u:%a nohup.out)" = 12345:600 ]
	unharmed_in nohup.out
}

# It is no file yet as detach looks for it.
@test "rescue: a file that is planted just then is not trusted" {
	need strace
	touch victim
	meanwhile 'ln victim nohup.out'
	[ "$(cat message)" = "detach: PID $pid, output in '$HOME/nohup.out'" ]
	unharmed_in "$HOME/nohup.out"
	[ ! -s victim ]
}

@test "rescue: a file that comes just then is appended to" {
	need strace
	meanwhile 'umask 077; echo old >nohup.out'
	[ "$(cat message)" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	hang_up
	wake read
	verdict
	[ "$(cat nohup.out)" = $'old\nv:2' ]
}

# meanwhile COMMAND - a rescue, and the command when it has found no default file.
meanwhile() {
	sleeping_victim read
	stop_rescue -P nohup.out -e inject=/^open:signal=STOP:when=1
	[ ! -e nohup.out ]
	(eval "$1")
	let_rescue_go
}

# Every pseudo-terminal may be the one that it was started on.
@test "rescue: a job without a controlling terminal" {
	start_on_terminal background "setsid $VICTIM read 3</dev/zero"
	find_shell
	until_true in_state S "$pid"
	read -r _ _ _ _ _ _ number _ <"/proc/$pid/stat"
	[ "$number" = 0 ]
	[[ $(fd_of 1) == /dev/pts/* ]]
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[ "$(fd_of 0) $(fd_of 3)" = '/dev/null /dev/zero' ]
	unharmed_in nohup.out
}

@test "rescue: every descriptor on the terminal, and no other" {
	sleeping_victim descriptors
	tty=$(fd_of 0)
	inner=$(fd_of 21)
	[[ $tty == /dev/pts/* && $inner == /dev/pts/* && $tty != "$inner" ]]
	rescue "$pid"
	for n in 0 22 23; do
		[ "$(fd_of $n)" = /dev/null ]
		# One that was open for writing still is.
		grep -q '^flags:.*2$' "/proc/$pid/fdinfo/$n"
	done
	for n in 1 2 24 25; do
		[ "$(fd_of $n)" = "$PWD/nohup.out" ]
	done
	[[ $(fd_of 20) == */ptmx ]]
	[ "$(fd_of 21)" = "$inner" ]
	[ "$(fd_of 26)" = "$PWD/kept" ]
	grep -q '^flags:.*02[0-9]\{6\}$' "/proc/$pid/fdinfo/24"
	run ! grep -q '^flags:.*02[0-9]\{6\}$' "/proc/$pid/fdinfo/25"
	# The terminal's name, which is not open: 27.
	[ "$(fd_of 27)" = "$tty" ]
	# Left are 21 and 27, and the numbers that they were first opened on.
	[ "$(find "/proc/$pid/fd" -lname '/dev/pts/[0-9]*' | wc -l)" = 4 ]
	unharmed_in nohup.out
}

# What it opens in their place must not take its messages.
@test "rescue: by a detach whose descriptors 0 to 2 are closed" {
	need strace
	# It is not the leader: so there are two files before the first other.
	start_on_terminal foreground "sh -c '$VICTIM read; :'"
	until_true in_state S "$pid"
	# shellcheck disable=SC2016 # for the other shell
	strace -qq -y -o trace -e trace=write,writev \
	    sh -c 'exec "$0" -r "$1" <&- >&- 2>&-' "$DETACH" "$pid"
	grep -E '^writev?\(2</dev/null' trace
	[[ $(fd_of 1) == "$PWD/nohup.out" ]]
	unharmed_in nohup.out
}
