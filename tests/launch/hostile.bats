#!/usr/bin/env bats
# Places and moments that others have a hand in: what is planted under the name
# of the default file or of the pidfile, and signals that come in the middle of
# a launch.

load ../lib/helpers

ATTACKER=65534 USER=12345

# by UID COMMAND [ARG]...
by() {
	setpriv --reuid="$1" --regid="$1" --clear-groups -- "${@:2}"
}

# place MODE VICTIM - a directory that all may write, a home of the victim, a
# home of the attacker, and each with a file in it. The rest of the path is
# opened to them; "look" tells whether what is there has changed.
place() {
	local above
	right root
	need setpriv
	cd "$BATS_TEST_TMPDIR" || return
	for above in . .. ../..; do
		chmod a+x "$above"
	done
	rm -rf bin shared victim attacker
	mkdir bin shared victim attacker
	cp "$DETACH" "$PROBE" "$ODD_FILE" bin
	echo precious | tee victim/file >attacker/file
	chown -R "$2" victim
	chown -R "$ATTACKER" attacker
	chmod 755 bin bin/* victim attacker
	chmod "$1" shared
	cd shared || return
}

look() {
	find . ../attacker ../victim/file -printf '%p %y %m %U %n %i %s %l\n' |
	    grep -v '^\. ' | sort
	cat ../attacker/file ../victim/file
}

# plant KIND NAME - in the shared directory.
plant() {
	case $1 in
	FIFO)
		by "$ATTACKER" mkfifo -m 666 "$2"
		;;
	read-FIFO)
		by "$ATTACKER" mkfifo -m 666 "$2"
		# Held open for reading, and writing, so that this does not wait.
		exec 7<>"$2"
		;;
	dangling-link)
		by "$ATTACKER" ln -s ../victim/new "$2"
		;;
	link-to-own-file)
		by "$ATTACKER" ln -s ../victim/file "$2"
		;;
	link-to-foreign-file)
		by "$ATTACKER" ln -s ../attacker/file "$2"
		;;
	hard-link)
		# Where fs.protected_hardlinks does not forbid it.
		ln ../victim/file "$2"
		;;
	device)
		mknod -m 666 "$2" c 1 3
		chown "$ATTACKER" "$2"
		;;
	directory)
		by "$ATTACKER" mkdir -m 777 "$2"
		;;
	socket)
		by "$ATTACKER" ../bin/odd-file socket "$2"
		;;
	foreign-file)
		by "$ATTACKER" sh -c 'umask 0; echo planted >"$1"' sh "$2"
		;;
	esac
}

# planted KIND TEXT - such a thing is not written to, followed, waited for or
# removed, whoever meets it; the message has the text.
planted() {
	local mode victim before
	for mode in 1777 777; do
		for victim in 0 "$USER"; do
			place "$mode" "$victim"
			plant "$1" nohup.out
			plant "$1" pid
			before=$(look)
			takes_home "$victim"
			refused 125 "nohup.out: $2; HOME is not set" \
			    by "$victim" env -u HOME timeout "$LIMIT" \
			    ../bin/detach touch started
			refused 125 "pid: $2" \
			    by "$victim" timeout "$LIMIT" \
			    ../bin/detach -o - -p pid touch started
			diff <(echo "$before") <(look)
			exec 7>&-
		done
	done
}

# takes_home UID - the default file is the one in the home directory.
takes_home() {
	local home=$BATS_TEST_TMPDIR/victim
	run -0 --separate-stderr by "$1" env HOME="$home" timeout "$LIMIT" \
	    ../bin/detach -w ../bin/probe ../victim/facts
	[ -z "$output" ]
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == "detach: PID "*", output in '$home/nohup.out' (nohup.out: "* ]]
	cp ../victim/facts ../got
	cd ..
	detached
	[ "$(fact fd1)" = "$home/nohup.out" ]
	[ "$(stat -c '%u %a' victim/nohup.out)" = "$1 600" ]
	cd shared
}

@test "planted: a FIFO that nobody reads" {
	planted FIFO "not a regular file"
}

@test "planted: a FIFO that somebody reads" {
	planted read-FIFO "not a regular file"
}

@test "planted: a symbolic link to nothing" {
	planted dangling-link "a symbolic link"
	[ ! -e ../victim/new ]
}

@test "planted: a symbolic link to a file of the victim" {
	planted link-to-own-file "a symbolic link"
}

@test "planted: a symbolic link to a file of the attacker" {
	planted link-to-foreign-file "a symbolic link"
}

@test "planted: a hard link to a file of the victim" {
	planted hard-link "not its only name"
}

@test "planted: a device" {
	planted device "not a regular file"
}

@test "planted: a directory" {
	planted directory "Is a directory"
}

@test "planted: a socket" {
	planted socket "not a regular file"
}

@test "planted: a file of another user" {
	planted foreign-file "owned by another user"
}

@test "planted: in the home directory too" {
	place 1777 "$USER"
	plant FIFO nohup.out
	plant link-to-foreign-file ../shared/home.out
	mv home.out ../victim/nohup.out
	refused 125 "nohup.out: not a regular file; $BATS_TEST_TMPDIR/victim/nohup.out: a symbolic link" \
	    by "$USER" env HOME="$BATS_TEST_TMPDIR/victim" \
	    timeout "$LIMIT" ../bin/detach touch started
	grep -qx precious ../attacker/file
}

@test "not planted: one's own files in a shared directory are taken" {
	local mode victim
	for mode in 1777 777; do
		for victim in 0 "$USER"; do
			place "$mode" "$victim"
			by "$victim" sh -c 'echo old >nohup.out; echo 1 >pid'
			run -0 by "$victim" ../bin/detach -w -p pid \
			    sh -c 'echo $$'
			[ "$(cat nohup.out)" = "old"$'\n'"$(cat pid)" ]
			[[ $output == *"PID $(cat pid), "* ]]
		done
	done
}

# Where nobody has a number, all files show the same owner as the user itself.
@test "planted: a file of another user, in a user namespace without a map" {
	right root user-namespaces
	local owner nameless
	for owner in "$ATTACKER" 23456; do
		place 1777 "$USER"
		nameless=(by "$USER" env -u HOME unshare -U timeout "$LIMIT"
		    ../bin/detach -q -w)
		# shellcheck disable=SC2016 # for the inner shell
		by "$owner" sh -c 'umask 0; echo 1 | tee pid >nohup.out'
		[ "$(by "$USER" unshare -U stat -c %u nohup.out)" = \
		    "$(by "$USER" unshare -U id -u)" ]
		refused 125 "nohup.out: owned by another user" \
		    "${nameless[@]}" touch started
		refused 125 "pid: owned by another user" \
		    "${nameless[@]}" -o - -p pid touch started
		[ "$(cat nohup.out pid)" = $'1\n1' ]
		# What the user itself has made there is its own.
		rm nohup.out pid
		run -0 "${nameless[@]}" -p pid echo one
		run -0 "${nameless[@]}" -p pid \
		    sh -c 'echo two; sed -n "s/^flags:.*\t//p" /proc/self/fdinfo/1'
		[ "$(head -n 2 nohup.out)" = $'one\ntwo' ]
		# O_NOATIME and O_NONBLOCK, which found that out, are gone.
		[ "$((0$(tail -n 1 nohup.out) & 01004000))" = 0 ]
	done
}

@test "nohup in such a namespace: in another user's directory no link is followed" {
	right root user-namespaces
	local in_terminal
	place 1777 "$USER"
	cp "$PTY" "$DETACH" ../bin
	mv ../bin/detach ../bin/nohup
	in_terminal=(by "$USER" env HOME="$BATS_TEST_TMPDIR/victim" ../bin/pty
	    unshare -U ../bin/nohup echo)
	cd ../attacker
	by "$ATTACKER" ln -s ../victim/file nohup.out
	run -0 "${in_terminal[@]}" one </dev/null
	[ "$(cat ../victim/file)" = precious ]
	[ "$(cat ../victim/nohup.out)" = one ]
	# In the user's own, it is followed as anywhere.
	cd ../victim
	by "$USER" ln -sf file nohup.out
	run -0 "${in_terminal[@]}" two </dev/null
	[ "$(cat file)" = $'precious\ntwo' ]
}

# came_to_be PATH COMMAND - detach finds no file at PATH; then the command makes
# one; then detach creates it. What stops detach between the two is the kernel.
came_to_be() {
	rm -f trace
	# A sanitizer's search for leaks needs a process that nobody traces.
	export ASAN_OPTIONS=detect_leaks=0
	# shellcheck disable=SC2016 # for the job
	timeout -s KILL "$LIMIT" strace -f -qq -o trace -P "$1" \
	    -e trace=?open,openat -e inject=?open,openat:signal=SIGSTOP:when=1 \
	    sh -c 'echo $$ >launcher; exec "$@"' sh \
	    "$DETACH" -w -o before -e "$1" -p pid \
	    sh -c 'touch started; echo text >&2; cat /proc/self/fdinfo/2' \
	    >said 2>&1 3>&- &
	tracer=$!
	timeout "$LIMIT" sh -c 'until grep -q "stopped by SIGSTOP" trace
		do
			sleep 0.05
		done' 2>/dev/null
	eval "$2"
	kill -CONT "$(cat launcher)"
}

# unwaited PATH - a FIFO that came to be there is refused.
unwaited() {
	came_to_be "$1" 'mkfifo fifo'
	ended_with 125 "$tracer"
	[ "$(cat said)" = "detach: -e $1: No such device or address" ]
	[ ! -e started ]
	[ ! -e pid ]
	[ -p fifo ]
	rm fifo
}

@test "planted in the middle of a launch: a FIFO for a file that was missing" {
	need strace
	unwaited fifo
	# O_EXCL would not see it behind a link.
	ln -s fifo link
	unwaited link
}

@test "not planted: what another job of the user makes at the same moment" {
	need strace
	local name
	ln -s made link
	for name in made link; do
		rm -f started before
		came_to_be "$name" 'echo first >made'
		ended_with 0 "$tracer"
		[ "$(cat made)" = $'first\ntext' ]
		# It was opened without waiting (O_NONBLOCK), but is as any other.
		[ "$((0$(sed -n 's/^flags:[[:space:]]*//p' before) & 04000))" = 0 ]
		[ -e started ]
		rm made
	done
}

# fs.protected_regular and fs.protected_fifos refuse another user's file in a
# shared directory, but to O_CREAT alone. They are the whole machine's to set.
@test "-o FILE that is there already is opened as the shell does" {
	need strace
	: >out
	ASAN_OPTIONS=detect_leaks=0 strace -qqq -o trace \
	    -e trace='?open,openat' "$DETACH" -q -w -o out true
	grep -q '"out", .*O_CREAT' trace
}

# POSIX: open() for writing waits until somebody opens the FIFO for reading.
@test "a FIFO that the user names waits for its reader, and Ctrl-C ends that" {
	local launcher
	mkfifo fifo
	"$DETACH" -q -o fifo echo text 3>&- &
	launcher=$!
	[ "$(timeout "$LIMIT" cat fifo)" = text ]
	ended_with 0 "$launcher"
	# "&" ignores SIGINT.
	env --default-signal=INT "$DETACH" -o fifo -e errors -p pid \
	    touch started 3>&- &
	launcher=$!
	timeout "$LIMIT" sh -c 'until grep -q "^Name:.detach" "/proc/$1/status"
		do
			sleep 0.05
		done' sh "$launcher"
	reaches S "$launcher"
	kill -INT "$launcher"
	ended_with 130 "$launcher"
	[ ! -e started ]
	[ ! -e pid ]
	[ ! -e errors ]
}

# told ERROR WHEN COMMAND... - of the calls that open nohup.out, these have that
# error. "1+2" is the first and every second after it.
told() {
	ASAN_OPTIONS=detect_leaks=0 timeout -s KILL "$LIMIT" strace -e quiet=all \
	    -o trace -P nohup.out -e trace='?open,openat' \
	    -e inject='?open,openat':error="$1":when="$2" "${@:3}"
}

@test "a default file that comes or goes between looking and creating" {
	need strace
	# It has come, and is one of our own.
	echo old >nohup.out
	told ENOENT 1 "$DETACH" -q -w echo new | cat
	[ "$(cat nohup.out)" = $'old\nnew' ]
	[ "$(stat -c %a nohup.out)" = 644 ]
	# It has come, and is none to write to.
	unset HOME
	ln nohup.out second
	refused 125 "nohup.out: not its only name" \
	    told ENOENT 1 "$DETACH" touch started
	[ "$(cat nohup.out)" = $'old\nnew' ]
	# It comes and goes for ever.
	refused 125 "nohup.out: File exists" \
	    told ENOENT 1+2 "$DETACH" touch started
	# It has gone again.
	rm nohup.out second
	told EEXIST 2 "$DETACH" -q -w echo new | cat
	[ "$(cat nohup.out)" = new ]
	[ "$(stat -c %a nohup.out)" = 600 ]
}

# Every launch is all or nothing, and no job is hit by what was meant for the
# launcher's group.
storm() {
	# A sanitizer's search for leaks at exit does not stand a storm.
	export ASAN_OPTIONS=detect_leaks=0
	run "$BUILD/tests/programs/storm" "$@"
	echo "$output"
	echo "# ${lines[-1]}" >&3
	[ "$status" = 0 ]
}

@test "signal storm: named files" {
	storm 300 "$DETACH" -o out -p pid "$PROBE" facts </dev/null
}

@test "signal storm: the default file" {
	storm 300 "$DETACH" "$PROBE" facts </dev/null
}
