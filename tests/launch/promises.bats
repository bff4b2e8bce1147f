#!/usr/bin/env bats
# The promises of detach(1), each under the conditions that would break it.

load ../lib/helpers

# The probe on a terminal of its own, whatever the tests run on.
on_terminal() {
	rm -f facts ping pong
	mkfifo facts ping pong
	"$PTY" "$@" "$PROBE" facts ping pong </dev/null
	facts
}

@test "promise 1: returns when the job's image is the new one" {
	for _ in {1..100}; do
		pid=$("$DETACH" -q -p - -o out cat /proc/self/comm)
		[ -n "$pid" ]
	done
	# Whatever a job of that moment is called, it never was "detach".
	start "$DETACH" -q -o out
	[ "$(readlink "/proc/$(fact pid)/exe")" = "$(realpath "$PROBE")" ]
	run ! grep -x detach out
}

@test "promise 1: does not wait for the job" {
	start "$DETACH" -o out
	alive out
}

@test "promise 2: a new session without a terminal" {
	on_terminal "$DETACH"
	detached
}

@test "promise 2: kill -- -PID reaches the job and its children" {
	mkfifo hold
	pid=$("$DETACH" -q -p - sh -c 'cat hold & cat hold')
	exec 8>hold
	kill -- "-$pid"
	# Nobody can read any more, so this ends, by SIGPIPE.
	run -141 timeout "$LIMIT" sh -c 'while :; do echo; done >&8'
	exec 8>&-
}

@test "promise 3: stdin is /dev/null, on a terminal" {
	on_terminal "$DETACH" -o out
	[ "$(fact fd0)" = /dev/null ]
	[ $((0$(fact fd0.flags) & 3)) = 0 ]
}

@test "promise 3: a loop over a list loses no line" {
	printf '%s\n' one two three >list
	while read -r word; do
		"$DETACH" -q -w -o words sh -c 'echo "$0"; cat' "$word"
	done <list
	diff list words
}

@test "promise 4: descriptors from 3 up are closed" {
	start "$DETACH" -o out 5</etc/passwd 77>extra 900</dev/null
	detached
}

@test "promise 4: ... up to the last" {
	local last
	last=$(($(ulimit -Hn) - 1))
	[ "$last" -lt 100000 ] || last=100000
	[ "$last" -gt 1000 ]
	(
		ulimit -n $((last + 1))
		eval "exec $last</dev/null"
		start "$DETACH" -o out
	)
	detached
}

@test "promise 4: a pipe on a high number does not hold its reader" {
	mkfifo hold
	pid=$("$DETACH" -q -p - -o out sh -c 'cat hold' 200>&1)
	kill -KILL "$pid"
}

@test "promise 4: terminal, pipe and socket on 1 and 2 are replaced" {
	on_terminal "$DETACH"
	detached
	quit
	start "$DETACH" > >(cat) 2> >(cat)
	detached
}

@test "promise 5: a regular file or device on stdout is kept" {
	start "$DETACH" >data
	[ "$(fact fd1)" = "$PWD/data" ]
	alive data
	quit
	start "$DETACH" >/dev/null
	[ "$(fact fd1)" = /dev/null ]
}

@test "promise 5: what is left of a terminal that was hung up is replaced" {
	mkfifo ready go
	"$PTY" sh -c 'trap "" HUP
		echo >ready
		read go <go
		"$DETACH" -w "$PROBE" got
		echo >ready' </dev/null &
	timeout "$LIMIT" cat ready
	# When it has been waited for, the master is closed.
	kill -KILL $!
	wait $! || true
	echo >go
	timeout "$LIMIT" cat ready
	detached
	[ "$(fact fd1) $(fact fd2)" = "$PWD/nohup.out $PWD/nohup.out" ]
}

@test "promise 5: a block device on stdout is kept" {
	right root
	mknod device b 7 0 2>/dev/null && : 2>/dev/null >>device ||
	    skip "no block device here"
	start "$DETACH" >>device 2>&1
	[ "$(fact fd1) $(fact fd2)" = "$PWD/device $PWD/device" ]
	[ ! -e nohup.out ]
}

@test "promise 5: stderr follows a replaced stdout" {
	on_terminal "$DETACH"
	[ "$(fact fd1)" = "$PWD/nohup.out" ]
	[ "$(fact fd2)" = "$PWD/nohup.out" ]
	quit
	on_terminal "$DETACH" -o out
	[ "$(fact fd1)" = "$PWD/out" ]
	[ "$(fact fd2)" = "$PWD/out" ]
}

@test "promise 5: stderr never goes into a file that stdout came with" {
	mkfifo facts ping pong
	"$PTY" sh -c 'exec "$@" >dump' sh "$DETACH" "$PROBE" facts ping pong \
	    </dev/null
	facts
	[ "$(fact fd1)" = "$PWD/dump" ]
	[ "$(fact fd2)" = "$PWD/nohup.out" ]
}

@test "promise 5: a stderr that is a file is kept" {
	start "$DETACH" > >(cat) 2>errors
	[ "$(fact fd1)" = "$PWD/nohup.out" ]
	[ "$(fact fd2)" = "$PWD/errors" ]
}

@test "promise 5: files are appended to, also by two writers" {
	echo before | tee nohup.out >out
	chmod 600 nohup.out
	run "$DETACH" -w sh -c 'echo 1; echo 2 >&2'
	run "$DETACH" -w -o out sh -c 'echo 1; echo 2 >&2'
	printf 'before\n1\n2\n' | diff - nohup.out
	printf 'before\n1\n2\n' | diff - out
}

@test "promise 5: output to a file without a name is replaced" {
	exec 8>buffer
	rm buffer
	start "$DETACH" >&8 2>&1 8>&-
	exec 8>&-
	[ "$(fact fd1)" = "$PWD/nohup.out" ]
	[ "$(fact fd2)" = "$PWD/nohup.out" ]
	alive nohup.out
}

@test "promise 6: ignored and blocked signals do not reach the job" {
	start sh -c 'trap "" HUP INT QUIT PIPE TERM USR1 TSTP CHLD; exec "$@"' \
	    sh "$DETACH" -o out
	detached
	quit
	# All that a process can ignore or block, up to the last number.
	start "$CALLER" signals "$DETACH" -o out
	detached
}

@test "promise 6: the inherited state really is unclean" {
	"$CALLER" signals "$PROBE" got
	[ "$(fact SigIgn)" = fffffffffffbfeff ] # all but KILL and STOP
	[ "$(fact SigBlk)" = fffffffffffbfeff ]
}

@test "promise 6: a job of an ignored SIGCHLD is waited for" {
	run -7 "$CALLER" signals "$DETACH" -w -q sh -c 'exit 7'
	run -7 "$CALLER" signals "$DETACH" -a "$LIMIT" -q sh -c 'exit 7'
}

@test "promise 7: a start that fails leaves nothing running" {
	refused 127 nosuch "$DETACH" ./nosuch
	refused 125 /nosuch "$DETACH" -o /nosuch/file sh -c 'touch started'
}

@test "promise 8: no process, no file, no variable stays" {
	env | grep -v ^_= | sort >before
	"$DETACH" -q -o out -w env
	grep -v ^_= out | sort | diff before -
	start "$DETACH" -q -o out
	# The launcher is gone; whoever adopts orphans is the parent.
	[ "$(fact ppid)" != "$$" ]
	[ "$(sort <(ls))" = "$(printf '%s\n' before facts got home out ping pong)" ]
}

@test "promise 9: directory, umask, niceness, limits, arguments pass" {
	mkdir 'a b'
	state='umask 027; ulimit -n 99; ulimit -c 0; cd "a b"; exec nice -n 3 "$@"'
	mkfifo facts
	sh -c "$state" sh "$PROBE" ../plain x 'y  z' '' $'new\nline' >/dev/null
	sh -c "$state" sh "$DETACH" -q "$PROBE" ../facts x 'y  z' '' $'new\nline' \
	    >/dev/null
	facts
	unlike='^(pid|ppid|sid|pgid|ctty|fd|Sig|arg0|Shd)'
	diff <(grep -Ev "$unlike" plain) <(grep -Ev "$unlike" got)
	[ "$(fact umask)" = 027 ]
	[ "$(fact nice)" = $(($(nice) + 3)) ]
	[ "$(fact arg2)" = 'y  z' ]
}

@test "promise 10: names the default file, and an ignored input" {
	run --separate-stderr -0 "$DETACH" true
	[[ $stderr =~ ^detach:\ PID\ [0-9]+,\ output\ in\ \'"$PWD"/nohup.out\'$ ]]
	[ -z "$output" ]
	run --separate-stderr -0 "$DETACH" true </etc/passwd
	[[ $stderr == *"/nohup.out', input ignored" ]]
	run --separate-stderr -0 "$DETACH" -o out true </etc/passwd
	[[ $stderr =~ ^detach:\ PID\ [0-9]+,\ input\ ignored$ ]]
}

@test "promise 10: on a terminal at least the PID, else silent" {
	run -0 "$PTY" "$DETACH" -o out true </dev/null
	[[ $output =~ ^detach:\ PID\ [0-9]+$ ]]
	run -0 "$DETACH" -o out true </dev/null
	[ -z "$output" ]
}

@test "promise 10: -q silences it" {
	run -0 "$PTY" "$DETACH" -q true </dev/null
	[ -z "$output" ]
}

@test "promise 10: a stderr that takes nothing changes nothing" {
	run -0 sh -c '"$@" 2>/dev/full' sh "$DETACH" true
	run -0 sh -c '"$@" 2>&-' sh "$DETACH" true
	# A pipe without a reader: no SIGPIPE ends the launcher.
	mkfifo pipe
	exec 8<>pipe 9>pipe 8>&-
	run -0 sh -c '"$@" 2>&9' sh "$DETACH" true
	run -125 sh -c '"$@" 2>&9' sh "$DETACH" --nosuch
	exec 9>&-
}
