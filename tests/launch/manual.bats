#!/usr/bin/env bats
# Every example of the manual, taken from its text, run as it stands: ssh is a
# wrapper for the tests' own server, and job, server and backup are scripts of
# each test.

load ../lib/helpers

setup_file() {
	sshd_setup
	export PATH=$BATS_FILE_TMPDIR/bin:$PATH
	mkdir "$BATS_FILE_TMPDIR/bin"
	ln -s "$BUILD/src/detach" "$BATS_FILE_TMPDIR/bin/detach"
	cat >"$BATS_FILE_TMPDIR/bin/ssh" <<-END
		#!/bin/sh
		exec $(command -v ssh) -F $BATS_FILE_TMPDIR/ssh_config "\$@"
	END
	chmod +x "$BATS_FILE_TMPDIR/bin/ssh"
	echo "SetEnv PATH=$PATH" >>"$BATS_FILE_TMPDIR/sshd_config"
}

# The commands under EXAMPLES, a line each, without mdoc.
examples() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\.Dl //p' \
	    "$SOURCE/man/detach.1" | sed 's/\\(dq/"/g; s/\\-/-/g; s/^\$ //'
}

# script NAME - a command of that name for the test, from stdin.
script() {
	{
		echo '#!/bin/sh'
		cat
	} >"$BATS_FILE_TMPDIR/bin/$1"
	chmod +x "$BATS_FILE_TMPDIR/bin/$1"
}

# The job is the probe.
probe_job() {
	fifos
	script job <<<"exec '$PROBE' facts ping pong"
}

# example WORDS - the one example that has these words, noted as tried.
example() {
	local line
	line=$(examples | grep -F -- "$1")
	[ "$(wc -l <<<"$line")" = 1 ] || return
	echo "$line" >>"$BATS_FILE_TMPDIR/tried"
	ln -sfn "$PWD" "$BATS_FILE_TMPDIR/home"
	echo "$line"
}

@test "example: ssh with a terminal" {
	line=$(example 'ssh -t host "detach job"')
	need_ssh
	probe_job
	run -0 timeout "$LIMIT" "$PTY" sh -c "$line" </dev/null
	[[ $output == "detach: PID "*"/nohup.out'"* ]]
	facts
	survived nohup.out
}

@test "example: ssh without a terminal" {
	line=$(example 'ssh host "detach job"')
	need_ssh
	probe_job
	run -0 timeout "$LIMIT" sh -c "$line"
	facts
	survived nohup.out
}

@test "example: a loop over hosts" {
	line=$(example 'for h in')
	need_ssh
	mkfifo ran
	script job <<<'echo here; echo x >ran'
	run -0 timeout "$LIMIT" bash -c "$line" </dev/null
	# Each of the three opens the FIFO on its own.
	exec 8<>ran
	for _ in 1 2 3; do
		read -r -t "$LIMIT" -u 8 _
	done
	exec 8>&-
	[ "$(grep -c here nohup.out)" = 3 ]
}

@test "example: cron" {
	script backup <<<'echo saved; echo x >ran'
	mkfifo ran
	line=$(example 'detach -o backup.log')
	# cron passes what follows the five fields to sh, with a pipe.
	run -0 sh -c "$(cut -d ' ' -f 6- <<<"$line")"
	[ -z "$output" ]
	timeout "$LIMIT" cat ran
	[ "$(cat backup.log)" = saved ]
}

@test "example: a server that does and does not come up" {
	line=$(example 'detach -a 2s server')
	script server <<<'exit 3'
	run -0 sh -c "$line"
	[[ $output == *"ended too early, with status 3"*"it did not come up" ]]
	mkfifo hold
	script server <<<'exec cat hold'
	run -0 sh -c "$line"
	[[ $output != *"it did not come up"* ]]
}

@test "example: the PID over ssh" {
	get=$(example 'pid=$(ssh host')
	end=$(example 'kill -- -$pid')
	need_ssh
	probe_job
	mkfifo life
	script job <<<"exec '$PROBE' facts ping pong 9>life"
	timeout "$LIMIT" cat life 3>&- &
	timeout "$LIMIT" bash -c "$get; echo \$pid >pid; cat facts >got; $end"
	[ "$(cat pid)" = "$(fact pid)" ]
	# The end of what the job holds is the job's.
	wait $!
}

@test "example: following the log" {
	mkfifo go
	script job <<<'echo 1; cat go; echo 2'
	start=$(example 'pid=$(detach -p - -o job.log')
	follow=$(example 'tail -n +1 -f --pid')
	# tail takes a zombie for a job that runs.
	right reaper
	timeout "$LIMIT" bash -c "$start; echo >go; $follow" >seen
	printf '1\n\n2\n' | diff - seen
}

@test "example: the exit status for later" {
	mkfifo ran
	script job <<<'exit 5'
	sh -c "$(example 'echo $? >job.status')"
	timeout "$LIMIT" sh -c 'until [ -s job.status ]; do :; done'
	[ "$(cat job.status)" = 5 ]
}

@test "example: one at a time" {
	need flock
	mkfifo hold
	script job <<<'exec cat hold'
	line=$(example 'detach flock -n')
	first=$(sh -c "${line/detach/detach -q -p -}")
	exec 8>hold
	# The job runs, so it has the lock.
	run -1 sh -c "${line/detach/detach -q -w}"
	kill -- "-$first"
	exec 8>&-
	# And has it no longer than it runs.
	timeout "$LIMIT" flock job.lock true
	script job <<<'echo again'
	run -0 sh -c "${line/detach/detach -q -w}"
	[ "$(cat nohup.out)" = again ]
}

@test "example: wait, but survive a lost connection" {
	probe_job
	line=$(example 'detach -w job')
	"$PTY" sh -c "$line" </dev/null &
	facts
	kill -KILL $!
	ended_with 137 $!
	survived nohup.out
}

@test "every example was tried" {
	[ "$(examples | wc -l)" = 12 ]
	diff <(examples | sort) <(sort -u "$BATS_FILE_TMPDIR/tried")
}
