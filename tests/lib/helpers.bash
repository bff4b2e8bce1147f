# What all test files share. A job is tests/programs/probe: it writes what it
# was given to the FIFO "facts", and answers a line through "ping" by one
# through "pong". Nothing here sleeps and hopes; LIMIT ends what would hang.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

bats_require_minimum_version 1.5.0

: "${SOURCE:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}" "${BUILD:=$SOURCE}"
export DETACH=$BUILD/src/detach
export PROBE=$BUILD/tests/programs/probe PTY=$BUILD/tests/programs/pty
export CALLER=$BUILD/tests/programs/caller
export ODD_FILE=$BUILD/tests/programs/odd-file
export LIMIT=30
umask 022
# What "make check" leaves for its sub-makes is not for the make of a test.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
daemons=()

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir home
	export HOME=$BATS_TEST_TMPDIR/home
}

# A test leaves nothing behind: neither the servers, whose PIDs are in
# "daemons", nor any job, all of which have their working directory here.
teardown() {
	local process
	[ "${#daemons[@]}" = 0 ] || kill "${daemons[@]}" 2>/dev/null || true
	for process in /proc/[0-9]*; do
		case $(readlink "$process/cwd") in
		"$BATS_TEST_TMPDIR"*)
			[ "${process#/proc/}" = $$ ] ||
			    [ "${process#/proc/}" = "$BASHPID" ] ||
			    kill -KILL "${process#/proc/}" 2>/dev/null || true
			;;
		esac
	done
}

# need TOOL... - skip the test if one of these is missing. Under CI, fail.
need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null && continue
		missing "$tool"
	done
}

missing() {
	[ "${CI:-}" != true ] || {
		echo "missing: $*"
		return 1
	}
	skip "missing: $*"
}

# Make the FIFOs of a new probe.
fifos() {
	rm -f facts ping pong
	mkfifo facts ping pong
}

# start COMMAND [ARG]... - run the command with the probe and its arguments
# appended, such as: start "$DETACH" -o out. The facts are then in "got".
start() {
	fifos
	"$@" "$PROBE" facts ping pong || return
	facts
}

# Read the facts that a probe writes to its FIFO into "got".
facts() {
	timeout "$LIMIT" cat facts >got
}

# fact KEY - print one of the facts in "got".
fact() {
	sed -n "s/^$1=//p" got
}

# ask LINE - the probe writes LINE to its standard output and then answers. If
# it does not answer, the job is dead.
ask() {
	timeout "$LIMIT" sh -c 'echo "$1" >ping && cat pong' sh "$1"
}

# Have the probe tell its facts of this moment.
refresh() {
	ask facts >got
}

# alive FILE - the probe answers, and its output still arrives, once, in the
# file.
alive() {
	local token=token-$BASHPID-$RANDOM
	[ "$(ask "$token")" = "$token" ] &&
	    [ "$(grep -cxF "$token" "$1")" = 1 ]
}

# survived FILE - after the event the job still has every promise, and writes to
# the file.
survived() {
	refresh
	detached
	alive "$1"
}

# ended_with STATUS PID - a child of this shell ends with that status. (Not "run
# wait": that is a subshell, of which it is no child.)
ended_with() {
	local status=0
	wait "$2" || status=$?
	[ "$status" = "$1" ]
}

quit() {
	timeout "$LIMIT" sh -c 'echo quit >ping'
}

# detached - the job whose facts are in "got" was given the promises 2, 3, 4, 6.
detached() {
	cat got
	awk -f "$SOURCE/tests/lib/promises.awk" got
}

# count_detached - of the facts on standard input, print how many jobs with a
# WORD of their own there are, and how many of them were given these promises,
# in a session of their own and with an output that is kept.
count_detached() {
	awk -v count=1 -f "$SOURCE/tests/lib/promises.awk"
}

# reaches STATE PID - wait until the process is in that state.
reaches() {
	timeout "$LIMIT" sh -c 'until grep -q "^State:.$1" "/proc/$2/status"
		do
			sleep 0.05
		done' sh "$1" "$2"
}

# In a chroot "/" is no mount point, whose propagation unshare could change.
private=(unshare -m)
"${private[@]}" true 2>/dev/null || private+=(--propagation unchanged)

# --- a terminal window -------------------------------------------------------

# window COMMAND... - open one with that command. What is written to descriptor
# 8 is typed there; a word that the command writes to the FIFO "up" is what
# "told" waits for. "cat word held" there says "up", and stays.
window() {
	rm -f keys up held
	mkfifo keys up held
	echo up >word
	exec 7<>up 8<>keys
	# A shell starts what "&" ends with INT and QUIT ignored.
	env --default-signal=INT,QUIT "$PTY" "$@" <keys >screen \
		3>&- 7>&- 8>&- &
	window=$!
}

told() {
	local word
	read -r -t "$LIMIT" -u 7 word
	[ "$word" = "$1" ]
}

# Wait until every process in the window that has "up" open has ended.
ended() {
	exec 9<up 7>&-
	timeout "$LIMIT" cat <&9
}

close_window() {
	kill -KILL "$window"
	wait "$window" || true
}

# refused STATUS TEXT COMMAND... - the command fails with that status and one
# line on stderr that holds the text, and no job was started.
refused() {
	local status=$1 text=$2
	shift 2
	run --separate-stderr "-$status" "$@"
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" = 1 ]
	[[ $stderr == "detach: "*"$text"* ]]
	[ ! -e started ]
}

# --- a real OpenSSH server, without a port -----------------------------------

# Make keys and configurations in the file's directory; call in setup_file.
# The server has a passwd file of its own, in a mount namespace: one account
# per login shell, named after it, whose home directory is the test's.
sshd_setup() {
	local dir=$BATS_FILE_TMPDIR shell
	need ssh ssh-keygen /usr/sbin/sshd unshare
	[ "$(id -u)" = 0 ] || missing "root, for a passwd file of the test's"
	# sshd wants the directory, which Debian makes at its start.
	mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/user_key"
	# sshd calls a shell by the last part of its path.
	ln -s "$(command -v busybox)" "$dir/ash"
	cp /etc/passwd "$dir/passwd"
	for shell in bash dash zsh ksh93 mksh fish tcsh; do
		echo "$shell:x:0:0::$dir/home:$(command -v "$shell")"
	done >>"$dir/passwd"
	echo "ash:x:0:0::$dir/home:$dir/ash" >>"$dir/passwd"
	cat >"$dir/sshd_config" <<END
HostKey $dir/host_key
AuthorizedKeysFile $dir/user_key.pub
StrictModes no
PermitRootLogin yes
UsePAM no
PidFile none
PrintLastLog no
PrintMotd no
MaxStartups 1000
END
	cat >"$dir/sshd" <<END
#!/bin/sh
mount --bind $dir/passwd /etc/passwd &&
exec /usr/sbin/sshd -f $dir/sshd_config -E $dir/sshd_log "\$@"
END
	chmod +x "$dir/sshd"
	cat >"$dir/ssh_config" <<END
Host *
ProxyCommand ${private[*]} $dir/sshd -i
User bash
IdentityFile $dir/user_key
IdentitiesOnly yes
UserKnownHostsFile /dev/null
StrictHostKeyChecking no
LogLevel ERROR
# The default one takes more time than all the rest of a connection.
KexAlgorithms curve25519-sha256
END
}

# host [OPTION]... COMMAND - ssh to the test's server; -l SHELL for another
# login shell than bash. The command's working directory is this one.
host() {
	ln -sfn "$PWD" "$BATS_FILE_TMPDIR/home"
	timeout "$LIMIT" ssh -F "$BATS_FILE_TMPDIR/ssh_config" "$@"
}

# listen [OPTION]... - start a server on a free port of 127.0.0.1.
listen() {
	local said=
	until [[ $said == *"Server listening"* ]]; do
		rm -f log
		mkfifo log
		exec 6<>log
		port=$((RANDOM % 16384 + 16384))
		"${private[@]}" "$BATS_FILE_TMPDIR/sshd" -D -E "$PWD/log" \
			-o ListenAddress=127.0.0.1 -p "$port" "$@" 3>&- &
		daemons=($!)
		# If the port is taken, the first line says so.
		read -r -t "$LIMIT" -u 6 said
	done
	# Drop what it says later, or a full FIFO would block it.
	(
		exec <log >/dev/null 3>&- 6>&- 7>&- 8>&- 9>&-
		cd / && exec cat
	) &
	daemons+=($!)
}

# session OPTION COMMAND - a terminal window with ssh to that server, which
# runs the command, then says "up" and stays until it learns of the end.
session() {
	ln -sfn "$PWD" "$BATS_FILE_TMPDIR/home"
	window sh -c 'echo $$ >client; exec ssh "$@"' ssh \
		-F "$BATS_FILE_TMPDIR/ssh_config" -o ProxyCommand=none \
		-p "$port" "$1" 127.0.0.1 "$2"
	told up
}

# A command that stays. It does not read, and does not lead the session, so it
# ends by the SIGHUP that a hang-up sends to the foreground. A job that were
# still in that foreground would get the same signal.
stay='cat word held >up; :'

# The same without a terminal: nobody is signalled, but at the end of the
# connection the input ends.
stay_reading='{ echo up; cat; } >up'
