#!/usr/bin/env bats
# shellcheck disable=SC2034 # what rescue.bash reads
# Processes that detach does not touch, and why. They are as they were.

load ../lib/helpers
load ../lib/rescue

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
	[ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ] ||
	    skip "no kernel threads in sight"
	refused 125 'PID 2: is a kernel thread' rescue 2
}

@test "rescue: not itself" {
	refused 125 'is detach itself' sh -c 'exec "$DETACH" -r $$'
}

@test "rescue: not one that it descends from" {
	refused 125 "PID $BASHPID: is an ancestor of detach (try from another terminal)" rescue "$BASHPID"
}

# A stopped job takes a signal when it is continued.
@test "rescue: not one that a pending signal is about to end" {
	for sender in "kill -TERM" "$VICTIM -t 15"; do
		rm -f fifo
		start_on_terminal stopped "$VICTIM read"
		$sender "$pid"
		left_alone "ends by signal 15 as soon as it goes on" "$pid"
		hang_up
		until_true gone "$pid"
	done
}

@test "rescue: a pending signal that is handled, ignored or blocked ends nothing" {
	local trap mask
	for trap in "trap : TERM;" "trap '' TERM;" ""; do
		[ -n "$trap" ] || mask="env --block-signal=TERM"
		start_on_terminal stopped \
		    "$mask sh -c \"$trap echo \\$\\$ >ready; read -r x; echo lives >out\""
		kill -TERM "$pid"
		rescue "$pid"
		until_true gone "$pid"
		hang_up
		[ "$(cat out)" = lives ]
		rm out
	done
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

# A moment of exec() in one of its threads hides the process. A security policy
# hides it for good.
@test "rescue: one that cannot be looked at, for a moment or for good" {
	need strace
	sleeping_victim read
	for error in EACCES EPERM ENOENT; do
		run timeout -s KILL "$LIMIT" strace -qq -o trace \
		    -P "/proc/$pid/status" -e "trace=?open,openat" \
		    -e "inject=?open,openat:error=$error:when=1" "$DETACH" -r "$pid"
		echo "$status: $output"
		[ $error = ENOENT ] || [ "$status: $output" = \
		    "125: detach: PID $pid: cannot be looked at in /proc" ]
	done
	[ "$status: $output" = \
	    "0: detach: PID $pid, output in '$PWD/nohup.out'" ]
	shell_answers
	unharmed_in nohup.out
}

# The first thread has ended by then, as that of a zombie; the one that calls exec()
# waits for a third.
@test "rescue: one that is in exec, with other threads" {
	need strace
	for kind in execve execveat; do
		echo "kind: $kind"
		rm -f fifo held go nohup.out
		mkfifo held go
		start_held thread-$kind
		stop_rescue \
		    -e "inject=?nanosleep,clock_nanosleep:signal=STOP:when=3"
		: >go
		let_rescue_go
		[ "$(timeout "$LIMIT" cat ready)" = "$pid" ]
		unharmed_in nohup.out
	done
}

# start_held KIND - start a victim that is held in exec().
start_held() {
	rm -f ready "done"
	mkfifo ready "done"
	terminal
	keys "$VICTIM $1 &\n"
	pid=$(timeout "$LIMIT" cat held)
	read -r _ _ _ _ _ shell _ <"/proc/$pid/stat"
	# Its threads end in any order.
	until_true in_state Z "$pid"
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

@test "rescue: not one there that has a group of its own" {
	pid_namespace
	mkfifo ready "done" fifo
	# shellcheck disable=SC2016 # for the other shell
	run -0 timeout -s KILL "$LIMIT" "${apart[@]}" bash -c 'set -m
	    "$VICTIM" read &
	    pid=$(cat ready)
	    "$DETACH" -r $pid && exit 1
	    cut -d" " -f5,6 "/proc/$pid/stat"
	    "$VICTIM" -w read $pid
	    cat done'
	[[ $output == *"its session is in another PID namespace"* ]]
	[[ $output == *$'\n'[1-9]*" 0"$'\n'* ]]
	[[ $output == *ok ]]
}

@test "rescue: not a program of another word size" {
	[[ $(uname -m) == @(x86_64|i?86) ]] ||
	    skip "no program for this processor"
	"$ODD_FILE" other-size other
	terminal
	keys './other & echo $! >pid\n'
	shell_answers
	pid=$(cat pid)
	[ -e "/proc/$pid" ] || skip "the kernel does not run it"
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

# At its first call of ptrace, detach has already looked for filters.
@test "rescue: not one that gets a seccomp filter just then" {
	sleeping_victim filter
	rescue_at 1 "kill -USR1 $pid
	    until grep -q '^Seccomp:.2$' /proc/$pid/status; do :; done" 2>message
	[ $status = 125 ]
	grep "^detach: PID $pid: is under a seccomp filter$" message
	[[ $(fd_of 1) == /dev/pts/* ]]
	unharmed read
}

# It permits no close_range(), so what the job had for a moment is closed singly.
# That the job is not killed for that call, nor loses its handler of SIGSYS, is
# what the handler must not see.
@test "rescue: one under the same seccomp filter as detach" {
	mkfifo again
	start_on_terminal background "$VICTIM -s $VICTIM again"
	caught=$(grep ^SigCgt "/proc/$pid/status")
	(cd "/proc/$pid/fd" && echo *) >before
	timeout -s KILL "$LIMIT" "$VICTIM" -s "$DETACH" -r "$pid"
	(cd "/proc/$pid/fd" && echo *) | diff before -
	[ "$(grep ^SigCgt "/proc/$pid/status")" = "$caught" ]
	[ "$(fd_of 1)" = "$PWD/nohup.out" ]
	timeout "$LIMIT" sh -c 'echo >again'
	verdict
	timeout "$LIMIT" sh -c 'printf x >again'
	verdict
	hang_up
}

# As Wine does.
@test "rescue: not one that dispatches its own system calls" {
	[[ $(uname -m) == @(x86_64|i?86) ]] ||
	    skip "no dispatch on this processor"
	[ "$(printf '%s\n' 6.4 "$(uname -r)" | sort -V | head -n 1)" = 6.4 ] ||
	    skip "the kernel does not tell"
	sleeping_victim dispatch
	left_alone 'dispatches its own system calls' "$pid"
	unharmed read
}

# If the victim lost its master, the child's terminal would be hung up.
@test "rescue: not one that relays its terminal" {
	mkfifo relayed
	start_on_terminal foreground "$VICTIM relay"
	[ "$(timeout "$LIMIT" cat relayed)" = up ]
	until_true in_state S "$pid"
	left_alone 'relays its terminal, as sudo does: rescue what it runs' "$pid"
	unharmed read
}

# A file that it has open is looked into for rings.
@test "rescue: the rest of its job, if another one was named" {
	mkfifo relayed
	start_on_terminal background "$VICTIM relay 9>file | cat"
	[ "$(timeout "$LIMIT" cat relayed)" = up ]
	facts_of "$pid" >before
	run -125 rescue "$(pgrep -g "$pid" -x cat)"
	[ "${lines[0]}" = \
	    "detach: PID $pid: relays its terminal, as sudo does: rescue what it runs" ]
	[[ ${lines[1]} == "detach: PID "*", output in '$PWD/nohup.out'" ]]
	[ "${#lines[@]}" = 2 ]
	facts_of "$pid" >after
	diff before after
	hang_up
}

@test "rescue: nor the rest of its job, if that one was named" {
	mkfifo relayed
	start_on_terminal foreground "$VICTIM relay | cat"
	[ "$(timeout "$LIMIT" cat relayed)" = up ]
	facts_of "$(pgrep -g "$pid" -x cat)" >mate-before
	left_alone 'relays its terminal, as sudo does: rescue what it runs' "$pid"
	facts_of "$(pgrep -g "$pid" -x cat)" >mate-after
	diff mate-before mate-after
	hang_up
}

@test "rescue: one that does two of the three things that a relay does" {
	need python3
	cat >nearly.py <<-'EOF'
		import os, pty, signal, sys
		if "tty" in sys.argv:
		    os.open("/dev/tty", os.O_RDWR)
		master, slave = pty.openpty()
		up, down = os.pipe()
		if {"child", "none", "same"} & set(sys.argv) and os.fork() == 0:
		    if "same" not in sys.argv:
		        os.setsid()
		    if "child" in sys.argv:
		        os.open(os.ttyname(slave), os.O_RDWR)
		    os.close(down)
		    signal.pause()
		os.close(down)
		os.read(up, 1)
		os.close(up)
		os.close(slave)
		if "master" not in sys.argv:
		    os.close(master)
		with open("ready", "w") as ready:
		    ready.write(str(os.getpid()))
		signal.pause()
	EOF
	for things in "tty master" "tty child" "master child" \
	    "tty master none" "tty master same"; do
		start_on_terminal background "python3 -E nearly.py $things"
		child=$(pgrep -P "$pid" || true)
		rescue "$pid"
		[ "$(fd_of 1)" = "$PWD/nohup.out" ]
		kill -KILL "$pid" ${child:+"$child"}
		hang_up
	done
}

@test "rescue: what cannot be looked for is not said to be missing" {
	need strace
	run -125 timeout -s KILL "$LIMIT" strace -qq -o trace -P /proc \
	    -e "trace=?open,openat" -e "inject=?open,openat:error=EMFILE" \
	    "$DETACH" -r 99999999
	[ "$output" = "detach: PID 99999999: Too many open files" ]
}

@test "rescue: not one of another user" {
	right root
	need setpriv
	sleeping_victim read
	as=(setpriv --reuid=12345 --clear-groups)
	left_alone 'Operation not permitted' "$pid"
	unharmed read
}
