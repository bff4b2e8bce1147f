#!/usr/bin/env bats
# Called setsid, the program is setsid: in all that can be seen as util-linux
# has it, but for the differences at the end.
# shellcheck disable=SC2016 # scripts are expanded by their own shell

load ../lib/helpers
load ../lib/personality

setup_file() {
	personalities_setup
}

# The script that follows has the facts of a job that nobody waits for: their
# end is the end of the FIFO that the probe has open.
fifo='mkfifo ../fifo
	{ timeout "$LIMIT" cat ../fifo >../facts; } 9>&- &'

# --- beside util-linux -------------------------------------------------------

@test "util-linux: in place, where it leads no group" {
	for options in '' -w; do
		same "setsid $options \"\$PROBE\" ../facts"
		grep -qx 'ppid=the shell' seen.ours
		grep -qx 'sid=itself' seen.ours
	done
	# Without the right to take a terminal away, all these fail.
	for options in -c -cw '--wait --ctty'; do
		same "setsid $options \"\$PROBE\" ../facts"
	done
	same 'sh -c "echo \$\$ >../pid; exec setsid \"\$PROBE\" ../facts"'
	[ "$(sed -n 's/^pid=//p' seen)" = "$(cat scene/pid)" ]
}

@test "util-linux: forks if it leads a group, or is told to" {
	for options in '' -w -f -fw; do
		for where in '' 'set -m;'; do
			same "$fifo $where setsid $options \"\$PROBE\" ../fifo
				status=\$?
				wait
				(exit \$status)"
			grep -qx 'sid=itself' seen.ours
		done
		grep -qx 'ppid=another' seen.ours
	done
	same 'exec setsid -w "$PROBE" ../facts'
	grep -qx 'sid=itself' seen.ours
}

@test "util-linux: the terminal of another session is taken from it" {
	right cap-sys-admin
	for options in -c -cw '--wait --ctty'; do
		same "setsid $options \"\$PROBE\" ../facts"
		grep -qx 'ctty=a terminal' seen.ours
		grep -qx 'ppid=the shell' seen.ours
		grep -qx 'sid=itself' seen.ours
	done
	for options in -fc -fcw; do
		same "$fifo setsid $options \"\$PROBE\" ../fifo
			status=\$?
			wait
			(exit \$status)"
		grep -qx 'sid=itself' seen.ours
	done
	grep -qx 'ppid=another' seen.ours
	same 'exec setsid -cw "$PROBE" ../facts'
	grep -qx 'sid=itself' seen.ours
}

@test "util-linux: the controlling terminal" {
	same 'setsid "$PROBE" ../facts'
	grep -qx 'ctty=none' seen.ours
	# Output alone does not make one, nor can any other stdin.
	for in in '</dev/null' '<&-' '</'; do
		for options in -c -cw -cfw; do
			same "setsid $options touch started $in"
			[ ! -e scene/work/started ]
		done
		same "setsid -cf touch started $in 2>&1 | cat >out"
	done
	same 'setsid -c nosuch </dev/null'
}

@test "util-linux: without a controlling terminal" {
	setsid=$(use system && command -v setsid)
	for options in '' -w -c; do
		same "$setsid -w sh -c 'setsid $options \"\$PROBE\" ../facts'"
	done
	same "$setsid -w sh -c 'setsid \"\$PROBE\" ../facts' </dev/null"
	grep -qx 'ctty=none' seen.ours
}

@test "util-linux: descriptors, those that are closed as well" {
	for how in '' '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' \
	    '<&- >&- 2>&-' '<../../in >out 2>err'; do
		echo input >in
		for options in '' -fw; do
			same "exec 7>seven 9<&0
				setsid $options \"\$PROBE\" ../facts $how"
			grep -q '^fd7=.*/seven' seen
		done
	done
	same 'echo input | setsid -fw cat | cat >out'
}

@test "util-linux: signals" {
	for options in '' -fw; do
		same "trap '' INT QUIT PIPE TERM HUP
			setsid $options \"\$PROBE\" ../facts"
		same "env --block-signal=USR1 --block-signal=HUP \
			--ignore-signal=USR2 --default-signal=INT \
			setsid $options \"\$PROBE\" ../facts"
		same "env --block-signal=USR1 sh -c 'kill -USR1 \$\$
			exec setsid $options \"\$PROBE\" ../facts'"
	done
	grep -qx 'SigBlk=0000000000000200' seen
	grep -qx 'ShdPnd=0000000000000000' seen
	same 'env --block-signal=USR1 sh -c "kill -USR1 \$\$
		exec setsid \"\$PROBE\" ../facts"'
	grep -qx 'ShdPnd=0000000000000200' seen
}

@test "util-linux: an ignored SIGCHLD leaves no status" {
	same 'trap "" CHLD
		setsid -fw sh -c "exit 3"'
	same 'env --ignore-signal=CHLD setsid -fw sh -c "exit 3"'
	grep -qx 'setsid: wait.*: No child processes' scene/terminal
	same "$fifo"' trap "" CHLD
		setsid -f "$PROBE" ../fifo
		wait'
	same 'trap "" CHLD
		setsid -f nosuch 2>&1 | cat >out'
}

@test "util-linux: a fork that fails" {
	need strace
	# A sanitizer's search for leaks needs a process that nobody traces.
	export ASAN_OPTIONS=detect_leaks=0
	for options in -f -fw; do
		same "strace -qqq -o ../trace -e trace='?clone,?fork,?clone3' \
			-e inject='?clone,?fork,?clone3:error=EAGAIN' \
			setsid $options touch started"
		grep -qx status=1 scene/more
		[ ! -e scene/work/started ]
	done
}

@test "util-linux: an argument can name any descriptor" {
	for options in '' -fw; do
		same "echo text >file
			exec 7<file
			setsid $options cat /dev/fd/7 >../more"
		grep -qx text scene/more
	done
}

@test "util-linux: directory, umask, niceness, limits, arguments" {
	for options in '' -fw; do
		same "ulimit -n 100
			umask 027
			nice -n 3 setsid $options -- \"\$PROBE\" ../facts \
			    'a  b' -x --help ''"
		grep -qx 'umask=027' seen
		grep -qx 'arg2=-x' seen
		same "FOO=bar setsid $options env | sed /^PATH=/d"
	done
}

@test "util-linux: the status" {
	for options in '' -w -f -fw; do
		for where in '' 'set -m;'; do
			same "$where setsid $options sh -c 'exit 42'"
			same "$where setsid $options true"
		done
	done
	grep -qx status=0 scene/more
	same 'setsid -fw sh -c "exit 42"'
	grep -qx status=42 scene/more
	# In place nobody stands between the shell and the signal.
	same 'setsid -w sh -c "kill -TERM \$\$"'
	grep -qx status=143 scene/more
}

@test "util-linux: a command that cannot be run" {
	for command in nosuch ./nosuch ./plain . / ./plain/x "''" - ./loop \
	    "$(printf '%300d' 1)" "$(printf 'a\nb\033\303\251')" ./orphan; do
		for options in '' -w -f -fw; do
			# What a child says after the end of its parent comes
			# before the end of the pipe.
			same ": >plain
				ln -s loop loop
				printf '%s\n' '#!/no/such' >orphan
				chmod +x orphan
				{ setsid $options $command; echo \$? >../more; } \
				    2>&1 | cat >out"
		done
	done
	same 'mkdir a b
		echo "echo not this one" >a/x
		echo "echo \"this one: \$0 \$*\"" >b/x
		chmod +x b/x
		PATH=$PWD/a:$PWD/b:$PATH setsid x 1 "2  3"
		PATH=$PWD/a:$PWD/b:$PATH setsid -fw x 1 "2  3"
		PATH=$PWD/a:$PATH setsid x'
}

@test "util-linux: bad command lines" {
	for line in '' -- -x -fx -cfx1 --nosuch --nosuch=1 --fork=1 --w= -w --wait; do
		same "setsid $line"
	done
	same '"$(command -v setsid)"
		"$(command -v setsid)" -x
		"$(command -v setsid)" --x
		"$(command -v setsid)" --help=x
		"$(command -v setsid)" nosuch'
}

@test "util-linux: a message that cannot be written" {
	for line in 'setsid nosuch' 'setsid -f nosuch' 'setsid -fw nosuch' \
	    setsid 'setsid --help >/dev/full' 'setsid -V >/dev/full'; do
		same "$line 2>/dev/full"
		same "$line 2>&-"
	done
	same 'setsid -h >/dev/full'
	same 'setsid -V >/dev/full'
	# A standard output that is closed is nothing to talk of.
	same 'setsid -h >&-; setsid --version >&-'
}

@test "util-linux: options end at the command; words for them can be cut" {
	same 'setsid true -f --wait; setsid --fo --wa sh -c "exit \$1" x 5'
	grep -qx status=5 scene/more
	use ours
	for help in -h --help --he; do
		run -0 --separate-stderr setsid "$help"
		[[ ${lines[0]} == "Usage: setsid "* && -z $stderr ]]
	done
	for version in -V --version --v; do
		run -0 --separate-stderr setsid "$version"
		[[ $output == "setsid from "* && -z $stderr ]]
	done
}

@test "the words of util-linux 2.38, where the system has another" {
	says() {
		observe ours "$1"
		shift
		printf '%s\n' "$@" | diff - <(tr -d '\r' <scene/terminal)
	}
	says 'setsid nosuch' \
	    "setsid: failed to execute nosuch: No such file or directory"
	says setsid "setsid: no command specified" \
	    "Try 'setsid --help' for more information."
	says 'setsid -x' "setsid: invalid option -- 'x'" \
	    "Try 'setsid --help' for more information."
	says 'setsid -c true </dev/null' \
	    "setsid: failed to set the controlling terminal: Inappropriate ioctl for device"
}

@test "a hang-up does not reach the job" {
	use ours
	mkfifo facts ping pong
	"$PTY" setsid -w "$PROBE" facts ping pong </dev/null >out &
	facts
	kill -KILL $!
	# The kernel has sent SIGHUP before the terminal's master is closed.
	wait $! || true
	[ "$(fact sid)" = "$(fact pid)" ]
	refresh
	[ "$(fact ctty)" = 0 ]
	[ "$(fact ShdPnd)" = 0000000000000000 ]
	quit
}

# --- the differences, all of them --------------------------------------------

@test "difference: -f returns when the job runs in its session" {
	right pid-namespaces
	use ours
	cat >first <<-'END'
	# In a new PID namespace this is 1, setsid is 2, the job is 3.
	[ $$ = 1 ] && setsid -f "$PROBE" facts ping pong || exit
	read -r _ _ _ _ _ sid _ </proc/3/stat
	[ "$sid" = 3 ] && [ /proc/3/exe -ef "$PROBE" ]
	END
	for _ in {1..20}; do
		rm -f facts ping pong
		mkfifo facts ping pong
		run -0 "${private[@]}" --pid --fork --mount-proc --kill-child \
		    sh first 3>&- 4>&-
	done
}

@test "difference: ... so that a session's last command can be setsid -f" {
	use ours
	for _ in {1..50}; do
		start "$PTY" sh -c 'exec setsid -f "$@" </dev/null >out 2>&1' x
		[ "$(fact sid)" = "$(fact pid)" ]
		alive out
		quit
	done
}

@test "difference: ... and no signal to the caller's group ends it before" {
	need strace
	# A sanitizer's search for leaks needs a process that nobody traces.
	export ASAN_OPTIONS=detect_leaks=0
	# As if it came between the fork and the new session, in the child.
	signalled='strace -f -qq -o /dev/null -e trace=setsid \
		-e inject=setsid:signal=INT'
	differ "$signalled setsid -fw sh -c 'exit 7'" status=2 status=7
}

@test "difference: -f has said why the command cannot run when it returns" {
	observe ours 'setsid -f nosuch 2>err
		cp err ../said'
	[ "$(cat scene/said)" = \
	    "setsid: failed to execute nosuch: No such file or directory" ]
	grep -qx status=0 scene/more
}

@test "difference: -w gives 128+N for a job that signal N killed" {
	differ 'setsid -fw sh -c "kill -TERM \$\$"' status=15 status=143
	[ ! -s scene/terminal ]
	differ 'setsid -fw sh -c "kill -KILL \$\$"' status=9 status=137
}

@test "difference: a foreign binary is not handed to /bin/sh" {
	differ 'printf "\177ELF\0echo wrong\n" >binary
		chmod +x binary
		setsid ./binary' '' status=126
	grep -qx "setsid: failed to execute ./binary: Exec format error" \
	    scene/terminal
}

@test "difference: --help and --version have texts of their own" {
	differ 'setsid --version >../more' '' "setsid from detach 1.0"
	differ 'setsid --help >../more' 'Run a program in a new session.' ''
}
