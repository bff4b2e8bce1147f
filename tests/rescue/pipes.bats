#!/usr/bin/env bats
# shellcheck disable=SC2034 # what rescue.bash reads
# Pipes between a rescued job and processes that are not rescued.

load ../lib/helpers
load ../lib/rescue

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
	[ "$output" = "detach: PID $pid: has nothing on a terminal" ]
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

# In a session of its own: there its partner ends with the terminal.
@test "rescue: a pipe of the second of two jobs" {
	start_on_terminal background "$VICTIM pause"
	first=$pid
	joined 'cat pipe' "$VICTIM read >pipe"
	run -125 rescue "$first" "$pid"
	[ "${#lines[@]}" = 3 ]
	[ "${lines[2]}" = \
	    "detach: PID $pid: has a pipe to PID $partner, which is not rescued" ]
	hang_up
	kill -KILL "$first"
}

@test "rescue: a pipe of each of two jobs to the same process" {
	mkfifo second
	joined 'exec 5<>second; cat pipe' "$VICTIM read >pipe 5>&-"
	keys 'exec 5>&-; sleep 1000 >second & echo $! >other\n'
	shell_answers
	other=$(<other)
	run -125 rescue "$pid" "$other"
	[ "${#lines[@]}" = 4 ]
	for member in "$pid" "$other"; do
		printf '%s\n' "${lines[@]}" | grep -qx \
		    "detach: PID $member: has a pipe to PID $partner, which is not rescued"
	done
	kill -KILL "$other"
	hang_up
}

# Its shell may be of another user, or have ended by now.
@test "rescue: a pipe, and a process that may not be looked at" {
	need strace
	for error in EACCES EPERM ENOENT ESRCH; do
		joined 'cat pipe' "$VICTIM read >pipe"
		run -125 timeout -s KILL "$LIMIT" strace -qq -o trace \
		    -P "/proc/$shell/fd" -e "trace=?open,openat" \
		    -e "inject=?open,openat:error=$error" "$DETACH" -q -r "$pid"
		grep -q INJECTED trace
		[ "$output" = \
		    "detach: PID $pid: has a pipe to PID $partner, which is not rescued" ]
		hang_up
	done
}

@test "rescue: a pipe, and a process that cannot be looked at" {
	need strace
	for what in fd fd/N fdinfo/N; do
		echo "what: $what"
		joined 'cat pipe' "$VICTIM read >pipe"
		until_true reads_pipe
		run -125 timeout -s KILL "$LIMIT" strace -e quiet=all -o trace \
		    -P "/proc/$partner/${what/N/${number##*/}}" \
		    -e "trace=?open,openat,statx" \
		    -e "inject=?open,openat,statx:error=ENOMEM" "$DETACH" -q -r "$pid"
		grep -q INJECTED trace
		[ "$output" = "detach: pipes: Cannot allocate memory" ]
		hang_up
	done
}

# Two looks find the job, the third one is for all others.
@test "rescue: a pipe, and others that cannot be looked for" {
	need strace
	joined 'cat pipe' "$VICTIM read >pipe"
	run -125 timeout -s KILL "$LIMIT" strace -qq -o trace -P /proc \
	    -e "trace=?open,openat" -e "inject=?open,openat:error=EMFILE:when=3" \
	    "$DETACH" -q -r "$pid"
	[ "$output" = "detach: pipes: Too many open files" ]
	hang_up
}

reads_pipe() {
	number=$(find "/proc/$partner/fd" -lname "$PWD/pipe")
	[ -n "$number" ]
}

# The shell may have the end without using it.
@test "rescue: a pipe to one that is not rescued, and to the shell" {
	joined 'exec 5<>pipe; cat pipe' "$VICTIM read >pipe 5>&-"
	run -125 rescue "$pid"
	[ "${lines[0]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[ "${lines[1]}" = "detach: PID $pid: has a pipe to PID $partner, which is not rescued" ]
	[ "${#lines[@]}" = 2 ]
	hang_up
}

@test "rescue: a pipe to one that is rescued or safe" {
	joined 'sleep 1000 >pipe' "$VICTIM read <pipe"
	run -0 rescue "$pid" "$partner"
	[ "${#lines[@]}" = 2 ]
	unharmed_in nohup.out

	# A third process has the same end open, as a shell may.
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

@test "rescue: a pipe to nobody, and to detach itself" {
	mkfifo pipe
	start_on_terminal background "exec 5<>pipe; $VICTIM read 4>pipe 5>&-"
	keys "exec 5>&-; $DETACH -r $pid 9<pipe; echo \$? >status\n"
	shell_answers
	[ "$(cat status)" = 0 ]
	on_screen "detach: PID $pid, output in '$PWD/nohup.out'"
	! on_screen '.*has a pipe.*' || return
	unharmed_in nohup.out
}

# Only a shell that reads from its job keeps the job's terminal.
@test "rescue: a pipe of a job in the foreground" {
	mkfifo pipe second third
	start_on_terminal foreground "sleep 1000 >pipe 3>second & sleep 1000 >third &
	    $VICTIM read <pipe 3<second 4<third"
	until_true in_state S "$pid"
	run -125 rescue "$pid"
	[ "${lines[0]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	# Each of the two is told of once.
	for line in "${lines[@]:1}"; do
		[[ $line == "detach: PID $pid: has a pipe to PID "* ]]
	done
	[ "${lines[1]}" != "${lines[2]}" ]
	[ "${#lines[@]}" = 3 ]
	shell_answers
	unharmed_in nohup.out
}

# It ends when detach has seen its pipe, but not yet its signals.
@test "rescue: a pipe to one that ends meanwhile" {
	need strace
	for how in zombie none; do
		echo "how: $how"
		joined 'sleep 1000 >pipe' "$VICTIM read <pipe"
		stop_rescue -P "/proc/$partner/status" \
		    -e inject=/^open:signal=STOP:when=1
		[ $how = none ] || kill -STOP "$shell"
		kill "$partner"
		if [ $how = none ]; then
			until_true no_process "$partner"
		else
			until_true in_state Z "$partner"
		fi
		let_rescue_go
		kill -CONT "$shell"
		grep -qx "detach: PID $pid, output in '$PWD/nohup.out'" message
		run ! grep 'has a pipe' message
		unharmed_in nohup.out
	done
}

# It is told of once, and not for the pipe that it has.
@test "rescue: a pipe of one that is refused" {
	joined 'sleep 1000 >pipe' "$VICTIM limit <pipe"
	until_true in_state S "$pid"
	run -125 rescue "$pid"
	[[ $output == "detach: PID $pid: descriptors: "* ]]
	[ "${#lines[@]}" = 1 ]
	unharmed read
}

# The shell itself is the last part of the pipeline.
@test "rescue: a pipe to the shell" {
	need zsh
	interactive='zsh -f -o nozle -i'
	start_on_terminal foreground "$VICTIM read | while read line; do :; done"
	run -125 rescue "$pid"
	[ "${#lines[@]}" = 2 ]
	[ "${lines[1]}" = "detach: PID $pid: has a pipe to PID $shell, which is not rescued" ]
	# It is not made to take its terminal back.
	read -r _ _ _ _ _ _ _ foreground _ <"/proc/$shell/stat"
	[ "$foreground" = "$pid" ]
	# As it takes this line, the shell would stop the job.
	wake read
	verdict
	hang_up
}
