#!/usr/bin/env bats
# A number that is no process, but a process group that lives: what the shell's
# "jobs -p" prints for a pipeline whose first command has ended.

load ../lib/helpers
load ../lib/rescue

setup_file() {
	need pgrep
}

# leaderless MODE COMMAND - start ":" and the command as a pipeline. Its group is
# then in "group", a member that sleeps in "pid".
leaderless() {
	# The command begins when its leader has ended: end of file says so.
	start_on_terminal "$1" "sh -c : | (read -r _; $2)"
	until_true in_state ST "$pid"
	read -r _ _ _ _ group _ <"/proc/$pid/stat"
	[ "$group" != "$pid" ]
	until_true gone "$group"
}

@test "rescue: a group whose leader has ended" {
	leaderless background "exec $VICTIM read"
	run -0 rescue "$group"
	[ "$output" = "detach: PID $pid of group $group, output in '$PWD/nohup.out'" ]
	# It can still be killed by the number that its shell knows.
	kill -0 -- "-$group"
	unharmed_in nohup.out
}

@test "rescue: such a group in the foreground and stopped" {
	for mode in foreground stopped; do
		echo "mode: $mode"
		rm -f fifo nohup.out
		leaderless $mode "exec $VICTIM read"
		run -0 rescue "$group"
		[ "$output" = "detach: PID $pid of group $group, output in '$PWD/nohup.out'" ]
		shell_answers
		unharmed_in nohup.out
	done
}

@test "rescue: such a group of several, with their children" {
	leaderless background "$VICTIM read; :"
	run -0 rescue "$group"
	[[ $output == "detach: PID "*" and 1 more of group $group, output in '$PWD/nohup.out'" ]]
	unharmed_in nohup.out
}

@test "rescue: such a group, in the shell's own words" {
	leaderless background "exec $VICTIM read"
	keys "$DETACH -r \$(jobs -p)\n"
	shell_answers
	tr -d '\r' <screen | grep "^detach: PID $pid of group $group, output in"
	unharmed_in nohup.out
}

# The shell, which is stopped, has not waited for the leader.
@test "rescue: a group whose leader is a zombie" {
	mkfifo go
	start_on_terminal background "sh -c 'read -r _ <go' | (exec $VICTIM read)"
	until_true in_state S "$pid"
	read -r _ _ _ _ group _ <"/proc/$pid/stat"
	kill -STOP "$shell"
	until_true in_state T "$shell"
	echo >go
	until_true in_state Z "$group"
	run -0 rescue "$group"
	[ "$output" = "detach: PID $pid of group $group, output in '$PWD/nohup.out'" ]
	kill -CONT "$shell"
	unharmed_in nohup.out
}

@test "rescue: a group and a process of it are one job" {
	leaderless background "exec $VICTIM read"
	run -0 rescue "$group" "$pid" "$group"
	[ "${#lines[@]}" = 1 ]
	unharmed_in nohup.out
}

@test "rescue: a group that is refused is told by its process" {
	leaderless background "exec $VICTIM -s $VICTIM read"
	run -125 rescue "$group"
	[ "$output" = "detach: PID $pid: is under a seccomp filter" ]
	shell_answers
	unharmed read
}
