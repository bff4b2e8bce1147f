#!/usr/bin/env bats
# Every example of the manual, taken from its text, run as it stands: ssh is a
# wrapper for the tests' own server, and job, server and backup are scripts of
# each test. Then what the manual says of other programs.

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

# The commands from EXAMPLES on, a line each, without mdoc. Not those that need
# systemd as process 1.
examples() {
	sed -n '/^\.Sh EXAMPLES/,$s/^\.\(Dl\|It Ql\) //p' \
	    "$SOURCE/man/detach.1" |
	    sed '/^systemd-run\|^loginctl/d; s/\\(dq/"/g; s/\\-/-/g; s/^\$ //'
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
	script job <<<"exec '$PROBE' '$PWD/facts' '$PWD/ping' '$PWD/pong'"
}

# together WORDS - start that example, with the probe as the job.
together() {
	local line
	line=$(example "$1")
	probe_job
	run -0 sh -c "$line"
	facts
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
	line=$(example 'job.lock')
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

@test "together: another directory" {
	together 'detach env -C'
	# There teardown does not look for it.
	kill "$(fact pid)"
	[ "$(fact cwd)" = /srv ]
}

@test "together: another environment" {
	mkfifo ran
	script job <<<'echo "$NAME" >ran'
	sh -c "$(example 'detach env NAME')"
	[ "$(timeout "$LIMIT" cat ran)" = value ]
}

@test "together: another niceness" {
	together 'detach nice'
	[ "$(fact nice)" = $(($(nice) + 5)) ]
}

@test "together: another input/output class" {
	need ionice
	export LC_ALL=C
	together 'detach ionice'
	[ "$(ionice -p "$(fact pid)")" = idle ]
}

@test "together: another scheduling policy" {
	need chrt
	together 'detach chrt'
	chrt -p "$(fact pid)" | grep SCHED_BATCH
}

@test "together: another umask" {
	umask 022
	together 'umask 027'
	[ "$(fact umask)" = 027 ]
}

@test "together: another user" {
	need setpriv
	line=$(example 'detach setpriv')
	right root
	line=${line/=user/=nobody} line=${line/=group/=$(id -gn nobody)}
	line=${line/ job/ id -un}
	run -0 sh -c "${line/detach/detach -w -o out -p pid}"
	[ "$(cat out)" = nobody ]
	[ "$(stat -c %U out pid)" = $'root\nroot' ]
}

@test "together: only one at a time" {
	need flock
	line=$(example 'flock -n lock')
	script job <<<'echo ran >ran'
	exec 8>lock
	flock 8
	run -1 sh -c "${line/detach/detach -a 1s} 8>&-"
	[[ $output == *"ended too early, with status 1" ]]
	exec 8>&-
	run -0 sh -c "${line/detach/detach -w}"
	[ "$(cat ran)" = ran ]
}

@test "together: a pidfile" {
	together 'detach -p pid job'
	[ "$(cat pid)" = "$(fact pid)" ]
}

@test "together: a log" {
	together 'detach -o log -e log'
	[ "$(fact fd1) $(fact fd2)" = "$PWD/log $PWD/log" ]
	survived log
}

@test "runners: the environment that they look for" {
	script job <<<'echo "${RUNNER_TRACKING_ID-none}$BUILD_ID$JENKINS_NODE_COOKIE"'
	line=$(example RUNNER_TRACKING_ID)
	RUNNER_TRACKING_ID=1 sh -c "${line/detach/detach -w -o out}"
	line=$(example BUILD_ID)
	BUILD_ID=1 JENKINS_NODE_COOKIE=2 sh -c "${line/detach/detach -w -o out}"
	[ "$(cat out)" = $'none\nnonedontKillMedontKillMe' ]
}

@test "caveat: a program that leaves at end of input" {
	line=$(example 'sleep infinity')
	script job <<<'exec cat'
	run -1 detach -a 1s job
	[[ $output == *"ended too early, with status 0" ]]
	run -0 sh -c "${line/detach/detach -a 1s}"
}

@test "caveat: /dev/stderr truncates a log" {
	script job <<<'echo 1; echo 2 >/dev/stderr; echo 3'
	detach -w -o log -e log job
	[ "$(cat log)" = $'2\n3' ]
	script job <<<'echo 1; echo 2 >&2; echo 3'
	detach -w -o log -e log job
	[ "$(cat log)" = $'2\n3\n1\n2\n3' ]
}

# Later makes use a named FIFO, unless told otherwise, and need no descriptor.
@test "runners: the jobserver of make" {
	export LC_ALL=C
	style=
	make --help | grep -q jobserver-style && style=--jobserver-style=pipe
	printf '%s:\n\t+detach -q -w %s -o %s make -f inner\n' \
	    closed '' closed.log kept '-k 3,4' kept.log >Makefile
	# shellcheck disable=SC2016 # for make
	printf 'all:\n\t@echo "$$MAKEFLAGS"\n' >inner
	run -0 make -j2 $style closed 3>&- 4>&-
	grep 'jobserver unavailable' closed.log
	run -0 make -j2 $style kept 3>&- 4>&-
	run ! grep 'jobserver unavailable' kept.log
	grep -- '-j2 --jobserver-auth=3,4' kept.log
}

# A heading is parsed for macros, all of which look like these.
@test "no heading is eaten by a macro" {
	grep -q '^\.Ss \\&No ' "$SOURCE/man/detach.1"
	run ! grep -E '^\.S[hs] (.* )?([A-Z][a-z]|Br[coq])( |$)' \
	    "$SOURCE/man/detach.1"
}

@test "every example was tried" {
	[ "$(examples | wc -l)" = 25 ]
	diff <(examples | sort) <(sort -u "$BATS_FILE_TMPDIR/tried")
}
