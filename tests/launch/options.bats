#!/usr/bin/env bats
# Every option, in its long form as well, and every way to get it wrong.

load ../lib/helpers

# --- good ---------------------------------------------------------------------

@test "-i FILE: stdin is read from it" {
	echo text >in
	"$DETACH" -q -w -i in -o out cat
	"$DETACH" -q -w --input=in -o out cat
	printf 'text\ntext\n' | diff - out
}

@test "-i -: the inherited stdin stays" {
	echo text | "$DETACH" -q -w -i - -o out cat
	[ "$(cat out)" = text ]
	run -0 "$DETACH" -i - -o out true </etc/passwd
	[ -z "$output" ]
}

@test "-o FILE: created by the umask, appended to" {
	umask 027
	start "$DETACH" -o out
	[ "$(stat -c %a out)" = 640 ]
	[ $((0$(fact fd1.flags) & 02001)) = $((02001)) ] # O_APPEND, O_WRONLY
}

@test "-o -: the inherited stdout stays" {
	run -0 "$DETACH" -q -w -o - echo text
	[ "$output" = text ]
}

@test "-o - does not draw stderr into it" {
	mkfifo facts ping pong
	"$DETACH" -o - "$PROBE" facts ping pong > >(cat) 2> >(cat)
	facts
	[[ $(fact fd1) == pipe:* ]]
	[ "$(fact fd2)" = "$PWD/nohup.out" ]
}

@test "-e FILE: stderr apart from stdout" {
	"$DETACH" -q -w -o out --error errors sh -c 'echo 1; echo 2 >&2'
	[ "$(cat out)" = 1 ]
	[ "$(cat errors)" = 2 ]
}

@test "-e -: the inherited stderr stays" {
	run --separate-stderr -0 "$DETACH" -q -w -o out -e - sh -c 'echo 2 >&2'
	[ "$stderr" = 2 ]
}

@test "-o follows links and takes devices and FIFOs, as the shell does" {
	ln -s target link
	"$DETACH" -q -w -o link echo text
	[ "$(cat target)" = text ]
	"$DETACH" -q -w -o /dev/null echo text
	mkfifo fifo
	timeout "$LIMIT" cat fifo >got &
	"$DETACH" -q -o fifo echo text
	wait $!
	[ "$(cat got)" = text ]
}

@test "-o on a terminal: it does not become the controlling one" {
	run -0 "$PTY" sh -c '"$0" -w -o "$(tty)" "$1" facts >/dev/null' \
	    "$DETACH" "$PROBE" </dev/null
	mv facts got
	[ "$(fact ctty)" = 0 ]
	[[ $(fact fd1) == /dev/pts/* ]]
}

# A free terminal line, whose name is then in "line".
free_line() {
	mkfifo keys
	exec 8<>keys
	"$PTY" -l <keys >line 3>&- 8>&- &
	timeout "$LIMIT" sh -c 'until [ -s line ]; do sleep 0.05; done'
	line=$(cat line)
}

@test "-i and -o on a free terminal: a launcher that leads a session leaves it" {
	need setsid
	local pid sid tty
	free_line
	fifos
	setsid "$DETACH" -w -i "$line" -o "$line" "$PROBE" facts ping pong \
	    3>&- 8>&- &
	facts
	[ "$(fact fd0) $(fact fd1)" = "$line $line" ]
	read -r pid _ _ _ _ sid tty _ <"/proc/$(fact ppid)/stat"
	[ "$pid" = "$sid" ]
	[ "$tty" = 0 ]
	quit
	ended_with 0 $!
}

@test "a terminal line as the command: a leader of a session leaves it" {
	need setsid
	free_line
	chmod u+x "$line"
	# Its first line is looked at, for the name of an interpreter.
	refused 126 "$line: Permission denied" setsid -w sh -c '
		env --block-signal=HUP sleep 1000 >/dev/null 2>&1 &
		echo $! >member
		exec "$DETACH" -o out "$1"' sh "$line" 8>&-
	# At the end of a leader that has a terminal its group gets SIGHUP.
	grep -qx "ShdPnd:.0000000000000000" "/proc/$(cat member)/status"
	exec 8>&-
}

@test "-p FILE: complete before the job's first instruction" {
	for _ in {1..30}; do
		"$DETACH" -q -w -p pid -o out sh -c 'cat pid; echo $$'
		[ "$(sed -n 1p out)" = "$(sed -n 2p out)" ]
		rm out
	done
	[ "$(wc -l <pid)" = 1 ]
}

@test "-p FILE: replaces longer and shorter content" {
	echo 1234567890123456789012 >pid
	start "$DETACH" -o out -p pid
	[ "$(cat pid)" = "$(fact pid)" ]
	quit
	echo 1 >pid
	start "$DETACH" -o out --pidfile pid
	[ "$(cat pid)" = "$(fact pid)" ]
}

@test "-p -: the PID on stdout, and the job does not hold it" {
	mkfifo facts ping pong
	pid=$("$DETACH" -q -p - -o out "$PROBE" facts ping pong)
	facts
	[ "$pid" = "$(fact pid)" ]
	detached
}

@test "-p: a start that fails restores what was there" {
	printf '123\n\n' >pid
	refused 127 ./bad "$DETACH" -p pid ./bad
	printf '\0bad\n' >bad
	chmod +x bad
	refused 126 ./bad "$DETACH" -p pid ./bad
	[ "$(cat pid; echo x)" = $'123\n\nx' ]
	refused 126 ./bad "$DETACH" -p new ./bad
	[ ! -e new ]
}

@test "-k N: stays open, and nothing else" {
	start "$DETACH" -o out -k 5,7 -k 9 4</dev/null 5</dev/null \
	    6</dev/null 7</dev/null 9</dev/null
	[ "$(fact fds)" = "0 1 2 5 7 9 " ]
}

@test "-k N: makes /dev/fd/N good in the job" {
	run -0 bash -c '"$0" -q -w -k 63 -o out cat <(echo text)' "$DETACH"
	[ "$(cat out)" = text ]
	# One that is not open is not ours to judge.
	"$DETACH" -q -w -o out echo /dev/fd/99
}

@test "arguments that name no descriptor to be closed are let through" {
	exec 7</dev/null
	"$DETACH" -q -w -o out echo /dev/fd/0 /dev/fd/1 /dev/fd/2 if=/dev/fd/7 \
	    /dev/fd/7x /dev/fd/
	[ "$(cat out)" = \
	    "/dev/fd/0 /dev/fd/1 /dev/fd/2 if=/dev/fd/7 /dev/fd/7x /dev/fd/" ]
	exec 7<&-
}

@test "-o and -i can name a descriptor that the job does not get" {
	bash -c '"$0" -q -w -i <(echo text) -o out cat' "$DETACH"
	[ "$(cat out)" = text ]
}

@test "-w: the job's status, or 128 and its signal" {
	run -0 "$DETACH" -q -w true
	run -3 "$DETACH" -q --wait sh -c 'exit 3'
	run -137 "$DETACH" -q -w sh -c 'kill -KILL $$'
}

@test "-w: killing the waiter, or its terminal, leaves the job alone" {
	mkfifo facts ping pong
	"$DETACH" -w -o out "$PROBE" facts ping pong &
	facts
	kill -TERM $!
	ended_with 143 $!
	alive out
	quit
	"$PTY" "$DETACH" -w -o out "$PROBE" facts ping pong </dev/null &
	facts
	kill -KILL $!
	ended_with 137 $!
	alive out
	refresh
	detached
}

@test "-w: a job that is stopped is waited for" {
	mkfifo facts ping pong
	"$DETACH" -w -q -o out "$PROBE" facts ping pong &
	facts
	kill -STOP "$(fact pid)"
	kill -CONT "$(fact pid)"
	alive out
	quit
	ended_with 0 $!
}

@test "-a TIME: 0 while the job lives" {
	for time in 0 0.01 .01 0.01s 0.0001m 0.000001h 0.; do
		run -0 "$DETACH" -a "$time" -o out sleep 1000
		[ -z "$output" ]
		"$DETACH" -p pid -q --alive="$time" sleep 1000
		kill -0 "$(cat pid)"
	done
}

@test "-a TIME: a job that ends gives its status, 1 for 0, and a line" {
	run -3 "$DETACH" -a "${LIMIT}s" -o out sh -c 'exit 3'
	[[ $output =~ ^detach:\ PID\ [0-9]+\ ended\ too\ early,\ with\ status\ 3$ ]]
	run -1 "$DETACH" -q -a 1h -o out true
	[[ $output == *"status 0" ]]
	run -143 "$DETACH" -q -a 5m -o out sh -c 'kill $$'
	[[ $output == *"status 143" ]]
	# The longest time.
	run -1 "$DETACH" -a 999999999.999999999 -o out true
	[[ $output == *"status 0" ]]
}

@test "-a TIME: it waits so long" {
	need strace
	local time seconds waited
	# A sanitizer's search for leaks needs a process that nobody traces.
	export ASAN_OPTIONS=detect_leaks=0
	for time in 100=100 100s=100 1m=60 .5m=30 1.05m=63 3h=10800 \
	    0.25h=900 0.0625h=225; do
		# What is asked for is seen, and not done.
		strace -qqq -o trace -e trace=/rt_sigtimedwait \
		    -e inject=/rt_sigtimedwait:error=EAGAIN \
		    "$DETACH" -o out -a "${time%=*}" sleep 1000
		seconds=${time#*=}
		waited=$(sed -n 's/.*tv_sec=\([0-9]*\), tv_nsec=.*/\1/p' trace)
		# What went by before it is less than a sixth.
		[ "$waited" -le "$seconds" ]
		[ "$waited" -gt $((seconds * 5 / 6)) ]
	done
}

@test "-a and -w: a waiter that is interrupted goes on" {
	need strace
	export ASAN_OPTIONS=detect_leaks=0
	mkfifo hold
	strace -qqq -o trace -e trace=/rt_sigtimedwait \
	    -e inject=/rt_sigtimedwait:error=EINTR:when=1 \
	    "$DETACH" -a 1h -o out sh -c 'read line <hold; exit 3' 3>&- &
	timeout "$LIMIT" sh -c 'until grep -q INJECTED trace; do
			sleep 0.05
		done'
	: >hold
	ended_with 3 $!
	# It does not begin anew with the whole time.
	sed -n 's/.*tv_sec=\([0-9]*\), tv_nsec=\([0-9]*\).*/\1 \2/p' trace |
	    awk '{ left[NR] = $1 * 1e9 + $2 } END { exit !(left[2] < left[1]) }'
	run -7 strace -qqq -o trace -e trace=wait4 \
	    -e inject=wait4:error=EINTR:when=1 \
	    "$DETACH" -w -o out sh -c 'exit 7'
	grep -q INJECTED trace
}

@test "-a TIME: another child's end is not the job's" {
	# The shell's child is the launcher's, after exec.
	run -0 sh -c 'true & exec "$0" -a 0.1 -o out sleep 1000' "$DETACH"
	[ -z "$output" ]
}

@test "options end at the command, and at --" {
	run -0 "$DETACH" -q -w -o - echo -q --help
	[ "$output" = "-q --help" ]
	run -0 "$DETACH" -q -w -o - -- echo -x
	[ "$output" = -x ]
	run -0 "$DETACH" -qwo- echo text
	[ "$output" = text ]
}

@test "--help and --version: on stdout, status 0" {
	run --separate-stderr -0 "$DETACH" --help
	[ -z "$stderr" ]
	for option in -i -o -e -p -k -w -a -q --input --output --error \
	    --pidfile --keep-fd --wait --alive --quiet --help --version; do
		[[ $output == *"$option"* ]]
	done
	run --separate-stderr -0 "$DETACH" --version
	[[ $output =~ ^detach\ [0-9.]+$ ]]
	[ -z "$stderr" ]
	run -125 sh -c '"$0" --help >/dev/full' "$DETACH"
	[[ $output == "detach: standard output: "* ]]
	run -125 sh -c '"$0" --version >/dev/full' "$DETACH"
	[[ $output == "detach: standard output: "* ]]
}

# --- bad: one line, 125, nothing started, no file created ----------------------

# bad TEXT ARG... - the command line is refused with a line that has the text.
bad() {
	local text=$1
	shift
	mkdir -p empty
	cd empty
	refused 125 "$text" "$DETACH" "$@"
	[ -z "$(ls)" ]
	cd ..
}

@test "bad: an unknown option, no command" {
	bad "no command"
	bad "no command" -q --
	bad "-x: unknown option" -x touch started
	bad "-x: unknown option" -qx touch started
	bad "unknown option" $'-\351' touch started
	bad "--nosuch: unknown option" --nosuch touch started
	bad "--quiet=3: takes no value" --quiet=3 touch started
	bad "-o: needs a value" -o
	bad "-p: needs a value" --pidfile
}

@test "bad: a TIME that is none" {
	bad "-a '': not a time" -a '' touch started
	for time in x 1x 1ss 1.2.3 -1 . s 1e3 ' 1' '1 ' inf 0x1 1,5; do
		bad "-a $time: not a time" -a "$time" touch started
	done
	for time in 1000000000 999999999h 99999999999999999999999; do
		bad "-a $time: time too long" -a "$time" touch started
	done
}

@test "bad: a descriptor that is none, or not open" {
	for list in '' x 5x 5, ,5 '5 6' -5 +5 5,x 99999999999999999999 \
	    4294967301; do
		bad "-k $list: not a list" -k "$list" touch started 5</dev/null
	done
	bad "-k 2: 0, 1 and 2" -k 2 touch started
	bad "-k 77: is not open" -k 77 touch started
}

@test "bad: an argument that names a descriptor to be closed" {
	exec 7</dev/null
	for argument in /dev/fd/7 /proc/self/fd/7 --file=/dev/fd/7; do
		bad "$argument: would be closed in the job (-k 7 keeps it)" \
		    touch started "$argument"
	done
	# As bash has it, for <(...).
	exec 7<&- 63</dev/null
	bad "(-k 63 keeps it)" touch started /dev/fd/63
	exec 63<&-
}

@test "bad: files that cannot be had, and none is created" {
	bad "/: Is a directory" -o / touch started
	bad "/: Is a directory" -i / touch started
	bad "/: Is a directory" -e / -o new touch started
	bad "/: Is a directory" -p / -o new touch started
	bad "-p nodir/pid: No such file" -p nodir/pid -o new touch started
	bad "-o nodir/out: No such file" -o nodir/out -p pid touch started
	bad "-e nodir/err: No such file" -e nodir/err -o new -p pid touch started
	bad "-i missing: No such file" -i missing -o new touch started
	bad "-o '': No such file" -o '' -p pid touch started
}

@test "bad: a PID that is none" {
	for pid in '' x 1x x1 0 -1 +1 ' 1' 1.5 2147483648 \
	    99999999999999999999; do
		bad "not a PID" -r -- 1 "$pid"
	done
	bad "no PID" -r
}

@test "bad: options that contradict" {
	bad "-w: contradicts -a 2" -w -a 2 touch started
	bad "-o two: given twice, first as one" -o one -o two touch started
	bad "-p -: given twice, first as pid" -p pid -p - touch started
}

@test "bad: -p - without a stdout" {
	refused 125 "-p -: standard output is closed" \
	    sh -c '"$0" -p - -o out touch started >&-' "$DETACH"
	refused 125 "-p -: No space left" \
	    sh -c '"$0" -p - -o out touch started >/dev/full' "$DETACH"
}

@test "bad: a file that is no pidfile is left alone" {
	seq 1000 >data
	cp data before
	refused 125 "-p data: not a pidfile" "$DETACH" -p data touch started
	cmp data before
	refused 125 "-p /dev/null: not a regular file" \
	    "$DETACH" -p /dev/null touch started
}

@test "a message is one line, whatever the name" {
	refused 127 'a\nb\033[31m\\c\377' "$DETACH" $'a\nb\e[31m\\c\377'
	refused 125 'x\rdetach: PID 1: No such file' \
	    "$DETACH" -i $'x\rdetach: PID 1' true
	name=$(printf '%04000d' 0)
	refused 126 "...: File name too long" "$DETACH" "$name$name"
	[ ${#stderr} -lt 4096 ]
}
