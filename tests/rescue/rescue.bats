#!/usr/bin/env bats
# shellcheck disable=SC2034 # what rescue.bash reads
# detach --rescue: jobs that were started plainly, on a terminal that then goes.

load ../lib/helpers
load ../lib/rescue

setup_file() {
	need pgrep
	sshd_setup
}

# matrix MODE [PREFIX] - a victim in each kind of system call.
matrix() {
	local kind
	for kind in $("$VICTIM" -l | sed "s/^/${2:-}/"); do
		mkdir "$kind"
		cd "$kind"
		echo "kind: $kind"
		rescue_victim "$kind" "$1"
		cd ..
	done
}

# loops COMMAND... - each as a job in background, foreground and stopped.
loops() {
	local mode
	for mode in background foreground stopped; do
		mkdir "$mode"
		cd "$mode"
		echo "mode: $mode"
		rescue_loop "$mode" "$*"
		cd ..
	done
}

# facts_of PID - all that a refused rescue must not have changed.
facts_of() {
	(
		cd "/proc/$1" || exit
		local fd line
		for fd in fd/*; do
			echo "$fd $(readlink "$fd") $(cat "${fd/fd/fdinfo}")"
		done
		grep -E '^(Sig[^Q]|Shd|Tracer)' status
		# Its identity and state, without what the clock changes.
		read -r line <stat
		line=${line##*) }
		echo "${line%% -1 *}" | cut -d' ' -f1-6
		# Where it sleeps: the call, its arguments, stack and program.
		cat syscall
		wc -l <maps
	)
}

# left_alone REASON PID [OPTION]... - the PID is refused for that reason, and
# nothing of it is other than before.
left_alone() {
	local reason=$1 pid=$2
	shift 2
	facts_of "$pid" >before 2>/dev/null
	refused 125 "PID $pid: $reason" "${as[@]}" "$DETACH" "$@" -r "$pid"
	facts_of "$pid" >after 2>/dev/null
	[ -s before ]
	diff before after
	[ ! -e nohup.out ] || [ -n "${may_create:-}" ]
}

# Wake it: its call was not harmed either.
unharmed() {
	wake "$1"
	verdict
	until_true on_screen v:2
	hang_up
}

sleeping_victim() {
	start_on_terminal "${2:-foreground}" "$VICTIM $1"
	until_true in_state S "$pid"
}

# --- that it works ------------------------------------------------------------

@test "rescue: no call is cut short in a job in the background" {
	matrix background
}

@test "rescue: no call is cut short in a job in the foreground" {
	matrix foreground
}

@test "rescue: no call is cut short in a job stopped by Ctrl-Z" {
	matrix stopped
}

@test "rescue: no call is cut short in another thread" {
	matrix foreground thread-
}

# The connection hangs, and the job with it.
@test "rescue: what waits for a full terminal goes to the file" {
	local kind expected
	expected=$(echo v:1 && seq -f v:1.%g 20000 && echo v:2)
	for kind in flood thread-flood; do
		mkdir $kind
		cd $kind
		start_on_terminal background "$VICTIM $kind"
		kill -STOP "$terminal"
		until_true in_state T "$terminal"
		wake flood
		until_true writes
		rescue "$pid"
		verdict
		kill -CONT "$terminal"
		shell_answers
		hang_up
		[ "$(stream)" = "$expected" ]
		cd ..
	done
}

# The victim's thread is in a call for standard output.
writes() {
	[[ $(cat "/proc/$(cat thread)/syscall") == *" 0x1 "* ]] &&
	    in_state S "$(cat thread)"
}

@test "rescue: loops of sh" {
	loops sh "$SOURCE/tests/programs/loop.sh"
}

@test "rescue: loops of bash" {
	loops bash "$SOURCE/tests/programs/loop.sh"
}

@test "rescue: loops of python" {
	need python3
	loops python3 -E "$SOURCE/tests/programs/loop.py"
}

@test "rescue: loops of perl" {
	need perl
	loops perl "$SOURCE/tests/programs/loop.pl"
}

@test "rescue: threads" {
	need python3
	loops python3 -E "$SOURCE/tests/programs/loop.py" threads
}

@test "rescue: threads that start processes" {
	need python3
	loops python3 -E "$SOURCE/tests/programs/loop.py" processes
}

@test "rescue: a pipeline" {
	loops sh "$SOURCE/tests/programs/loop.sh | cat | cat"
}

@test "rescue: a storm of forks" {
	loops sh "$SOURCE/tests/programs/loop.sh" storm
}

@test "rescue: a restartable sequence is started again" {
	[ "$(uname -m)" = x86_64 ] || missing "the victim for this processor"
	# With the tunable, glibc has none of its own.
	start_on_terminal foreground \
	    "GLIBC_TUNABLES=glibc.pthread.rseq=0 $VICTIM rseq"
	for _ in {1..20}; do
		rescue -q "$pid"
	done
	shell_answers
	hang_up
	wake rseq
	verdict
}

# The commands of a login on a terminal are typed through the FIFO "keys".
login_with_terminal() {
	mkfifo keys
	# Not through host(): the client itself is to be killed.
	ssh -F "$BATS_FILE_TMPDIR/ssh_config" -tt there \
	    "cd '$PWD' && stty noflsh -echo && HISTFILE= PS1= exec bash --norc" \
	    --noprofile --noediting -i <keys >screen 2>&1 3>&- &
	terminal=$!
	exec 7>keys
	keys 'echo $$ >shell\n'
	shell_answers
}

# Kill the client; when its shell is gone, the terminal is.
lose_connection() {
	exec 7>&-
	kill -KILL "$terminal"
	wait "$terminal" || true
	until_true gone "$(cat shell)"
}

@test "S16: Ctrl-Z, bg, rescue from the same shell, connection lost" {
	mkfifo ready "done"
	login_with_terminal
	keys "sh $SOURCE/tests/programs/loop.sh\n"
	pid=$(timeout "$LIMIT" cat ready)
	keys '\032'
	until_true is_suspended
	keys "bg\n$DETACH -r $pid\n"
	shell_answers
	tr -d '\r' <screen |
	    grep -E "^detach: PID $pid( and [0-9]+ more)?, output in '$PWD/nohup.out'$"
	lose_connection
	goes_on
	counts
}

@test "S16: rescue from a second login, out of the foreground" {
	mkfifo ready "done"
	login_with_terminal
	keys "sh $SOURCE/tests/programs/loop.sh\n"
	pid=$(timeout "$LIMIT" cat ready)
	run -0 host there "$DETACH -r $pid"
	echo "$output"
	# The two logins have mount namespaces of their own: in a chroot the
	# path is that from the real root.
	[[ $output == "detach: PID $pid"*", output in '"*"$PWD/nohup.out'" ]]
	shell_answers
	keys "jobs >listed\n"
	shell_answers
	grep -E '^\[1\].*Running.*loop.sh' listed
	[ "$(wc -l <listed)" = 1 ]
	lose_connection
	goes_on
	counts
}

@test "S16: the shell's job ends as any other" {
	mkfifo ready "done"
	login_with_terminal
	keys "sh $SOURCE/tests/programs/loop.sh\n"
	pid=$(timeout "$LIMIT" cat ready)
	run -0 host there "$DETACH -r $pid"
	shell_answers
	goes_on
	keys "wait\njobs >listed\n"
	shell_answers
	[ ! -s listed ] || grep Done listed
	counts
	lose_connection
}

# When bash is hung up it ends what it takes for stopped. Here it has its terminal
# back some time before it can see more.
@test "rescue: a shell that sees late that its job goes on" {
	need strace
	sleeping_victim read
	strace -o trace -e trace=ioctl -e inject=ioctl:delay_exit=200000:when=1 \
	    -p "$shell" 2>attached 3>&- &
	until_true grep -q attached attached
	rescue "$pid"
	grep DELAYED trace
	unharmed_in nohup.out
}

@test "rescue: a shell that does not see that its job goes on" {
	start_on_terminal stopped "$VICTIM read"
	# It takes its terminal back, and reads.
	shell_answers
	kill -STOP "$shell"
	until_true in_state T "$shell"
	run -0 rescue "$pid"
	[ "${lines[0]}" = "detach: PID $pid: its shell does not see that it goes on" ]
	[ "${lines[1]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[ "${#lines[@]}" = 2 ]
	kill -CONT "$shell"
	shell_answers
	unharmed_in nohup.out
}

# It is stopped while it waits, which is no rest.
@test "rescue: a shell that sees nothing of a job in the foreground" {
	sleeping_victim read
	until_true in_state S "$shell"
	kill -STOP "$shell"
	until_true in_state T "$shell"
	run -0 rescue "$pid"
	[ "${lines[0]}" = "detach: PID $pid: its shell does not take its terminal back" ]
	[ "${lines[1]}" = "detach: PID $pid: its shell does not see that it goes on" ]
	[ "${lines[2]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[ "${#lines[@]}" = 3 ]
	kill -CONT "$shell"
	unharmed_in nohup.out
}

# This one sleeps, but has SIGCHLD blocked, and waits for no child.
@test "rescue: a shell that cannot see that its job goes on" {
	start_on_terminal background "$VICTIM blind-shell"
	kill -STOP "$pid"
	until_true in_state T "$pid"
	run -0 rescue "$pid"
	[ "${lines[0]}" = "detach: PID $pid: its shell does not see that it goes on" ]
	[ "${lines[1]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[ "${#lines[@]}" = 2 ]
	unharmed_in nohup.out
}

# That waits for detach then, with SIGCHLD blocked.
@test "rescue: a stopped job, from its own shell" {
	start_on_terminal stopped "$VICTIM read"
	keys "$DETACH -r $pid\n"
	shell_answers
	tr -d '\r' <screen | grep '^detach: ' >said
	[ "$(cat said)" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	unharmed_in nohup.out
}

# --- what it leaves behind ----------------------------------------------------

@test "rescue: a job of one process gets its own session" {
	sleeping_victim read background
	rescue "$pid"
	read -r _ _ _ _ group session tty _ <"/proc/$pid/stat"
	[ "$group $session $tty" = "$pid $pid 0" ]
	hang_up
	wake read
	verdict
}

@test "rescue: a pipeline keeps its group" {
	start_on_terminal background "$VICTIM read | cat"
	run -0 --separate-stderr rescue "$pid"
	[ "$stderr" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	kill -0 -- "-$pid"
	hang_up
	kill -TERM -- "-$pid"
	until_true no_group "$pid"
}

# So su -c and setsid -w start it.
@test "rescue: a child in a session of its own, on the same terminal" {
	start_on_terminal foreground "sh -c 'setsid -w $VICTIM read; :'"
	until_true in_state S "$pid"
	top=$(parent_of "$(parent_of "$pid")")
	read -r _ _ _ _ _ shell _ <"/proc/$top/stat"
	run -0 --separate-stderr rescue "$top"
	[[ $stderr == "detach: PID "*" and 2 more, output in '$PWD/nohup.out'" ]]
	[ "$(fd_of 0)" = /dev/null ]
	unharmed_in nohup.out
}

parent_of() {
	awk '/^PPid:/ { print $2 }' "/proc/$1/status"
}

@test "rescue: -o names the file, from detach's own directory" {
	sleeping_victim read
	mkdir elsewhere
	(cd elsewhere && rescue -q -o out "$pid") 2>message
	[ ! -s message ]
	[ ! -e nohup.out ]
	unharmed_in elsewhere/out
}

# The line after the call is in that file.
unharmed_in() {
	hang_up
	wake read
	verdict
	[ "$(cat "$1")" = v:2 ]
}

@test "rescue: what is there is appended to" {
	echo old >nohup.out
	sleeping_victim read
	rescue "$pid"
	hang_up
	wake read
	verdict
	[ "$(cat nohup.out)" = $'old\nv:2' ]
}

@test "rescue: the default file is for its owner, whatever the umask" {
	umask 777
	start_on_terminal foreground "umask 777; $VICTIM read"
	umask 022
	rescue "$pid"
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
	[ "$(id -u)" = 0 ] || missing root
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

@test "rescue: one that may not write to the job's file has its own" {
	[ "$(id -u)" = 0 ] || missing root
	need setpriv
	mkdir -m 777 their
	chmod 711 . .. ../..
	start_on_terminal background "$VICTIM read |
	    HOME=$PWD/their setpriv --reuid=12345 --clear-groups sleep 1000"
	until_true other_user
	run -0 --separate-stderr rescue "$pid"
	[ "${stderr_lines[0]}" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	[ "${stderr_lines[1]}" = "detach: PID $other: output in '$PWD/their/nohup.out'" ]
	[ "${#stderr_lines[@]}" = 2 ]
	[ "$(readlink "/proc/$other/fd/1")" = "$PWD/their/nohup.out" ]
	[ "$(stat -c %u:%a their/nohup.out)" = 12345:600 ]
	kill -KILL -- "-$pid"
	hang_up
}

# The other one of the group is what it will be.
other_user() {
	other=$(pgrep -g "$pid" -u 12345 -x sleep)
}

@test "rescue: every descriptor on the terminal, and no other" {
	sleeping_victim descriptors
	tty=$(fd_of 0)
	inner=$(fd_of 21)
	[[ $tty == /dev/pts/* && $inner == /dev/pts/* && $tty != "$inner" ]]
	rescue "$pid"
	for n in 0 22 23; do
		[ "$(fd_of $n)" = /dev/null ]
	done
	for n in 1 2 24 25; do
		[ "$(fd_of $n)" = "$PWD/nohup.out" ]
	done
	[[ $(fd_of 20) == */ptmx ]]
	[ "$(fd_of 21)" = "$inner" ]
	[ "$(fd_of 26)" = "$PWD/kept" ]
	grep -q '^flags:.*02[0-9]\{6\}$' "/proc/$pid/fdinfo/24"
	run ! grep -q '^flags:.*02[0-9]\{6\}$' "/proc/$pid/fdinfo/25"
	# Those above and the victim's own: its FIFO, and what opened 20 to 26.
	[ "$(find "/proc/$pid/fd" -lname '/dev/pts/*' | wc -l)" = 2 ]
	unharmed_in nohup.out
}

# In the foreground a job is continued, which takes back what would stop it.
@test "rescue: signals stay blocked and pending" {
	for how in 'pending foreground' 'pending-stop background'; do
		rm -f fifo nohup.out
		# shellcheck disable=SC2086 # it is two words
		sleeping_victim $how
		grep -E '^(SigBlk|SigPnd|ShdPnd|SigCgt)' "/proc/$pid/status" >before
		rescue "$pid"
		grep -E '^(SigBlk|SigPnd|ShdPnd|SigCgt)' "/proc/$pid/status" >after
		diff before after
		grep -q 'SigIgn:.*[13579bdf]$' "/proc/$pid/status"
		unharmed_in nohup.out
	done
}

# When detach calls ptrace for the third time, it holds the job. In the second
# kind the first thread blocks the signal, and the other takes it.
@test "rescue: a job that is about to stop for its terminal goes on" {
	for kind in read thread-read; do
		for signal in 20 21 22; do
			rm -f fifo nohup.out
			sleeping_victim $kind background
			run -0 timeout "$LIMIT" "$AT_CALL" 3 \
			    "kill -$signal $pid" "$DETACH" -r "$pid"
			[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
			unharmed_in nohup.out
		done
	done
}

# That other one is in vfork(), and would take the signal after it.
@test "rescue: a job that will stop for its terminal later goes on" {
	start_on_terminal background "$VICTIM thread-vfork"
	until_true in_state D "$(cat thread)"
	run -0 timeout "$LIMIT" "$AT_CALL" 3 "kill -TSTP $pid" \
	    "$DETACH" -r "$pid"
	[ "$output" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	# Not only for the SIGCONT that the shell sends as it ends.
	grep -q '^ShdPnd:[[:space:]]0*$' "/proc/$pid/status"
	unharmed_in nohup.out
}

@test "rescue: a handler for SIGHUP stays, and is told of" {
	sleeping_victim handler background
	run -0 rescue "$pid"
	[ "${lines[0]}" = "detach: PID $pid: has its own handler for SIGHUP, which may end it: let its shell disown it" ]
	[ "${#lines[@]}" = 2 ]
	grep -q 'SigIgn:.*[02468ace]$' "/proc/$pid/status"
	grep -q 'SigCgt:.*[13579bdf]$' "/proc/$pid/status"
	hang_up
}

# Who is killed passes nothing on; the kernel tells the foreground alone.
@test "rescue: a handler for SIGHUP is not called if its shell is killed" {
	sleeping_victim handler background
	rescue -q "$pid"
	kill -KILL "$shell"
	exec 7>&-
	wait "$terminal" || true
	wake handler
	verdict
}

@test "rescue: a job that is named twice is rescued once" {
	start_on_terminal background "$VICTIM read | cat"
	run -0 rescue "$pid" "$pid"
	[ "${#lines[@]}" = 1 ]
	run -0 rescue "$pid"
	[ -z "$output" ]
	hang_up
}

@test "rescue: several jobs at once" {
	start_on_terminal background "$VICTIM read"
	first=$pid
	keys "$VICTIM futex &\n"
	second=$(timeout "$LIMIT" cat ready)
	run -0 rescue "$first" "$second"
	[ "${lines[0]}" = "detach: PID $first, output in '$PWD/nohup.out'" ]
	[ "${lines[1]}" = "detach: PID $second, output in '$PWD/nohup.out'" ]
	hang_up
	pid=$first
	wake read "$first"
	verdict
	wake futex "$second"
	verdict
}

# A child of the second job is in the group of the first.
@test "rescue: a process of two jobs is rescued once" {
	start_on_terminal background "$VICTIM read"
	first=$pid
	keys "GROUP=$first $VICTIM lend-child &\n"
	second=$(timeout "$LIMIT" cat ready)
	run -0 rescue "$first" "$second"
	[ "${#lines[@]}" = 2 ]
	[ "${lines[0]}" = "detach: PID $first and 1 more, output in '$PWD/nohup.out'" ]
	[ "${lines[1]}" = "detach: PID $second, output in '$PWD/nohup.out'" ]
	hang_up
	until_true in_state S "$(pgrep -P "$second")"
	pid=$first
	wake read
	verdict
}

# A shell without job control has its jobs in its own group.
@test "rescue: not the leader of the session, if it is not named" {
	start_on_terminal background "set +m; $VICTIM read"
	run -125 rescue "$pid"
	[ "${#lines[@]}" = 2 ]
	[ "${lines[0]}" = "detach: PID $shell: leads the session, and was not named" ]
	[ "${lines[1]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	shell_answers
	unharmed_in nohup.out

	rm fifo nohup.out
	start_on_terminal background "set +m; $VICTIM read"
	run -0 rescue "$pid" "$shell"
	# Unless it has gone already, there is a line on its handler before.
	[ "${lines[-1]}" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	# It has read end of file, said so, and the terminal goes with it.
	exec 7>&-
	wait "$terminal"
	wake read
	verdict
	grep -qx v:2 nohup.out
}

# --- pipes to others ----------------------------------------------------------

# joined PARTNER COMMAND - a victim with a pipe to another job.
joined() {
	rm -f fifo nohup.out pipe
	mkfifo pipe
	start_on_terminal background "$1 & echo \$! >partner; $2"
	partner=$(cat partner)
}

@test "rescue: a pipe to one that is not rescued" {
	joined 'cat pipe' "$VICTIM read >pipe"
	run -125 rescue "$pid"
	[ "${#lines[@]}" = 2 ]
	[ "${lines[0]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[ "${lines[1]}" = "detach: PID $pid: has a pipe to PID $partner, which is not rescued" ]
	run -0 rescue "$partner"
	[ "$output" = "detach: PID $partner, output in '$PWD/nohup.out'" ]
	run -0 rescue "$pid"
	[ -z "$output" ]
	hang_up
	wake read
	verdict
	until_true gone "$partner"
	[ "$(cat nohup.out)" = v:2 ]

	joined 'sleep 1000 >pipe' "($VICTIM read; :) <pipe"
	run -125 rescue "$pid"
	[ "${#lines[@]}" = 2 ]
	[ "${lines[0]}" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	[[ ${lines[1]} == "detach: PID "*": has a pipe to PID $partner, which is not rescued" ]]
	unharmed_in nohup.out
}

@test "rescue: a pipe to one that is rescued or safe" {
	joined 'sleep 1000 >pipe' "$VICTIM read <pipe"
	run -0 rescue "$pid" "$partner"
	[ "${#lines[@]}" = 2 ]
	unharmed_in nohup.out

	# A third has that end, too, as a shell may.
	joined 'sleep 1000 >pipe & sleep 1000 >pipe' "$VICTIM read <pipe"
	run -0 rescue "$pid" "$partner"
	[ "${#lines[@]}" = 2 ]
	unharmed_in nohup.out

	joined 'sleep 1000 >pipe & nohup sleep 1000 >pipe' "$VICTIM read <pipe"
	until_true grep -qx sleep "/proc/$partner/comm"
	run -0 rescue "$pid"
	[ "${#lines[@]}" = 1 ]
	unharmed_in nohup.out
}

# It does so when its pipe has been seen, but its signals have not.
@test "rescue: a pipe to one that ends meanwhile" {
	need strace
	joined 'sleep 1000 >pipe' "$VICTIM read <pipe"
	strace -o trace -P "/proc/$partner/status" \
	    -e inject=/^open:signal=STOP:when=1 \
	    "$DETACH" -r "$pid" 2>message 3>&- &
	until_true grep -q 'stopped by SIGSTOP' trace
	kill "$partner"
	until_true gone "$partner"
	kill -CONT "$(pgrep -P $!)"
	ended_with 0 $!
	grep -qx "detach: PID $pid, output in '$PWD/nohup.out'" message
	run ! grep 'has a pipe' message
	unharmed_in nohup.out
}

# The shell itself is the last part of the pipeline.
@test "rescue: a pipe to the shell" {
	need zsh
	interactive='zsh -f -o nozle -i'
	start_on_terminal foreground "$VICTIM read | while read line; do :; done"
	run -125 rescue "$pid"
	[ "${#lines[@]}" = 2 ]
	[ "${lines[1]}" = "detach: PID $pid: has a pipe to PID $shell, which is not rescued" ]
	# As it takes this line, the shell would stop the job.
	wake read
	verdict
	hang_up
}

# --- refusals, each with the target unharmed ----------------------------------

@test "rescue: command lines that make no sense" {
	for options in '-i x' '-e x' '-p x' '-k 3' -w '-a 1' '-o -'; do
		# shellcheck disable=SC2086 # it is two words
		refused 125 -r "$DETACH" $options -r 1
	done
	refused 125 'no PID' rescue
	for pid in 0 -1 1x '' 99999999999 99999999999999999999; do
		refused 125 'not a PID' rescue -- "$pid"
	done
	refused 125 'takes no value' "$DETACH" --rescue=1
}

@test "rescue: no such process" {
	sh -c 'exit' &
	wait $!
	refused 125 "PID $!: No such process" rescue $!
}

@test "rescue: not init" {
	refused 125 'PID 1: init is no job' rescue 1
}

@test "rescue: not a kernel thread" {
	[ "$(cat /proc/2/comm)" = kthreadd ] || missing "kernel threads"
	refused 125 'PID 2: is a kernel thread' rescue 2
}

@test "rescue: not itself" {
	refused 125 'is detach itself' sh -c 'exec "$DETACH" -r $$'
}

@test "rescue: not one that it descends from" {
	refused 125 "PID $BASHPID: is an ancestor" rescue "$BASHPID"
}

@test "rescue: not a zombie" {
	mkfifo hold die
	# A parent that has become cat waits for no child.
	sh -c 'sh -c ": <die" & echo $! >zombie; exec cat hold' 3>&- &
	until_true grep -qx cat "/proc/$!/comm"
	: >die
	until_true in_state Z "$(cat zombie)"
	refused 125 "PID $(cat zombie): is a zombie" rescue "$(cat zombie)"
	[[ $stderr == *zombie ]]
	in_state Z "$(cat zombie)"
	: >hold
}

@test "rescue: not one whose main thread has ended" {
	start_on_terminal foreground "$VICTIM without-main"
	until_true in_state Z "$pid"
	refused 125 "PID $pid: is a zombie: its main thread" rescue "$pid"
	unharmed read
}

@test "rescue: not one from another PID namespace" {
	pid_namespace
	mkfifo ready "done" fifo
	# shellcheck disable=SC2016 # for the other shell
	run -0 timeout -s KILL "$LIMIT" "${apart[@]}" sh -c '"$VICTIM" read &
	    pid=$(cat ready)
	    "$DETACH" -r $pid && exit 1
	    "$VICTIM" -w read $pid
	    cat done'
	[[ $output == *"its session is in another PID namespace"* ]]
	[[ $output == *ok ]]
}

@test "rescue: not a program of another word size" {
	[ "$(uname -m)" = x86_64 ] || missing "a program for this processor"
	"$ODD_FILE" 32-bit small
	terminal
	keys './small & echo $! >pid\n'
	shell_answers
	pid=$(cat pid)
	[ -e "/proc/$pid" ] || missing "32-bit programs"
	read -r _ _ _ _ _ shell _ <"/proc/$pid/stat"
	until_true in_state S "$pid"
	left_alone 'is a program of another word size' "$pid"
	hang_up
}

@test "rescue: not one that is traced" {
	start_on_terminal foreground "$AT_CALL 1000000 : $VICTIM read"
	until_true in_state S "$pid"
	left_alone 'is already being traced' "$pid"
	unharmed read
}

@test "rescue: not one under a seccomp filter of its own" {
	start_on_terminal foreground "$VICTIM -s $VICTIM read"
	until_true in_state S "$pid"
	left_alone 'is under a seccomp filter' "$pid"
	unharmed read
}

# As detach makes its first call of ptrace, it has looked already.
@test "rescue: not one that gets a seccomp filter just then" {
	sleeping_victim filter
	rescue_at 1 "kill -USR1 $pid
	    until grep -q '^Seccomp:.2$' /proc/$pid/status; do :; done" 2>message
	[ $status = 125 ]
	grep "^detach: PID $pid: is under a seccomp filter$" message
	[[ $(fd_of 1) == /dev/pts/* ]]
	unharmed read
}

@test "rescue: one under the same seccomp filter as detach" {
	start_on_terminal foreground "$VICTIM -s $VICTIM read"
	until_true in_state S "$pid"
	timeout -s KILL "$LIMIT" "$VICTIM" -s "$DETACH" -r "$pid"
	unharmed_in nohup.out
}

# The child ends with its terminal, whose only master the victim has.
@test "rescue: not one that relays its terminal" {
	mkfifo relayed
	start_on_terminal foreground "$VICTIM relay"
	[ "$(timeout "$LIMIT" cat relayed)" = up ]
	until_true in_state S "$pid"
	left_alone 'relays its terminal, as sudo does: rescue what it runs' "$pid"
	unharmed read
}

@test "rescue: not one of another user" {
	[ "$(id -u)" = 0 ] || missing root
	need setpriv
	sleeping_victim read
	as=(setpriv --reuid=12345 --clear-groups)
	left_alone 'Operation not permitted' "$pid"
	unharmed read
}

@test "rescue: not one that vfork holds" {
	start_on_terminal foreground "$VICTIM vfork"
	until_true in_state D "$pid"
	run -125 rescue "$pid"
	[ "${lines[0]}" = "detach: PID $pid: does not stop" ]
	[[ $(readlink "/proc/$pid/fd/1") == /dev/pts/* ]]
	unharmed read
}

# The child is stopped in it: it has to go on, and then its parent can stop.
@test "rescue: one that a stopped child holds in vfork" {
	for mode in background foreground; do
		rm -f fifo nohup.out
		start_on_terminal $mode "$VICTIM vfork-read"
		until_true in_state D "$pid"
		child=$(pgrep -P "$pid")
		kill -STOP "$child"
		until_true in_state T "$child"
		wake vfork-read
		run -0 rescue "$pid"
		[ "$output" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
		[ "$(timeout "$LIMIT" cat ready)" = "$pid" ]
		shell_answers
		unharmed_in nohup.out
	done
}

# Its first thread does stop, but not all of it: the shell knows of nothing.
@test "rescue: one that a stopped child half holds in vfork" {
	start_on_terminal foreground "$VICTIM thread-vfork-read"
	until_true in_state D "$(cat thread)"
	child=$(pgrep -P "$pid")
	kill -STOP -- "-$pid"
	until_true in_state T "$child"
	until_true in_state T "$pid"
	in_state D "$(cat thread)"
	wake vfork-read
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	[ "$(timeout "$LIMIT" cat ready)" = "$pid" ]
	shell_answers
	hang_up
	wake read
	verdict
	[ "$(cat nohup.out)" = $'v:1\nv:2' ]
}

@test "rescue: the shell's own child is stopped for its terminal, no other" {
	echo 'trap "echo >stopped" TSTP; "$@"; :' >inner
	start_on_terminal foreground "sh -c 'bash inner $VICTIM read; :'"
	read -r _ _ _ _ group _ <"/proc/$pid/stat"
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid and 2 more, output in '$PWD/nohup.out'" ]
	shell_answers
	unharmed_in nohup.out
	# The trap waits for the victim.
	until_true no_group "$group"
	[ ! -e stopped ]
}

@test "rescue: nothing changes if no file can be opened" {
	mkdir nohup.out home/nohup.out
	may_create=yes
	for mode in foreground background stopped; do
		rm -f fifo
		start_on_terminal $mode "$VICTIM read"
		until_true in_state ST "$pid"
		left_alone 'nohup.out: ' "$pid"
		[[ $stderr == *"$HOME/nohup.out: "* ]]
		keys 'fg\n'
		unharmed read
	done
}

@test "rescue: nothing changes if the named file cannot be opened" {
	sleeping_victim read
	left_alone "no/such: No such file or directory" "$pid" -o no/such
	mkfifo nobody
	left_alone "nobody: No such device or address" "$pid" -o nobody
	unharmed read
}

@test "rescue: nothing changes if the named file is the terminal" {
	sleeping_victim read
	left_alone "/dev/tty: is the terminal itself" "$pid" -o /dev/tty
	tty=$(fd_of 1)
	left_alone "$tty: is the terminal itself" "$pid" -o "$tty"
	left_alone "'': No such file or directory" "$pid" -o ''
	unharmed read
}

@test "rescue: nothing changes if it cannot have a descriptor" {
	need prlimit
	sleeping_victim read
	# The first two numbers that are free are for its new files.
	free=()
	for ((n = 0; ${#free[@]} < 2; n++)); do
		[ -e "/proc/$pid/fd/$n" ] || free+=("$n")
	done
	prlimit --pid "$pid" --nofile="${free[0]}:"
	left_alone '/dev/null: ' "$pid"
	prlimit --pid "$pid" --nofile="$((free[1] + 1)):"
	may_create=yes
	left_alone 'descriptors: ' "$pid"
	unharmed read
}

@test "rescue: nothing changes if one descriptor cannot be replaced" {
	sleeping_victim limit
	may_create=yes
	left_alone 'descriptors: ' "$pid"
	unharmed read
}

@test "rescue: nothing changes if it can have no memory" {
	need prlimit
	sleeping_victim read
	prlimit --pid "$pid" --as=4096:
	left_alone 'memory: ' "$pid"
	unharmed read
}

@test "rescue: of a group, it says who was not rescued" {
	start_on_terminal foreground "$VICTIM read | $VICTIM -s cat"
	until_true has_cats 1
	run -125 rescue "$pid"
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[0]} == "detach: PID "*": is under a seccomp filter" ]]
	[ "${lines[1]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	hang_up
}
