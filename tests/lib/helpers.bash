# What all test files share. A job is tests/programs/probe: it writes what it
# was given to the FIFO "facts", and answers a line through "ping" by one
# through "pong". Nothing here sleeps and hopes; LIMIT ends what would hang. A
# file whose every test needs something names in "file_needs" a function that
# asks for it.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

bats_require_minimum_version 1.5.0

: "${SOURCE:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}" "${BUILD:=$SOURCE}"
# Tests type these names into many shells: a link stands for a directory with a blank
# or the like in its own.
plain() {
	if [[ $1 = *[!A-Za-z0-9/._+-]* && -n ${BATS_RUN_TMPDIR:-} ]]; then
		[ -e "$BATS_RUN_TMPDIR/$2" ] || ln -s "$1" "$BATS_RUN_TMPDIR/$2"
		echo "$BATS_RUN_TMPDIR/$2"
	else
		echo "$1"
	fi
}
SOURCE=$(plain "$SOURCE" source) BUILD=$(plain "$BUILD" build)
export DETACH=$BUILD/src/detach
export PROBE=$BUILD/tests/programs/probe PTY=$BUILD/tests/programs/pty
export CALLER=$BUILD/tests/programs/caller
export ODD_FILE=$BUILD/tests/programs/odd-file
export LIMIT=${LIMIT:-30}
umask 022
# What "make check" leaves for its sub-makes is not for the make of a test.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
daemons=()

setup() {
	[ -z "${file_needs:-}" ] || "$file_needs"
	cd "$BATS_TEST_TMPDIR" || return
	mkdir home
	export HOME=$BATS_TEST_TMPDIR/home
}

# A test leaves nothing behind: neither the servers, whose PIDs are in
# "daemons", nor any job, all of which have their working directory here.
teardown() {
	local process processes
	[ "${#daemons[@]}" = 0 ] || kill "${daemons[@]}" 2>/dev/null || true
	mapfile -t processes < <(find /proc/[0-9]*/cwd \
	    -lname "$BATS_TEST_TMPDIR*" 2>/dev/null)
	for process in "${processes[@]}"; do
		process=${process#/proc/}
		process=${process%/cwd}
		[ "$process" = $$ ] || [ "$process" = "$BASHPID" ] ||
		    kill -KILL "$process" 2>/dev/null || true
	done
	# bats removes the directory, which takes rights that a test took away.
	has root || chmod -R u+rwX "$BATS_TEST_TMPDIR"
}

# need TOOL... - skip the test if one of these is missing. Under CI, fail.
# Call this and right() in the test itself: bats ignores a skip in setup_file
# and in what "run" runs.
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

# right NAME... - skip the test if this place does not have these rights. The
# kernel is asked for each. CI does not fail for this, but .ci/run compares what
# was skipped with .ci/skips.
right() {
	local name
	for name; do
		has "$name" || skip "no right: $name"
	done
}

has() {
	case $1 in
	root) [ "$(id -u)" = 0 ] ;;
	mounts)
		"${private[@]}" mount --bind "$BATS_RUN_TMPDIR" \
		    "$BATS_RUN_TMPDIR" 2>/dev/null
		;;
	pid-namespaces)
		"${private[@]}" --pid --fork mount -t proc proc /proc 2>/dev/null
		;;
	# Of an ordinary user, who gets no number there.
	user-namespaces)
		if has root; then
			setpriv --reuid=65534 --clear-groups unshare -U true
		else
			unshare -U true
		fi 2>/dev/null
		;;
	# A process 1 that waits for the orphans it gets.
	reaper)
		mkfifo until-orphaned
		orphan=$(sh -c 'cat until-orphaned >/dev/null 2>&1 & echo $!')
		: >until-orphaned
		timeout 5 sh -c 'while [ -e "/proc/$1" ]; do
			sleep 0.05
		done' sh "$orphan"
		;;
	# The numbers are those of <linux/capability.h>.
	cap-sys-ptrace) has_capability 19 ;;
	cap-sys-admin) has_capability 21 ;;
	esac
}

has_capability() {
	local effective
	effective=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
	[ $((0x$effective >> $1 & 1)) = 1 ]
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

# Make keys and configurations in the file's directory; call in setup_file, and
# need_ssh in each test. The server has a passwd file of its own, by a library that
# stands before the C library's: one account per login shell, named after it, for
# the user of the test, whose home directory is the test's.
sshd_setup() {
	local dir=$BATS_FILE_TMPDIR shell
	command -v ssh-keygen >/dev/null || return 0
	# sshd as root wants the directory, which Debian makes at its start.
	! has root || mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/user_key"
	# sshd calls a shell by the last part of its path.
	mkdir -p "$dir/shells"
	ln -s "$(command -v busybox)" "$dir/shells/ash"
	cp /etc/passwd "$dir/passwd"
	for shell in bash dash zsh ksh93 mksh fish tcsh; do
		echo "$shell:x:$(id -u):$(id -g)::$dir/home:$(command -v "$shell")"
	done >>"$dir/passwd"
	echo "ash:x:$(id -u):$(id -g)::$dir/home:$dir/shells/ash" >>"$dir/passwd"
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
export LD_PRELOAD=$nss_wrapper NSS_WRAPPER_PASSWD='$dir/passwd'
export NSS_WRAPPER_GROUP=/etc/group
exec /usr/sbin/sshd -f '$dir/sshd_config' -E '$dir/sshd_log' "\$@"
END
	chmod +x "$dir/sshd"
	cat >"$dir/ssh_config" <<END
Host *
ProxyCommand $dir/sshd -i
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

nss_wrapper=libnss_wrapper.so

need_ssh() {
	need ssh ssh-keygen /usr/sbin/sshd
	# The loader names what it cannot find, and goes on.
	[ -z "$(LD_PRELOAD=$nss_wrapper true 2>&1)" ] || missing "$nss_wrapper"
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
		"$BATS_FILE_TMPDIR/sshd" -D -E "$PWD/log" \
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
	window env --default-signal=HUP sh -c 'echo $$ >client; exec ssh "$@"' ssh \
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
