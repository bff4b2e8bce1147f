#!/usr/bin/env bats
# The signals of a rescued job: blocked, pending, handled, or about to stop it.

load ../lib/helpers
load ../lib/rescue

# A job in the foreground is continued at the end of a rescue, and SIGCONT drops
# a pending stop signal: so that one is tried in the background alone.
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

# At its third call of ptrace, detach holds the job. In the second kind the first
# thread blocks the signal, so that the other one takes it.
@test "rescue: a job that is about to stop for its terminal goes on" {
	for kind in read thread-read; do
		for signal in 20 21 22; do
			is_about_to_stop $kind "kill -$signal"
		done
	done
	# One for the first thread alone.
	is_about_to_stop read "$VICTIM -t 20"
}

# is_about_to_stop KIND SENDER - rescue a victim that gets a signal meanwhile. It is
# not alone, or it would get its own session, where the kernel drops that signal.
is_about_to_stop() {
	echo "kind: $1, sender: $2"
	rm -f fifo nohup.out
	start_on_terminal background "$VICTIM $1 | cat"
	until_true in_state S "$pid"
	run -0 timeout "$LIMIT" "$AT_CALL" 3 "$2 $pid" "$DETACH" -r "$pid"
	[ "$output" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	# It gets its signals before it sleeps again. The hang-up would continue it.
	until_true in_state ST "$pid"
	in_state S "$pid"
	hang_up
	wake read
	verdict
	until_true no_group "$pid"
	[ "$(cat nohup.out)" = v:2 ]
}

# For one that is traced the kernel keeps even those that nobody asked for. At that
# call it is held, and what is pending has still to be looked at.
@test "rescue: a signal that comes just then, and ends nothing" {
	for signal in HUP CHLD CONT URG WINCH; do
		echo "signal: $signal"
		rm -f fifo nohup.out
		start_on_terminal background "$VICTIM read"
		until_true in_state S "$pid"
		run -0 timeout "$LIMIT" "$AT_CALL" 3 "kill -$signal $pid" \
		    "$DETACH" -r "$pid"
		[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
		unharmed_in nohup.out
	done
}

# The other thread is in vfork(), and would take the signal after that.
@test "rescue: a job that will stop for its terminal later goes on" {
	start_on_terminal background "$VICTIM thread-vfork"
	until_true in_state D "$(cat thread)"
	run -0 timeout "$LIMIT" "$AT_CALL" 3 "kill -TSTP $pid" \
	    "$DETACH" -r "$pid"
	[ "$output" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	# It is gone now, not only when the shell sends SIGCONT at its end.
	grep -q '^ShdPnd:[[:space:]]0*$' "/proc/$pid/status"
	unharmed_in nohup.out
}
