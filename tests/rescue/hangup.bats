#!/usr/bin/env bats
# detach --rescue: SIGHUP is ignored, whatever a program wanted to do about it.

load ../lib/helpers
load ../lib/rescue

# hangup MODE - start it in the background. What it copies comes from 9.
hangup() {
	rm -f input nohup.out hung-up
	mkfifo input
	start_on_terminal background "$BUILD/tests/programs/hangup $1"
	# Not before: it must not have this end of the FIFO itself.
	exec 9<>input
	until_true reads_input
}

reads_input() {
	find "/proc/$pid/fd" -lname "$PWD/input" | grep -q .
}

# signals KEY - that line of its status.
signals() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status"
}

# One of its threads but the first sleeps in that system call.
has_call() {
	local thread
	for thread in "/proc/$pid/task"/*; do
		[ "${thread##*/}" = "$pid" ] ||
		    grep -q "^$1 " "$thread/syscall" && return
	done
	return 1
}

# After the hang-up it still copies, to the end.
copies() {
	hang_up
	echo copied >&9
	exec 9<&-
	until_true gone "$pid"
	[ "$(cat nohup.out)" = copied ]
}

@test "rescue: SIGHUP is ignored in place of a handler, and no other signal" {
	hangup die
	caught=$(signals SigCgt) ignored=$(signals SigIgn)
	[[ $caught = *[13579bdf] ]]
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[ $((0x$(signals SigIgn))) = $((0x$ignored | 1)) ]
	[ $((0x$caught)) = $((0x$(signals SigCgt) + 1)) ]
	copies
}

# Whoever is in its group gets the shell's SIGHUP, if it is rescued alone or not.
@test "rescue: a handler for SIGHUP is not called, wherever it comes from" {
	hangup die
	rescue -q "$pid"
	kill -HUP "$pid"
	copies
}

waits_for_hangup='waits for SIGHUP (sigwait or signalfd) and still gets it: let its shell disown it'

@test "rescue: one that waits for SIGHUP gets it, and is told of" {
	for mode in sigwait signalfd; do
		echo "mode: $mode"
		hangup $mode
		until_true waits
		run -0 rescue "$pid"
		[ "${lines[0]}" = "detach: PID $pid: $waits_for_hangup" ]
		[ "${lines[1]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
		[ "${#lines[@]}" = 2 ]
		[ ! -e hung-up ]
		kill -HUP "$pid"
		until_true [ -e hung-up ]
		copies
	done
}

@test "rescue: one whose first thread waits for SIGHUP is told of" {
	for mode in background stopped; do
		echo "mode: $mode"
		rm -f input nohup.out hung-up
		mkfifo input
		start_on_terminal $mode "$BUILD/tests/programs/hangup first"
		exec 9<>input
		until_true in_state ST "$pid"
		run -0 rescue "$pid"
		[ "${lines[0]}" = "detach: PID $pid: $waits_for_hangup" ]
		[ ! -e hung-up ]
		kill -HUP "$pid"
		until_true [ -e hung-up ]
		copies
	done
}

# All threads but the first sleep, so one waits by now.
waits() {
	local thread
	for thread in "/proc/$pid/task"/*; do
		[ "${thread##*/}" = "$pid" ] || {
			in_state S "${thread##*/}" &&
			    [[ $(cat "$thread/syscall") != running ]]
		} || return
	done
}

# -q is for the line on success; this is one of it.
@test "rescue: with -q it is not told of" {
	hangup sigwait
	until_true waits
	run -0 rescue -q "$pid"
	[ -z "$output" ]
	copies
}

# The kernel asks whether the first thread blocks it: if not, it is ignored for
# all. If it is, but nobody waits, it stays pending and does no harm.
@test "rescue: one that does not get SIGHUP is not told of" {
	for mode in apart sleep other; do
		echo "mode: $mode"
		hangup $mode
		until_true waits
		run -0 rescue "$pid"
		[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
		kill -HUP "$pid"
		copies
		[ ! -e hung-up ]
	done
}

# That one was the input; the one of signalfd() is looked at all the same.
@test "rescue: one that closes a descriptor when that is looked at for SIGHUP" {
	need strace
	hangup signalfd
	until_true waits
	input=$(find "/proc/$pid/fd" -lname "$PWD/input")
	run -0 timeout -s KILL "$LIMIT" strace -qq -o trace \
	    -P "/proc/$pid/fdinfo/${input##*/}" -e "trace=?open,openat" \
	    -e "inject=?open,openat:error=ENOENT" "$DETACH" -r "$pid"
	grep -q INJECTED trace
	[ "${lines[0]}" = "detach: PID $pid: $waits_for_hangup" ]
	[ "${#lines[@]}" = 2 ]
	copies
}

@test "rescue: the action for SIGHUP is the same after a refusal" {
	need prlimit
	hangup exact
	caught=$(signals SigCgt)
	# It looks for itself at all of its action, at the end.
	run -125 rescue -o no/such "$pid"
	prlimit --pid "$pid" --nofile=7:
	run -125 rescue "$pid"
	[ "$output" = "detach: PID $pid: descriptors: Too many open files" ]
	[ "$(signals SigCgt)" = "$caught" ]
	[[ $(signals SigIgn) = *[02468ace] ]]
	shell_answers
	echo copied >&9
	exec 9<&-
	keys 'wait %1; echo "status $?"\n'
	until_true on_screen 'status 0'
	on_screen copied
	hang_up
}
