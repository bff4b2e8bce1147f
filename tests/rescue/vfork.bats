#!/usr/bin/env bats
# A job that a child holds in vfork(), where no signal can stop it.

load ../lib/helpers
load ../lib/rescue

@test "rescue: not one that vfork holds" {
	start_on_terminal foreground "$VICTIM vfork"
	until_true in_state D "$pid"
	run -125 rescue "$pid"
	[ "${lines[0]}" = "detach: PID $pid: does not stop" ]
	[[ $(readlink "/proc/$pid/fd/1") == /dev/pts/* ]]
	unharmed read
}

# held_by_stopped_child MODE KIND - start a victim. Its child, which is stopped, holds it
# in vfork(), and is then in "child".
held_by_stopped_child() {
	start_on_terminal "$1" "$VICTIM $2"
	until_true in_state D "$pid"
	child=$(pgrep -P "$pid")
	kill -STOP "$child"
	until_true in_state T "$child"
}

# The child has to go on first: only then can its parent stop.
@test "rescue: one that a stopped child holds in vfork" {
	for mode in background foreground; do
		rm -f fifo nohup.out
		held_by_stopped_child $mode vfork-read
		wake vfork-read
		run -0 rescue "$pid"
		[ "$output" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
		[ "$(timeout "$LIMIT" cat ready)" = "$pid" ]
		shell_answers
		hang_up
		wake read
		verdict
		# Its parent may be on its way to the second line "v:1".
		cat nohup.out
		[[ $(<nohup.out) = ?(v:1$'\n')v:2 ]]
	done
}

# Nothing is left of the parent that could be told of.
@test "rescue: one that a stopped child holds in vfork, and then kills" {
	held_by_stopped_child background vfork-kill
	wake vfork-kill
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $child, output in '$PWD/nohup.out'" ]
	gone "$pid"
	kill -KILL "$child"
	hang_up
}

# Only the child can be rescued. It reads on, and so holds its parent.
@test "rescue: not one that a stopped child goes on to hold in vfork" {
	held_by_stopped_child background vfork
	run -125 rescue "$pid"
	[ "${lines[0]}" = "detach: PID $pid: does not stop" ]
	[ "${lines[1]}" = "detach: PID $child, output in '$PWD/nohup.out'" ]
	[ "${#lines[@]}" = 2 ]
	[[ $(fd_of 1) == /dev/pts/* ]]
	until_true in_state S "$child"
	unharmed read
}

# Its first thread does stop, but the other cannot: to the shell it still runs.
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

# Nothing could interrupt it, so it is not asked to stop.
@test "rescue: a thread that a child holds in vfork is let be" {
	need strace
	start_on_terminal background "$VICTIM thread-vfork"
	until_true in_state D "$(cat thread)"
	run -0 timeout -s KILL "$LIMIT" strace -qq -o trace -e trace=ptrace \
	    "$DETACH" -r "$pid"
	grep -q "PTRACE_SEIZE, $pid," trace
	run ! grep "PTRACE_SEIZE, $(cat thread)," trace
	hang_up
	wake read
	verdict
}
