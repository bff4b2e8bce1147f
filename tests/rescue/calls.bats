#!/usr/bin/env bats
# No system call of a job is cut short by its rescue.

load ../lib/helpers
load ../lib/rescue

# matrix MODE [PREFIX [LIST]] - rescue a victim in each kind of system call.
matrix() {
	local kind
	for kind in $("$VICTIM" "${3:--l}" | sed "s/^/${2:-}/"); do
		mkdir "$kind"
		cd "$kind"
		echo "kind: $kind"
		rescue_victim "$kind" "$1"
		cd ..
	done
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

@test "rescue: no call is cut short that ends with EINTR after each stop" {
	matrix background '' -u
}

# Nobody reads the terminal, so the job hangs in write(2).
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

# The victim's thread sleeps in a call on descriptor 1.
writes() {
	[[ $(cat "/proc/$(cat thread)/syscall") == *" 0x1 "* ]] &&
	    in_state S "$(cat thread)"
}

# A system call instruction is then found in the program's file.
@test "rescue: one that has no vDSO" {
	[ "$(getconf LONG_BIT)" = 64 ] || skip "no call without the vDSO"
	start_on_terminal foreground "$VICTIM compute-alone"
	until_true has_no_vdso
	rescue "$pid"
	shell_answers
	hang_up
	wake compute
	verdict
}

has_no_vdso() {
	! grep vdso "/proc/$pid/maps"
}

@test "rescue: a restartable sequence is started again" {
	[[ $(uname -m) == @(x86_64|i?86) ]] ||
	    skip "no victim for this processor"
	# By this tunable, glibc does not register an area of its own.
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

# Somebody else has a lease on its program: so exec() sleeps in open(), until that
# one gives it up. Now and then the kernel wakes it up for a moment.
@test "rescue: one that sleeps in exec is waited for" {
	need perl python3 strace
	mkfifo leased
	printf '#!/bin/sh\necho $$ >ready\nread -r x <fifo\n' >program
	chmod +x program
	sleeps_in_exec "sh -c 'echo \$\$ >ready; exec ./program'"
	# By execveat().
	cat >start.py <<-'EOF'
		import os
		with open("ready", "w") as ready:
		    ready.write(str(os.getpid()))
		program = os.open("program", os.O_PATH)
		os.set_inheritable(program, True)
		os.execve(program, ["program"], os.environ)
	EOF
	sleeps_in_exec "python3 -E start.py"
}

# strace stops it there, and ends.
@test "rescue: one that is stopped as it leaves exec is not waited for" {
	need strace
	rm -f ready "done"
	mkfifo ready "done"
	terminal
	keys "strace -DDD -o trace -e inject=execve:signal=STOP sh -c 'exec $VICTIM read' & echo \$! >pid\n"
	until_true grep -q 'stopped by SIGSTOP' trace
	pid=$(<pid)
	# shellcheck disable=SC2034 # for hang_up
	read -r _ _ _ _ _ shell _ <"/proc/$pid/stat"
	kill -KILL "$(awk '/^TracerPid:/ { print $2 }' "/proc/$pid/status")"
	until_true in_state T "$pid"
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[ "$(timeout "$LIMIT" cat ready)" = "$pid" ]
	hang_up
	wake read
	verdict
	[ "$(cat nohup.out)" = $'v:1\nv:2' ]
}

# sleeps_in_exec COMMAND - rescue that job, which starts a program on which somebody
# has a lease.
sleeps_in_exec() {
	# shellcheck disable=SC2016 # for perl
	perl -MFcntl -e '$SIG{IO} = "IGNORE";
	    open my $program, "+<", "program";
	    fcntl $program, 1024, F_WRLCK or die "lease: $!"; # F_SETLEASE
	    open my $leased, ">", "leased"; print $leased "x\n"; close $leased;
	    sleep 1000' 3>&- &
	holder=$!
	[ "$(timeout "$LIMIT" cat leased)" = x ]
	start_on_terminal background "$1"
	until_true grep -q "LEASE *BREAKING .* $holder " /proc/locks
	until_true is_waited_for
	kill "$holder"
	[ "$(timeout "$LIMIT" cat ready)" = "$pid" ]
	hang_up
	# It lives: only then is there a reader.
	timeout "$LIMIT" sh -c 'echo >fifo'
	until_true gone "$pid"
}

is_waited_for() {
	timeout -s KILL "$LIMIT" strace -o trace \
	    -e trace=nanosleep,clock_nanosleep "$DETACH" -q -r "$pid"
	[ "$(grep -cE 'nanosleep\(.*tv_nsec=1000000\}' trace)" -ge 5 ]
}
