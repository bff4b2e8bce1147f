#!/usr/bin/env bats
# The scenarios that need no remote login, each against the real launcher.
# Where the test does not show what the old idiom does in the same place, a
# comment says what it was measured to do.

# shellcheck disable=SC2016 # single quotes: expanded by another shell
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # shared with bats and helpers
load ../lib/helpers

@test "S8: the launcher's port is free when it has died" {
	fifos
	port=$("$CALLER" port 0 "$DETACH" -q -o out "$PROBE" facts ping pong)
	"$CALLER" port "$port"
	facts
	detached
	survived out

	# With nohup the job holds the port as long as it runs.
	fifos
	"$CALLER" port 0 sh -c 'nohup "$PROBE" facts ping pong >out &' >port
	facts
	run -1 "$CALLER" port "$(cat port)"
	[[ $output == *"Address "*"in use"* ]]
	alive out
}

@test "S11: stty tostop, and the job writes" {
	fifos
	"$PTY" sh -c 'stty tostop; "$DETACH" "$PROBE" facts ping pong' \
		</dev/null
	facts
	survived nohup.out
	quit

	# A job in the background of the terminal is stopped by its first line.
	fifos
	window bash -mc 'stty tostop; "$PROBE" facts ping pong & cat held'
	facts
	echo line >ping
	reaches T "$(fact pid)"
	close_window
}

@test "S12: a stopped job, and its launcher goes" {
	fifos
	window "$DETACH" -w -o out "$PROBE" facts ping pong
	facts
	kill -STOP "$(fact pid)"
	reaches T "$(fact pid)"
	# The launcher, the leader of the terminal's session, still waits: this
	# hang-up ends it.
	close_window
	reaches T "$(fact pid)"
	kill -CONT "$(fact pid)"
	survived out
	quit

	# A common background job gets SIGHUP, which nohup ignores, and SIGCONT.
	fifos
	window bash -mc 'nohup "$PROBE" facts ping pong >out & cat held'
	facts
	kill -STOP "$(fact pid)"
	reaches T "$(fact pid)"
	close_window
	reaches S "$(fact pid)"
}

@test "S13: the job has its own handler for SIGHUP" {
	fifos
	window sh -c '"$DETACH" -q -o out "$PROBE" -h facts ping pong; cat held'
	facts
	[ "$(fact SigCgt)" = 0000000000000001 ]
	close_window
	alive out
	run ! grep hang-up out

	# For nohup's SIG_IGN is gone.
	fifos
	window sh -c 'nohup "$PROBE" -h facts ping pong >old & cat held'
	facts
	close_window
	timeout "$LIMIT" sh -c 'until grep -q hang-up old; do sleep 0.05; done'
}

@test "S14: Ctrl-C, Ctrl-\\, Ctrl-Z typed after the launch" {
	for key in '\003' '\034' '\032'; do
		rm -f out
		fifos
		window bash -mc 'sh -c '\''
			"$DETACH" -q -o out "$PROBE" facts ping pong
			cat word held'\'' >up'
		facts
		told up
		printf %b "$key" >&8
		# It ends the foreground group; or stops it, then bash ends, and
		# the kernel ends what it leaves stopped.
		ended
		survived out
		quit
	done

	# nohup ignores none of them, a script's "&" the first two.
	fifos
	window bash -mc 'sh -c '\''
		nohup "$PROBE" facts ping pong >out &
		cat held'\''
		cat held'
	facts
	printf %b '\032' >&8
	reaches T "$(fact pid)"
	close_window
}

@test "S15: command substitution" {
	fifos
	# A job that had the pipe would hold the shell until its end.
	timeout "$LIMIT" bash >said -c \
		'echo "$("$DETACH" "$PROBE" facts ping pong 2>&1)"'
	facts
	detached
	survived nohup.out
	[[ $(cat said) == "detach: PID $(fact pid), output in "* ]]

	# nohup leaves it that pipe.
	fifos
	bash -c 'echo "$(nohup "$PROBE" facts ping pong &)"' >said 3>&- &
	facts
	[[ $(fact fd1) == pipe:* ]]
	ask held
	quit
	wait $!
	[ "$(cat said)" = held ]
}

@test "S15: script(1)" {
	need script
	fifos
	run -0 script -qec "'$DETACH' '$PROBE' facts ping pong" /dev/null \
		</dev/null
	[[ $output == "detach: PID "* ]]
	facts
	detached
	survived nohup.out
	# nohup here is S1 again.
}

# launches FILE COMMAND - after the command the job runs, with its output in
# the file.
launches() {
	local file=$1
	shift
	fifos
	timeout "$LIMIT" "$@"
	facts
	detached
	survived "$file"
}

@test "S15: make, captured, with a job server" {
	need make
	printf 'all:\n\t+@"$$DETACH" "$$PROBE" facts ping pong\n' >Makefile
	launches nohup.out sh -c 'echo "$(make -j2 2>&1)" >said'
	[[ $(cat said) == *"detach: PID "* ]]
	quit

	# With nohup the job has the pipe.
	printf 'all:\n\t+@nohup "$$PROBE" facts ping pong &\n' >Makefile
	fifos
	sh -c 'echo "$(make -j2)"' >said 3>&- &
	facts
	[[ $(fact fd1) == pipe:* ]]
	quit
	wait $!
}

@test "S15: python, captured" {
	need python3
	cat >run.py <<-'END'
		import subprocess, sys
		print(subprocess.run(sys.argv[1:], capture_output=True).stderr.decode())
	END
	launches nohup.out python3 run.py "$DETACH" "$PROBE" facts ping pong
	quit

	# With nohup: until the job's end.
	fifos
	python3 run.py sh -c 'nohup "$PROBE" facts ping pong &' >said 3>&- &
	facts
	[[ $(fact fd1) == pipe:* && $(fact fd2) == pipe:* ]]
	quit
	wait $!
}

@test "S15: sudo with use_pty" {
	need sudo
	# For a sudoers file of the test's.
	right root mounts
	printf '%s\n' 'Defaults use_pty' 'root ALL=(ALL) NOPASSWD: ALL' >sudoers
	chmod 440 sudoers
	# Only a caller with a terminal gets another one.
	launches nohup.out "$PTY" "${private[@]}" sh -c '
		mount --bind sudoers /etc/sudoers
		exec sudo -n "$DETACH" "$PROBE" facts ping pong' </dev/null
	# nohup here is S1 again.
}

@test "S15: su -c, with and without a terminal of its own" {
	need su
	# su asks all others for a password.
	right root
	for option in "--pty -c" -c; do
		rm -f nohup.out
		# shellcheck disable=SC2086 # one or two
		launches nohup.out "$PTY" su $option \
			"'$DETACH' '$PROBE' facts ping pong" </dev/null
		quit
	done
}

@test "S15: tmux" {
	need tmux
	launches nohup.out tmux -S socket -f /dev/null new-session -d \
		"'$DETACH' '$PROBE' facts ping pong; cat"
	tmux -S socket kill-server
	survived nohup.out
}

@test "S15: screen" {
	need screen
	mkdir -m 700 sockets
	SCREENDIR=$PWD/sockets launches nohup.out "$PTY" screen -D -m sh -c \
		'"$DETACH" "$PROBE" facts ping pong'
}

@test "S15: cron" {
	need cron
	# For a crontab of the test's.
	right root mounts
	mkdir crontabs
	cat >crontabs/root <<END
HOME=$PWD
DETACH=$DETACH
PROBE=$PROBE
@reboot "\$DETACH" "\$PROBE" facts ping pong; echo over >over
@reboot nohup "\$PROBE" facts.old ping.old pong.old &
END
	chmod 600 crontabs/root
	mkfifo facts.old over
	fifos
	# A new /run makes this the first start since the boot, whose jobs are
	# due at once. The system's own crontabs are not to be seen.
	"${private[@]}" sh -c 'mount -t tmpfs none /run
		mount -t tmpfs none /etc/cron.d
		mount --bind /dev/null /etc/crontab
		mount --bind crontabs /var/spool/cron/crontabs
		exec cron -f' 3>&- &
	daemons=($!)
	timeout "$LIMIT" cat over
	facts
	detached
	survived nohup.out
	kill "${daemons[0]}"
	wait "${daemons[0]}" || true
	survived nohup.out

	# With nohup, cron waits for the end of the job's output; or, if it is
	# Debian's, has that in a file without a name, and mails what is there
	# when the command has ended.
	timeout "$LIMIT" cat facts.old >got
	[[ $(fact fd1) == pipe:* || $(fact fd1) == *" (deleted)" ]]
}

@test "S20: 1000 launches in a row" {
	mkfifo ran
	timeout "$LIMIT" cat ran >every 3>&- &
	reader=$!
	exec 8>ran
	for n in {1..1000}; do
		"$DETACH" -o ran "$PROBE" /dev/stdout "$n"
	done
	# Its end is that of the last job.
	exec 8>&-
	wait "$reader"
	[ "$(count_detached <every)" = "1000 1000" ]
}

@test "S20: 200 launches at once" {
	mkfifo ran
	timeout "$LIMIT" cat ran >every 3>&- &
	reader=$!
	exec 8>ran
	launchers=()
	for n in {1..200}; do
		"$DETACH" -o ran "$PROBE" /dev/stdout "$n" &
		launchers+=($!)
	done
	exec 8>&-
	for launcher in "${launchers[@]}"; do
		wait "$launcher"
	done
	wait "$reader"
	[ "$(count_detached <every)" = "200 200" ]
}

@test "S21: a job that opens a free terminal line" {
	mkfifo keys said
	exec 8<>keys 7<>said
	"$PTY" -l <keys >line 3>&- 7>&- 8>&- &
	timeout "$LIMIT" sh -c 'until [ -s line ]; do sleep 0.05; done'

	# The session leader acquires it, and with it its signals.
	timeout "$LIMIT" "$DETACH" -w -o said cat "$(cat line)" 3>&- 8>&- &
	echo first >&8
	told first
	printf '\003' >&8
	ended_with 130 $!

	"$DETACH" -o said sh -c 'cat "$1" & wait' sh "$(cat line)"
	echo second >&8
	told second
	printf '\003third\n' >&8
	told third
}
