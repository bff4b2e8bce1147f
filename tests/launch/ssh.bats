#!/usr/bin/env bats
# The scenarios of a remote login, each against OpenSSH's own server and
# client. Where the test does not show what the old idiom does in the same
# place, a comment says what it was measured to do.

# shellcheck disable=SC2016 # single quotes: expanded by the remote shell
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # shared with bats and helpers
load ../lib/helpers

file_needs=need_ssh

setup_file() {
	sshd_setup
}

# In the words of any shell.
detach="'${DETACH:?}'"
job="'${PROBE:?}' facts ping pong"

# arrives LINE FILE - what a remote job wrote has to pass sshd and ssh.
arrives() {
	timeout "$LIMIT" sh -c \
		'until grep -qx "$1" "$2"; do sleep 0.05; done' sh "$@"
}

@test "S1: ssh -t, and the remote shell exits at once" {
	fifos
	run -0 host -tt test "$detach $job" </dev/null
	[[ $output == "detach: PID "*", output in '$PWD/nohup.out'"* ]]
	# The job waits for a reader of its facts: all it does, it does after
	# the hang-up.
	facts
	detached
	survived nohup.out
}

@test "S2: ssh without a terminal returns at once" {
	fifos
	run --separate-stderr -0 host test "$detach $job" </dev/null
	[ "$output" = "" ]
	[[ $stderr == "detach: PID "*", output in '$PWD/nohup.out'" ]]
	facts
	detached
	survived nohup.out

	run -127 host test "$detach no-such-command" </dev/null
	[ "$output" = "detach: no-such-command: No such file or directory" ]

	# With nohup the job has the connection, and ssh waits for its end.
	fifos
	host test "nohup $job &" </dev/null >old 3>&- &
	facts
	[[ $(fact fd1) == pipe:* ]]
	ask late
	arrives late old
	quit
	wait $!
}

@test "S3: ssh -t, and the client dies or its window is closed" {
	listen
	for death in INT TERM HUP KILL window; do
		rm -f out
		fifos
		session -t "$detach -o out $job; $stay"
		facts
		ask before
		if [ "$death" = window ]; then
			kill -KILL "$window"
		else
			kill "-$death" "$(cat client)"
		fi
		ended
		survived out
		[ "$(head -n 1 out)" = before ]
		quit
	done
}

@test "S4: ssh -T, the client is killed and the job keeps writing" {
	listen
	fifos
	session -T "$detach $job; $stay_reading"
	facts
	ask before
	kill -KILL "$(cat client)"
	ended
	survived nohup.out
	[ "$(head -n 1 nohup.out)" = before ]
	quit

	# With nohup, the next write is the job's end: SIGPIPE.
	fifos
	mkfifo life
	timeout "$LIMIT" cat life 3>&- &
	end=$!
	session -T "nohup $job 9>life & $stay_reading"
	facts
	ask before
	kill -KILL "$(cat client)"
	ended
	timeout "$LIMIT" sh -c 'echo after >ping'
	wait "$end"
}

@test "S5: the network is lost, and the server gives up" {
	listen -o ClientAliveInterval=1 -o ClientAliveCountMax=1
	fifos
	session -t "$detach -o out $job; $stay"
	facts
	ask before
	kill -STOP "$(cat client)"
	ended
	survived out
	[ "$(head -n 1 out)" = before ]
	# For nohup this is S3.
}

@test "S6: detach in a login shell, then exit" {
	echo 'shopt -s huponexit checkjobs' >.bash_profile
	echo 'setopt HUP CHECK_JOBS CHECK_RUNNING_JOBS' >.zshrc
	for shell in bash zsh; do
		rm -f out
		fifos
		run -0 host -l "$shell" -tt test <<END
$detach -o out $job
exit
END
		[[ $output == *"detach: PID "* ]]
		[[ $output != *"running jobs"* ]]
		facts
		detached
		survived out
		quit

		# With nohup the first "exit" is refused.
		run host -l "$shell" -tt test <<END
nohup sleep 1000 &
exit
exit
END
		[[ $output == *"running jobs"* ]]
	done
}

@test "S7: sshd is restarted, then the session's sshd killed" {
	listen
	fifos
	# Whoever adopts an orphan here, init or a subreaper, has the job.
	session -t "echo \$PPID >server
		sh -c 'cat held & echo \$! >orphan'
		$detach -o out $job; $stay"
	facts
	ask before
	[ "$(fact ppid)" = "$(sed -n 's/^PPid:\t//p' \
		"/proc/$(cat orphan)/status")" ]
	kill "${daemons[0]}"
	wait "${daemons[0]}" || true
	listen
	alive out
	kill -KILL "$(cat server)"
	ended
	survived out
	[ "$(head -n 1 out)" = before ]
	# For nohup this is S3; and where its process is still sshd's child,
	# killing sshd's whole tree ends it.
}

@test "S9: ssh in a background script, and Enter is pressed" {
	ln -sfn "$PWD" "$BATS_FILE_TMPDIR/home"
	echo "exec ssh -F $BATS_FILE_TMPDIR/ssh_config test \"$job\"" >job.sh
	fifos
	window bash -mc '"$DETACH" -q -o out -p pid sh job.sh
		echo up >up
		read -r line
		echo over >up
		cat held'
	told up
	facts
	echo >&8
	# The foreground has read the line; ssh had the same chance.
	told over
	ask still
	arrives still out
	[ "$(readlink "/proc/$(cat pid)/fd/0")" = /dev/null ]
	# The controlling terminal: none.
	[ "$(cut -d ' ' -f 7 "/proc/$(cat pid)/stat")" = 0 ]
	run ! grep '^State:.[TZ]' "/proc/$(cat pid)/status"
	[ "$(grep -c '^S..Pnd:.0*$' "/proc/$(cat pid)/status")" = 2 ]
	quit
	close_window

	# With "&" alone, the terminal is the input.
	fifos
	window bash -mc 'sh job.sh & echo $! >pid; echo up >up; cat held'
	told up
	facts
	echo >&8
	reaches T "$(cat pid)"
	close_window
}

@test "S10: a loop that reads its list from stdin" {
	printf '%s\n' one two three >list
	mkfifo lines
	exec 7<>lines
	ln -sfn "$PWD" "$BATS_FILE_TMPDIR/home"
	# The job is an ssh whose remote command reads all there is.
	while read -r line; do
		"$DETACH" -q ssh -F "$BATS_FILE_TMPDIR/ssh_config" test \
			"cat; echo $line >lines"
	done <list
	for _ in one two three; do
		read -r -t "$LIMIT" -u 7 line
		echo "$line"
	done | sort >every
	sort list | diff - every

	while read -r line; do
		echo "$line"
		nohup ssh -F "$BATS_FILE_TMPDIR/ssh_config" test "cat" \
			>/dev/null 2>&1
	done <list >rounds
	[ "$(cat rounds)" = one ]
}

@test "S17: inherited signal settings, over ssh" {
	for terminal in -T -tt; do
		rm -f out
		fifos
		host "$terminal" test "trap '' INT QUIT PIPE TERM
			env --block-signal=TERM,USR1 $detach -o out $job &
			wait" </dev/null
		facts
		detached
		survived out
		quit

		# With nohup: HUP, INT, QUIT, PIPE, TERM ignored; TERM, USR1
		# blocked; and whatever else sshd came with.
		fifos
		host "$terminal" test "trap '' INT QUIT PIPE TERM
			env --block-signal=TERM,USR1 nohup $job \
				>/dev/null 2>&1 &
			wait" </dev/null 3>&- &
		facts
		[ $((0x$(fact SigIgn) & 0x5007)) = $((0x5007)) ]
		[ $((0x$(fact SigBlk) & 0x4200)) = $((0x4200)) ]
		quit
		wait $!
	done
}

# fails STATUS LINE COMMAND - over ssh, with and without a terminal, the
# command fails with that status and that one line alone.
fails() {
	for terminal in -T -tt; do
		run "-$1" host "$terminal" test "$3" </dev/null
		[ "${output%$'\r'}" = "detach: $2" ]
		[ ! -e started ]
	done
}

@test "S18: the start fails, over ssh" {
	printf '#!/no/interpreter\n' >bad
	chmod +x bad
	: >plain
	"$ODD_FILE" no-machine foreign
	fails 127 "./no: No such file or directory" "$detach ./no"
	fails 126 "./plain: Permission denied (chmod +x makes it executable)" "$detach ./plain"
	fails 126 "./foreign: Exec format error" "$detach -o /dev/null ./foreign"
	fails 127 "./bad: bad interpreter '/no/interpreter': \
No such file or directory" "$detach -o /dev/null ./bad"
	fails 125 "-o no/out: No such file or directory" \
		"$detach -o no/out touch started"
	# A sanitizer's search for leaks needs a process too.
	# The limit does not hold for root, who alone may be able to look into
	# the build directory.
	! has root || other="setpriv --reuid=65534 --clear-groups \
		--inh-caps=+dac_override --ambient-caps=+dac_override"
	fails 125 "fork: Resource temporarily unavailable" \
		"env ASAN_OPTIONS=detect_leaks=0 ${other:-} \
		prlimit --nproc=0 $detach -o /dev/null touch started"

	# What "&" says to the same: nothing is wrong.
	run -0 host test "nohup ./no >/dev/null 2>&1 </dev/null &"
}

@test "S18: the start fails for a full file system, over ssh" {
	right mounts
	mkdir full
	fails 125 "-p full/pid: No space left on device" \
		"${private[*]} sh -c 'mount -t tmpfs -o size=4k none full
		cat /dev/zero >full/zeros 2>/dev/null
		$detach -o /dev/null -p full/pid touch started'"
}

# login SHELL - S1, S2 and S6 under that login shell.
login() {
	: >.zshrc
	for options in -tt -T; do
		rm -f out
		fifos
		run -0 host -l "$1" $options test "$detach -o out $job" \
			</dev/null
		facts
		survived out
		quit
	done
	rm -f out
	fifos
	run -0 host -l "$1" -tt test <<END
$detach -o out $job
exit
END
	[[ $output != *"running jobs"* && $output != *topped* ]]
	facts
	survived out
}

@test "S19: bash" {
	login bash
}

@test "S19: dash" {
	login dash
}

@test "S19: zsh" {
	login zsh
}

@test "S19: ksh93" {
	login ksh93
}

@test "S19: mksh" {
	login mksh
}

@test "S19: fish" {
	login fish
}

@test "S19: tcsh" {
	login tcsh
}

@test "S19: busybox ash" {
	login ash
}
