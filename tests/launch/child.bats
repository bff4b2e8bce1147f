#!/usr/bin/env bats
# A child that does not come to its exec, and what the launcher learns of that:
# from wait, from the pipe, and from a kernel that knows no clone child. strace
# sends the signals and gives the errors, at the calls that are named.

load ../lib/helpers

# A sanitizer's search for leaks needs a process that nobody traces.
export ASAN_OPTIONS=detect_leaks=0

# traced CALLS [INJECTION]... -- COMMAND... - run the command, with these calls
# of the launcher and its child in "trace".
traced() {
	local calls=$1 injections=()
	shift
	while [ "$1" != -- ]; do
		injections+=(-e "inject=$1")
		shift
	done
	timeout -s KILL "$LIMIT" strace -f -qqq -o trace -e trace="$calls" \
	    "${injections[@]}" "${@:2}"
}

# left_to_parent PID - it is dead, and only its parent can still learn how.
left_to_parent() {
	[[ $(<"/proc/$1/status") == *State:?Z*TracerPid:?0$'\n'* ]]
}

# killed_at CALL LAUNCHER ARG... - the child gets SIGKILL as it begins the call.
# When the launcher has asked for the first time whether the child is before its
# exec, it is stopped until nothing is left of the child but its status.
killed_at() {
	local tracer launcher child end=$((SECONDS + LIMIT))
	local name=${2##*/} status=125
	[ "$name" = detach ] || status=1
	rm -f trace
	traced "waitid,wait4,$1" waitid:signal=STOP:when=1 \
	    "$1:signal=KILL:when=1" -- \
	    "${@:2}" touch started 2>said 3>&- &
	tracer=$!
	until read -r launcher child < <(sed -n \
	    's/^\([0-9]*\) *waitid(P_PID, \([0-9]*\)[, ].*/\1 \2/p' trace) &&
	    left_to_parent "$child"; do
		[ "$SECONDS" -lt "$end" ]
		sleep 0.05
	done 2>/dev/null
	kill -CONT "$launcher"
	ended_with "$status" "$tracer"
	[ "$(cat said)" = "$name: touch: killed by signal 9 before its exec" ]
	[ ! -e started ]
	# It has been waited for.
	grep -q "^$launcher *wait4($child, " trace
}

@test "a child that is killed before its exec" {
	need strace
	killed_at setsid "$DETACH" -o out
	killed_at setsid "$DETACH" -o out -w
	ln -s "$DETACH" setsid
	killed_at setsid ./setsid -fw
}

@test "a child that is killed before its exec: the pidfile is as it was" {
	need strace
	killed_at execve "$DETACH" -o out -p pid
	[ ! -e pid ]
	echo 123456789012 >pid
	killed_at execve "$DETACH" -o out -p pid
	[ "$(cat pid)" = 123456789012 ]
}

# Commands whose exec fails.
bad_commands() {
	printf '#!/nosuch\n' >orphan
	printf 'no\0script\n' >foreign
	chmod +x orphan foreign
}

@test "a kernel that knows no clone child" {
	need strace
	bad_commands
	run -7 traced clone clone:error=EINVAL:when=1 -- \
	    "$DETACH" -w -o out sh -c 'exit 7'
	refused 127 "./orphan: bad interpreter" \
	    traced clone clone:error=EINVAL:when=1 -- "$DETACH" -o out ./orphan
	refused 126 "./foreign: Exec format error" \
	    traced clone clone:error=EINVAL:when=1 -- "$DETACH" -o out ./foreign
	# The manual: it cannot be told from a job that was killed.
	run -137 traced clone,setsid clone:error=EINVAL:when=1 \
	    setsid:signal=KILL -- "$DETACH" -w -o out touch started
	[ ! -e started ]
	# Any other error is one.
	refused 125 "fork: Resource temporarily unavailable" \
	    traced clone clone:error=EAGAIN -- "$DETACH" -o out touch started
	refused 125 "pipe: Too many open files" \
	    traced pipe2 pipe2:error=EMFILE -- "$DETACH" -o out touch started
}

@test "where wait cannot tell whether the job runs, the pipe does" {
	need strace
	bad_commands
	run -7 traced waitid waitid:error=ENOSYS -- \
	    "$DETACH" -w -o out sh -c 'exit 7'
	refused 127 "./orphan: bad interpreter" \
	    traced waitid waitid:error=ENOSYS -- "$DETACH" -o out ./orphan
}

@test "what the child says is read and written again after an EINTR" {
	need strace
	local last
	bad_commands
	refused 126 "./foreign: Exec" traced read -- "$DETACH" -o out ./foreign
	# The launcher's last, after those of a loader: it then knows enough.
	last=$(awk 'NR == 1 { pid = $1 } $1 == pid' trace | wc -l)
	refused 126 "./foreign: Exec format error" \
	    traced read read:error=EINTR:when="$last" -- \
	    "$DETACH" -o out ./foreign
	# The launcher's own line is lost, and the status is not.
	run -126 traced write write:error=EINTR:when=1 -- \
	    "$DETACH" -o out ./foreign
}
