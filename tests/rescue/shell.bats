#!/usr/bin/env bats
# What the job's own shell sees of a rescue, and what detach says if it sees
# nothing.

load ../lib/helpers
load ../lib/rescue

# At a hang-up, bash ends the jobs that it believes to be stopped. This one takes
# the terminal back long before it looks at its jobs again.
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
	# By then it has its terminal back, and reads.
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

# It is stopped while it waits for the job.
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

# Its SIGCHLD is taken at once, though it never comes to rest.
@test "rescue: a shell that is busy when its job goes on" {
	start_on_terminal background "$VICTIM read"
	kill -STOP "$pid"
	until_true in_state T "$pid"
	keys 'echo >busy; while :; do :; done\n'
	until_true [ -s busy ]
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	unharmed_in nohup.out
}

# It sleeps, but blocks SIGCHLD and waits for no child.
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

# It blocks SIGCHLD as well, but the kernel tells it by the call that it is in.
@test "rescue: a shell that waits for its job" {
	start_on_terminal background "$VICTIM waitid-shell"
	kill -STOP "$pid"
	until_true in_state T "$pid"
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	unharmed_in nohup.out
}

# It sees no jobs: it is in another session, or the job is in its own group.
@test "rescue: a parent that does not control the job is not waited for" {
	start_on_terminal background "bash -c 'trap : CHLD; setsid $VICTIM read & wait; wait'"
	parent=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
	read -r _ _ _ _ _ shell _ <"/proc/$parent/stat"
	[ "$shell" != "$pid" ]
	stop_both "$parent"
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	kill -CONT "$parent"
	unharmed_in nohup.out

	rm -f fifo nohup.out
	start_on_terminal background "set +m; $VICTIM read"
	stop_both "$shell"
	run -125 rescue "$pid"
	[ "${lines[0]}" = "detach: PID $shell: leads the session, and was not named" ]
	[ "${lines[1]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[ "${#lines[@]}" = 2 ]
	kill -CONT "$shell"
	unharmed_in nohup.out
}

# stop_both PARENT - stop the parent first, so that it sees nothing of the job.
stop_both() {
	kill -STOP "$1"
	until_true in_state T "$1"
	kill -STOP "$pid"
	until_true in_state T "$pid"
}

# That shell waits for detach, with SIGCHLD blocked.
@test "rescue: a stopped job, from its own shell" {
	start_on_terminal stopped "$VICTIM read"
	keys "$DETACH -r $pid\n"
	shell_answers
	tr -d '\r' <screen | grep '^detach: ' >said
	[ "$(cat said)" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	unharmed_in nohup.out
}

@test "rescue: the shell's own child is stopped for its terminal, no other" {
	echo 'trap "echo >stopped" TSTP; "$@"; :' >inner
	start_on_terminal foreground "sh -c 'bash inner $VICTIM read; :'"
	read -r _ _ _ _ group _ <"/proc/$pid/stat"
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid and 2 more, output in '$PWD/nohup.out'" ]
	shell_answers
	unharmed_in nohup.out
	# A trap runs when the command that its shell waits for has ended.
	until_true no_group "$group"
	[ ! -e stopped ]
}

# Ctrl-Z stops all of the group, just when its shell is to take the terminal back.
@test "rescue: Ctrl-Z at that moment leaves nothing stopped" {
	start_on_terminal foreground "sh -c '$VICTIM read; :'"
	until_true in_state S "$pid"
	read -r _ _ _ _ group _ <"/proc/$pid/stat"
	run -0 timeout "$LIMIT" "$AT_CALL" -k 1 "kill -TSTP -$group
	    until grep -q '^State:.T' /proc/$pid/status; do :; done" \
	    "$DETACH" -r "$pid"
	[ "$output" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	# The hang-up would continue it, too.
	until_true in_state S "$pid"
	shell_answers
	unharmed_in nohup.out
}

# The shell knows that script as its job, and nothing there is to stop.
@test "rescue: by a script, of what it has started, in the foreground" {
	start_on_terminal foreground "sh -c '$VICTIM read &
	    until [ -s thread ]; do :; done; $DETACH -r \$!; echo status: \$?'"
	until_true on_screen "status: 0"
	shell_answers
	tr -d '\r' <screen | grep '^detach: ' >said
	[ "$(cat said)" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	unharmed_in nohup.out
}
