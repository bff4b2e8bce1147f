#!/usr/bin/env bats
# The promises of detach(1), each of them with the inherited state that would
# break it.

load helpers

@test "promise 1: returns after the exec, not before" {
	# The job's image is the new one as soon as detach has returned.
	for _ in {1..50}; do
		pid=$("$DETACH" -q -p - -o out "$PROBE" out)
		[ "$(readlink "/proc/$pid/exe")" != "$DETACH" ]
	done
}

@test "promise 1: does not wait for the job" {
	start "$DETACH" -o out
	alive out
}

@test "promise 2: a new session, group leader, no terminal" {
	rm -f facts ping pong
	mkfifo facts ping pong
	"$PTY" "$DETACH" "$PROBE" facts ping pong </dev/null
	facts
	detached
	[ "$(fact sid)" != "$$" ]
}

@test "promise 2: the job's group can be killed by its PID" {
	mkfifo hold
	pid=$("$DETACH" -q -p - sh -c 'cat hold & cat hold')
	exec 8>hold
	kill -- "-$pid"
	# Nobody reads any more: the end of both is an EPIPE here.
	run -141 timeout "$LIMIT" sh -c 'while :; do echo; done >&8'
	exec 8>&-
}
