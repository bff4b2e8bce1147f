#!/usr/bin/env bats
# Called nohup, the program is nohup: as POSIX has it, and in all that can be
# seen as GNU coreutils has it, but for the differences at the end.
# shellcheck disable=SC2016 # scripts are expanded by their own shell

load ../lib/helpers
load ../lib/personality

setup_file() {
	personalities_setup
}

# --- beside GNU nohup --------------------------------------------------------

@test "GNU: terminal, file or closed, on each of 0, 1 and 2" {
	for in in '' '<../../in' '<&-'; do
		for out in '' '>out' '>&-'; do
			for err in '' '2>err' '2>&-'; do
				echo input >in
				same "nohup \"\$PROBE\" ../facts $in $out $err"
			done
		done
	done
	# The last of them had nothing to say, and so ran.
	grep -q '^pid=' seen
	run ! grep -q '^fd[012]=' seen
}

@test "GNU: pipes and sockets are kept" {
	same 'echo input | nohup "$PROBE" ../facts 2>&1 | cat >out'
	grep -q '^fd1=pipe:' seen
}

@test "GNU: a terminal that was hung up is none" {
	for whose in system ours; do
		use "$whose"
		rm -f ready go got
		mkfifo ready go
		"$PTY" sh -c 'trap "" HUP
			echo >ready
			read go <go
			nohup "$PROBE" got
			echo "status=$?" >>got
			echo >ready' </dev/null &
		timeout "$LIMIT" cat ready
		# When it has been waited for, the master is closed.
		kill -KILL $!
		wait $! || true
		echo >go
		timeout "$LIMIT" cat ready
		[ ! -e nohup.out ]
		sed '/^ppid=/d; /^[sp]g*id=/d' got | normal >"seen.$whose"
	done
	diff -u seen.system seen.ours
	grep 'fd0=.*/dev/pts/N' seen.ours
	grep -x status=0 seen.ours
}

@test "GNU: inherited signals" {
	same 'trap "" INT QUIT PIPE CHLD TERM
		nohup "$PROBE" ../facts'
	same 'env --block-signal=USR1 --block-signal=HUP --ignore-signal=USR2 \
		nohup "$PROBE" ../facts'
	# The shell's own signal stays pending through two execs.
	same 'env --block-signal=USR1 sh -c "kill -USR1 \$\$
		exec nohup \"\$PROBE\" ../facts"'
	grep -qx 'ShdPnd=0000000000000200' seen
}

@test "GNU: signals that the C libraries keep for themselves" {
	same 'env --block-signal=32 --block-signal=33 --block-signal=34 \
		nohup grep SigBlk /proc/self/status </dev/null'
	grep -q . seen
}

@test "GNU: an empty HOME, and slashes at its end" {
	local home
	for home in '' /proc// ..//; do
		same "mkdir nohup.out; HOME=$home nohup touch started"
	done
}

@test "GNU: a stderr that cannot take what is wrong" {
	same 'nohup nosuch 2</dev/null'
	same 'nohup nosuch 2<.'
	same 'nohup touch started 2</dev/null'
}

@test "GNU: an option that could be any" {
	same 'nohup --=x true'
	same 'nohup --= true'
}

@test "GNU: descriptors, directory, umask, niceness, limits, arguments" {
	same 'exec 7>seven 9<&0
		ulimit -n 100
		umask 027
		nice -n 3 nohup "$PROBE" ../facts "a  b" -x --help ""'
	grep -q '^fd7=.*/seven' seen
	grep -q '^fd9=/dev/pts/' seen
	grep -qx 'umask=027' seen
	grep -qx "nice=$(($(nice) + 3))" seen
	grep -qx 'arg2=-x' seen
}

@test "GNU: the environment is the same" {
	same 'FOO=bar nohup env | sed /^PATH=/d; cat nohup.out | sed /^PATH=/d'
}

@test "GNU: it is the process that was started, in its session and group" {
	same 'sh -c "echo \$\$ >../pid; exec nohup \"\$PROBE\" ../facts"'
	[ "$(sed -n 's/^pid=//p' seen)" = "$(cat scene/pid)" ]
	same 'set -m
		nohup "$PROBE" ../facts'
	grep -qx 'pgid=itself' seen.ours
	same 'exec nohup "$PROBE" ../facts'
	grep -qx 'sid=itself' seen.ours
	same "$(command -v setsid)"' -w nohup "$PROBE" ../facts'
	grep -qx 'ctty=none' seen.ours
}

@test "GNU: nohup.out exists" {
	same 'echo old >nohup.out
		chmod 644 nohup.out
		nohup echo new'
	same 'umask 777
		nohup echo new'
	same 'umask 0
		nohup echo new'
	same 'echo old >nohup.out
		chmod 200 nohup.out
		umask 777
		nohup echo new'
}

@test "GNU: nohup.out is a link, a device, a FIFO" {
	same 'echo old >target
		ln -s target nohup.out
		nohup echo new'
	grep -qx new scene/work/target
	same 'ln -s target nohup.out
		nohup echo new'
	grep -qx new scene/work/target
	same 'echo old >target
		ln target nohup.out
		nohup echo new'
	grep -qx new scene/work/target
	same 'ln -s /dev/null nohup.out
		nohup echo new'
	same 'mkfifo nohup.out
		cat nohup.out >out &
		nohup echo new
		wait'
	grep -qx new scene/work/out
}

@test "GNU: no nohup.out here" {
	same 'mkdir nohup.out
		nohup echo new'
	grep -qx new scene/home/nohup.out
	same 'mkdir nohup.out
		HOME=$HOME/ nohup echo new'
	same 'mkdir nohup.out
		HOME=.. nohup echo new
		cat ../nohup.out'
	same 'cd /proc
		nohup echo new >&-'
	same 'mkdir nohup.out
		mkdir "$HOME/it'\''s
"
		HOME="$HOME/it'\''s
" nohup echo new'
}

@test "GNU: no nohup.out anywhere" {
	same 'mkdir nohup.out ../home/nohup.out
		nohup touch started'
	same 'mkdir nohup.out
		HOME=/proc/nowhere nohup touch started'
	same 'mkdir nohup.out
		unset HOME
		nohup touch started'
	same 'mkdir nohup.out
		HOME=$(printf "/%5000d" 1) nohup touch started'
	same 'ln -s nohup.out nohup.out
		POSIXLY_CORRECT=1 HOME=/proc nohup touch started'
	[ ! -e scene/work/started ]
}

@test "GNU: a command that cannot be run" {
	for command in nosuch ./nosuch ./plain plain . / ./plain/x "''" - \
	    ./loop "$(printf '%300d' 1)" "./$(printf '%5000d' 1)" ./denied \
	    ./orphan; do
		for out in '' '>out' '>&-'; do
			same "echo : >plain
				ln -s loop loop
				printf '%s\n' '#!/no/such' >orphan
				printf '%s\n' '#!/proc/self/mem' >denied
				chmod +x orphan denied
				PATH=.:\$PATH nohup $command $out"
		done
	done
	same 'POSIXLY_CORRECT=1 nohup nosuch'
	same 'POSIXLY_CORRECT=1 nohup /'
}

@test "GNU: the way to the command" {
	same 'mkdir a b
		echo "echo not this one" >a/x
		echo "#!/bin/sh
		echo this one" >b/x
		chmod +x b/x
		PATH=$PWD/a:$PWD/b:$PATH nohup x'
	same 'echo "echo \"\$0 \$*\"" >script
		chmod +x script
		nohup ./script 1 "2  3"
		PATH=:$PATH nohup script'
	same 'mkdir a
		mkdir a/x
		PATH=a:$PATH nohup x'
	same 'PATH=
		export PATH
		cp /bin/true .
		nohup true'
	same 'nohup=$(command -v nohup)
		unset PATH
		"$nohup" true >out'
}

# Names with each byte, which no command has.
run_all_bytes() {
	for byte in {1..255}; do
		[ "$byte" != 47 ] || continue
		# shellcheck disable=SC2059 # an escape
		char=$(printf "\\x$(printf %x "$byte")."); char=${char%.}
		for word in "a${char}b" "${char}x'" "'y$char" "$char$char 1"; do
			LC_ALL=C nohup -- "$word" || true
		done
	done </dev/null 2>&1
}

@test "GNU: names of all bytes in messages" {
	use ours
	run_all_bytes >ours
	use system
	run_all_bytes >system
	[ "$(grep -c "^nohup: failed to run command .*: No such" ours)" = 1016 ]
	diff -u <(words <system) <(words <ours)
}

@test "GNU: bad command lines" {
	for line in '' -- -x -xyz --nosuch --nosuch=1 --help=1 --ver=1 --h=; do
		same "nohup $line"
		same "POSIXLY_CORRECT=1 nohup $line"
	done
	same '"$(command -v nohup)"
		"$(command -v nohup)" -x
		"$(command -v nohup)" --x
		"$(command -v nohup)" nosuch'
}

@test "GNU: a message that cannot be written" {
	for line in 'nohup touch started' 'nohup nosuch' \
	    'nohup touch started >out' 'nohup touch started </dev/null' \
	    'nohup nosuch </dev/null >out' 'nohup' 'nohup --help >/dev/full'; do
		same "$line 2>/dev/full"
		same "$line 2>&-"
		same "POSIXLY_CORRECT=1 $line 2>/dev/full"
	done
	same 'nohup --version >/dev/full'
	same 'nohup --help >&-'
	# A reader that has gone is a signal, as for any filter.
	same 'nohup true 2>&1 >out | exec true; echo; set -m
		mkfifo gone; (exec 3<>gone; nohup touch started 2>gone 3<&-) & wait'
}

# --- the words of coreutils 9.1, where the system has another ------------------

# says SCRIPT LINE... - on the terminal, and nothing else.
says() {
	observe ours "$1"
	shift
	printf '%s\n' "$@" | diff - <(tr -d '\r' <scene/terminal)
}

@test "words: where input and output go" {
	says 'nohup true' \
	    "nohup: ignoring input and appending output to 'nohup.out'"
	says 'nohup true >out' \
	    "nohup: ignoring input and redirecting stderr to stdout"
	observe ours 'nohup true 2>err'
	[ ! -s scene/terminal ]
	grep -qx "nohup: ignoring input and appending output to 'nohup.out'" \
	    scene/work/err
	says 'nohup true </dev/null' "nohup: appending output to 'nohup.out'"
	says 'nohup true </dev/null >out' "nohup: redirecting stderr to stdout"
	observe ours 'nohup true >out 2>&1'
	[ ! -s scene/terminal ]
	grep -qx "nohup: ignoring input" scene/work/out
	observe ours 'nohup true >out 2>&1 </dev/null'
	[ ! -s scene/terminal ]
	says '"$(command -v nohup)" true' \
	    "$BATS_FILE_TMPDIR/ours/nohup: ignoring input and appending output to 'nohup.out'"
}

@test "words: what is wrong" {
	says 'nohup nosuch </dev/null >out' \
	    "nohup: redirecting stderr to stdout" \
	    "nohup: failed to run command 'nosuch': No such file or directory"
	says nohup "nohup: missing operand" \
	    "Try 'nohup --help' for more information."
	says 'nohup -x' "nohup: invalid option -- 'x'" \
	    "Try 'nohup --help' for more information."
	says 'nohup --nosuch' "nohup: unrecognized option '--nosuch'" \
	    "Try 'nohup --help' for more information."
	says 'mkdir nohup.out; HOME=/proc nohup true' \
	    "nohup: failed to open 'nohup.out': Is a directory" \
	    "nohup: failed to open '/proc/nohup.out': No such file or directory"
}

# --- what POSIX says ---------------------------------------------------------

@test "POSIX: SIGHUP is ignored, and a hang-up does not end the job" {
	use ours
	mkfifo facts ping pong
	"$PTY" nohup "$PROBE" facts ping pong </dev/null &
	facts
	[[ $(fact SigIgn) == *[13579bdf] ]]
	kill -KILL $!
	# The kernel has sent SIGHUP before the terminal's master is closed.
	wait $! || true
	alive nohup.out
	quit
}

@test "POSIX: terminal output is appended to nohup.out, which is private" {
	observe ours 'umask 0
		nohup sh -c "echo out; echo err >&2"
		nohup echo again'
	[ "$(cat scene/work/nohup.out)" = $'out\nerr\nagain' ]
	[ "$(stat -c %a scene/work/nohup.out)" = 600 ]
	grep -q 'appending output to .nohup.out' scene/terminal
}

@test "POSIX: ... or to \$HOME/nohup.out" {
	observe ours 'mkdir nohup.out
		nohup echo new'
	[ "$(cat scene/home/nohup.out)" = new ]
	grep -q "appending output to '$PWD/scene/home/nohup.out'" scene/terminal
}

@test "POSIX: ... and without either the command is not run" {
	observe ours 'mkdir nohup.out ../home/nohup.out
		POSIXLY_CORRECT=1 nohup touch started'
	[ ! -e scene/work/started ]
	grep -qx status=127 scene/more
}

@test "POSIX: standard output that is no terminal is left alone" {
	observe ours 'nohup echo out >file'
	[ "$(cat scene/work/file)" = out ]
	[ ! -e scene/work/nohup.out ]
}

@test "POSIX: a terminal's stderr goes to the same description as stdout" {
	# The offset of 2 moves with what is written to 1.
	observe ours 'nohup sh -c "echo four
		grep pos: /proc/\$\$/fdinfo/2"'
	grep -qx "pos:.5" scene/work/nohup.out
	observe ours 'nohup sh -c "echo four
		grep pos: /proc/\$\$/fdinfo/2" >file'
	grep -qx "pos:.5" scene/work/file
	[ ! -e scene/work/nohup.out ]
}

@test "POSIX: ... and with stdout closed to nohup.out" {
	observe ours 'nohup sh -c "echo err >&2; echo out" >&-'
	grep -qx err scene/work/nohup.out
	run ! grep -qx out scene/work/nohup.out
}

@test "POSIX: stderr that is no terminal is left alone" {
	observe ours 'nohup sh -c "echo err >&2" 2>file'
	grep -qx err scene/work/file
	[ "$(stat -c %s scene/work/nohup.out)" = 0 ]
}

@test "POSIX: reading the terminal's stdin is an error, not an end" {
	observe ours 'LC_ALL=C nohup cat >file 2>&1
		cat file >>../more'
	grep -q 'Bad file descriptor' scene/more
	grep -qx status=0 scene/more
}

@test "POSIX: stdin that is no terminal can be read" {
	observe ours 'echo input | nohup cat >file'
	[ "$(cat scene/work/file)" = input ]
}

@test "POSIX: the status is the command's" {
	observe ours 'nohup sh -c "exit 42"'
	grep -qx status=42 scene/more
	observe ours 'nohup sh -c "kill -TERM \$\$"'
	grep -qx status=143 scene/more
}

@test "POSIX: 126 found but not run, 127 not found or an error" {
	observe ours 'POSIXLY_CORRECT=1 nohup /'
	grep -qx status=126 scene/more
	observe ours 'POSIXLY_CORRECT=1 nohup nosuch'
	grep -qx status=127 scene/more
	observe ours 'POSIXLY_CORRECT=1 nohup'
	grep -qx status=127 scene/more
	observe ours 'POSIXLY_CORRECT=1 nohup touch started 2>/dev/full'
	grep -qx status=127 scene/more
	[ ! -e scene/work/started ]
}

@test "POSIX: options end at the command; -- ends them before" {
	observe ours 'nohup -- echo --help -x
		nohup echo -- y'
	[ "$(cat scene/work/nohup.out)" = $'--help -x\n-- y' ]
}

# --- what the manual of coreutils says beyond that ---------------------------

@test "coreutils: 125 if nohup fails, unless POSIXLY_CORRECT" {
	observe ours nohup
	grep -qx status=125 scene/more
	observe ours 'nohup --nosuch'
	grep -qx status=125 scene/more
}

@test "coreutils: a nohup.out that exists keeps its mode and content" {
	observe ours 'echo old >nohup.out
		chmod 664 nohup.out
		umask 077
		nohup echo new'
	[ "$(cat scene/work/nohup.out)" = $'old\nnew' ]
	[ "$(stat -c %a scene/work/nohup.out)" = 664 ]
}

@test "coreutils: no background, no niceness" {
	observe ours 'nohup "$PROBE" ../facts
		echo after >>../facts'
	[ "$(tail -n 1 scene/facts)" = after ]
	grep -qx "nice=$(nice)" scene/facts
}

@test "coreutils: a start that fails is told on the original stderr" {
	observe ours 'nohup nosuch'
	grep -q "failed to run command 'nosuch': No such" scene/terminal
	[ "$(stat -c %s scene/work/nohup.out)" = 0 ]
	observe ours 'nohup nosuch 2>err'
	grep -q "failed to run command 'nosuch': No such" scene/work/err
}

@test "coreutils: a notice that cannot be written is fatal" {
	observe ours 'nohup echo hi 2>/dev/full'
	grep -qx status=125 scene/more
	[ "$(stat -c %s scene/work/nohup.out)" = 0 ]
}

@test "coreutils: an ordinary file that is not executable" {
	observe ours 'touch k
		chmod 0 k
		nohup ./k 2>err'
	grep -qx status=126 scene/more
	[ "$(stat -c %s scene/work/nohup.out)" = 0 ]
}

@test "coreutils: options and their texts" {
	use ours
	run -0 --separate-stderr nohup --help
	[[ ${lines[0]} == "Usage: nohup COMMAND [ARG]..." && -z $stderr ]]
	run -0 --separate-stderr nohup --version
	[[ $output == "nohup "* && -z $stderr ]]
	run -0 nohup --vers
}

# --- the differences, all of them --------------------------------------------

@test "difference: where others can write, a planted nohup.out is refused" {
	here='chmod 1777 .'
	home="status=0"
	# A symbolic link is not followed.
	differ "$here; touch target; ln -s target nohup.out; nohup echo new" \
	    "nohup: ignoring input and appending output to 'nohup.out'" \
	    "nohup: ignoring input and appending output to '$PWD/scene/home/nohup.out'"
	grep -qx "$home" scene/more
	[ "$(stat -c %s scene/work/target)" = 0 ]
	# Nor is one to a file that does not exist.
	observe ours "$here; ln -s target nohup.out; nohup echo new"
	[ ! -e scene/work/target ]
	grep -qx new scene/home/nohup.out
	# A FIFO is not waited for.
	observe ours "$here; mkfifo nohup.out; nohup echo new"
	grep -qx new scene/home/nohup.out
	# A second name is not written to.
	observe ours "$here; touch target; ln target nohup.out; nohup echo new"
	[ "$(stat -c %s scene/work/target)" = 0 ]
	grep -qx new scene/home/nohup.out
	# The same for a group's directory.
	observe ours "chmod 775 .; ln -s target nohup.out; nohup echo new"
	[ ! -e scene/work/target ]
	# If there is no other place, the job is not started.
	observe ours "$here; ln -s target nohup.out; HOME=/proc nohup touch started"
	grep -qx status=125 scene/more
	grep -qx "nohup: failed to open 'nohup.out': a symbolic link" \
	    scene/terminal
	[ ! -e scene/work/started ]
}

@test "difference: ... another user's file as well" {
	right root
	differ 'chmod 1777 .
		echo old >nohup.out
		chown 1 nohup.out
		chmod 666 nohup.out
		nohup echo new' \
	    "nohup: ignoring input and appending output to 'nohup.out'" \
	    "nohup: ignoring input and appending output to '$PWD/scene/home/nohup.out'"
	[ "$(cat scene/work/nohup.out)" = old ]
	# And another user's directory, whatever its mode.
	observe ours 'ln -s target nohup.out
		chown 1 .
		nohup echo new'
	[ ! -e scene/work/target ]
	grep -qx new scene/home/nohup.out
}

@test "difference: ... but one's own nohup.out is used there, too" {
	same 'chmod 1777 .
		umask 777
		nohup echo new
		nohup echo again'
	[ "$(cat scene/work/nohup.out)" = $'new\nagain' ]
}

@test "difference: with too few descriptors the reason is lost, not misplaced" {
	observe ours '(ulimit -n 5; exec nohup nosuch)'
	grep -qx status=125 scene/more
	[ -e scene/work/nohup.out ]
	[ ! -s scene/work/nohup.out ]
}

@test "difference: a foreign binary is not handed to /bin/sh" {
	differ 'printf "\177ELF\0echo wrong\n" >binary
		chmod +x binary
		nohup ./binary' '' status=126
	grep -qx "nohup: failed to run command './binary': Exec format error" \
	    scene/terminal
}

@test "difference: --help and --version have texts of their own" {
	differ 'nohup --version >../more' '' "nohup (detach) 1.0"
	differ 'nohup --help >../more' 'Run COMMAND, ignoring hangup signals.' ''
}
