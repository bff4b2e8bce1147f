#!/usr/bin/env bats
# detach --rescue: files that are registered with io_uring cannot be replaced.

load ../lib/helpers
load ../lib/rescue

# Where no ring can be made, by nature of the place, there is nothing to test.
# shellcheck disable=SC2034 # for helpers.bash
file_needs=need_ring

need_ring() {
	need pgrep
	"$BUILD/tests/programs/ring" check || skip "no io_uring here"
}

# ring MODE [TOOL] - start it, by that tool. It writes "ok" after the end of its
# FIFO "hold".
ring() {
	rm -f hold nohup.out
	mkfifo hold
	start_on_terminal foreground "${2:-} $BUILD/tests/programs/ring $1"
	until_true in_state S "$pid"
}

ends() {
	timeout "$LIMIT" sh -c ': >hold'
	verdict
}

@test "rescue: not one that has its terminal registered with io_uring" {
	ring terminal
	facts() {
		grep -E '^(Sig[^Q]|Shd|Tracer)' "/proc/$pid/status"
		for fd in "/proc/$pid/fd"/*; do
			echo "$fd $(readlink "$fd")"
		done
	}
	facts >before
	refused 125 "PID $pid: has registered its terminal with io_uring" \
	    rescue "$pid"
	facts >after
	diff before after
	[ ! -e nohup.out ]
	ends
	hang_up
}

@test "rescue: one with other files registered, or none" {
	for mode in file empty none; do
		echo "mode: $mode"
		ring $mode
		run -0 rescue "$pid"
		[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
		[ "$(fd_of 1)" = "$PWD/nohup.out" ]
		hang_up
		ends
	done
}

# Older kernels show only the last part of its name, which is the terminal's, too.
@test "rescue: one with a file registered that has the number of its terminal" {
	mkdir numbers
	# shellcheck disable=SC2016 # for the other shell
	ring file 'n=$(tty); ln -s "numbers/${n##*/}" kept;'
	run rescue "$pid"
	if grep -qs "$PWD/numbers/" "/proc/$pid/fdinfo"/*; then
		[ "$status: $output" = \
		    "0: detach: PID $pid, output in '$PWD/nohup.out'" ]
	else
		[ "$status: $output" = \
		    "125: detach: PID $pid: has registered its terminal with io_uring" ]
	fi
	ends
	hang_up
}

@test "rescue: one with another terminal registered" {
	"$PTY" sh -c 'tty >name && mv name other; exec sleep 1000' 3>&- &
	other=$!
	until_true [ -e other ]
	ring file "ln -s $(<other) kept;"
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	kill -KILL "$other"
	hang_up
	ends
}

@test "rescue: not one that has registered it by the name /dev/tty" {
	ring file 'ln -s /dev/tty kept;'
	run -125 rescue "$pid"
	[ "$output" = "detach: PID $pid: has registered its terminal with io_uring" ]
	ends
	hang_up
}

@test "rescue: one that waits by its ring goes on waiting" {
	ring wait
	rescue "$pid"
	shell_answers
	hang_up
	timeout "$LIMIT" sh -c 'echo >hold'
	verdict
}

# Its ring alone tells of its terminal.
@test "rescue: not one that has its terminal in a ring and nowhere else" {
	ring closed
	run -125 rescue "$pid"
	[ "$output" = "detach: PID $pid: has registered its terminal with io_uring" ]
	ends
	hang_up
}

# Of a ring that is busy the kernel shows less.
@test "rescue: a ring that is busy is looked at again" {
	need strace
	ring file
	for ring in "/proc/$pid/fd"/*; do
		[ "$(readlink "$ring")" != 'anon_inode:[io_uring]' ] || break
	done
	for when in 1+ 1; do
		run timeout -s KILL "$LIMIT" strace -qq -o trace \
		    -P "${ring/fd/fdinfo}" -e trace=read,readv \
		    -e "inject=read,readv:retval=0:when=$when" "$DETACH" -r "$pid"
		echo "$status: $output"
		[ $when = 1 ] || [ "$status: $output" = "125: detach: PID $pid: \
has an io_uring ring that cannot be looked into" ]
	done
	[ "$status: $output" = \
	    "0: detach: PID $pid, output in '$PWD/nohup.out'" ]
	hang_up
	ends
}

# It has every pseudo-terminal for its own, but no other file.
@test "rescue: rings of one without a controlling terminal" {
	ring closed setsid
	find_shell
	run -125 rescue "$pid"
	[ "$output" = "detach: PID $pid: has registered its terminal with io_uring" ]
	ends
	hang_up

	ring file setsid
	find_shell
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	hang_up
	ends
}
