#!/usr/bin/env bats
# Promise 7 at the limits of the system: too few descriptors, processes, bytes,
# rights and names. Either the job runs with all it was promised, or nothing
# was started, and one line says why.

load ../lib/helpers

# A sanitizer's search for leaks needs a process and descriptors of its own.
export ASAN_OPTIONS=detect_leaks=0

# launch COMMAND... - it is to start the probe with "facts", and to wait. As "run",
# which warns of a status of 127, and cannot write all names in all locales.
launch() {
	rm -f facts out nohup.out home/nohup.out
	status=0
	output=$(timeout "$LIMIT" "$@" 2>"$BATS_FILE_TMPDIR/said") || status=$?
	stderr=$(cat "$BATS_FILE_TMPDIR/said")
	mapfile -t stderr_lines <"$BATS_FILE_TMPDIR/said"
}

# The job ran, and got what it was promised.
ran() {
	echo "status $status: $stderr"
	[ "$status" = 0 ]
	cp facts got
	detached
}

# Nothing was started, for a reason that has the text.
refused_for() {
	echo "status $status: $stderr"
	[[ $status == 12[567] ]]
	# shellcheck disable=SC2154 # bats sets it
	[ "${#stderr_lines[@]}" = 1 ]
	[[ $stderr == "detach: "*"$1"* ]]
	[ ! -e facts ]
}

# A user without rights, which is the one of the tests if that is not root, in a
# directory of its own that it can reach.
# Processes are counted by user, over all the machine.
USER=$((1000000 + $$))
by_user=(setpriv --reuid="$USER" --regid="$USER" --clear-groups --)

own_directory() {
	need setpriv
	chmod a+x . .. ../..
	mkdir own bin
	cp "$DETACH" "$PROBE" bin
	if has root; then
		chown "$USER" own
	else
		by_user=()
	fi
	cd own || return
}

@test "0 to 20 descriptors" {
	local n jobs=0 refusals=0
	need prlimit
	for n in {0..20}; do
		# A loader of shared libraries has limits of its own.
		prlimit --nofile="$n" "$DETACH" --version || continue
		rm -f pid
		launch prlimit --nofile="$n" \
		    "$DETACH" -w -p pid -o out "$PROBE" facts
		if [ "$status" = 0 ]; then
			ran
			[ "$(cat pid)" = "$(fact pid)" ]
			jobs=$((jobs + 1))
		else
			refused_for ": "
			[ ! -e pid ]
			refusals=$((refusals + 1))
		fi
	done
	[ "$jobs" -gt 0 ]
	[ "$refusals" -gt 0 ]
}

@test "no descriptor left for the PID" {
	need prlimit
	# The job's stdin takes number 3.
	run --separate-stderr prlimit --nofile=4 \
	    "$DETACH" -p - -o - "$PROBE" facts 3>&-
	refused_for "-p -: Too many open files"
	[ ! -e nohup.out ]
}

@test "no process left" {
	right root
	need prlimit
	own_directory
	echo 12345678901 >pid
	chown "$USER" pid
	launch "${by_user[@]}" prlimit --nproc=1 \
	    ../bin/detach -w -p pid -o out ../bin/probe facts
	refused_for fork
	[ "$(cat pid)" = 12345678901 ]
	launch "${by_user[@]}" prlimit --nproc=2 \
	    ../bin/detach -w -p pid -o out ../bin/probe facts
	ran
}

# no_bytes SIZE COMMAND... - stderr is a pipe, for it has no such limit.
no_bytes() {
	run prlimit --fsize="$1" "${@:2}"
	stderr=$output
	stderr_lines=("${lines[@]}")
}

@test "no bytes in a file: the pidfile" {
	local size
	need prlimit
	# With less than 4 bytes only a part of the PID can be written.
	for size in 0 1 2 3; do
		no_bytes "$size" "$DETACH" -p pid -o out "$PROBE" facts
		refused_for "pid: "
		[ ! -e pid ]
		echo 12345678901 >old
		no_bytes "$size" "$DETACH" -p old -o out "$PROBE" facts
		refused_for "old: "
		[ "$(cat old)" = 12345678901 ]
	done
}

@test "no bytes in a file: the message" {
	need prlimit
	run -127 prlimit --fsize=0 \
	    sh -c 'exec "$DETACH" no-such-command 2>err'
	[ ! -s err ]
}

@test "no bytes in a file: the default file" {
	need prlimit
	start prlimit --fsize=0 "$DETACH" -o out
	detached
	quit
}

@test "a full device" {
	start "$DETACH" -o /dev/full 2>/dev/full
	detached
	quit
	rm facts
	run -125 --separate-stderr \
	    sh -c '"$DETACH" -p - -o out "$PROBE" facts >/dev/full'
	refused_for "-p -: No space left on device"
}

# in_tmpfs OPTIONS COMMAND - the shell command runs in a directory "small",
# which nobody else sees.
in_tmpfs() {
	mkdir -p small
	# shellcheck disable=SC2016
	timeout "$LIMIT" "${private[@]}" sh -ec '
		mount -t tmpfs -o "$1" tmpfs small
		cd small
		eval "$2"' sh "$@"
}

@test "a full file system: the pidfile" {
	right mounts
	# Half the blocks are for old pidfiles of either size.
	run --separate-stderr -125 in_tmpfs size=16k '
		trap "cat old >../left; ls >../names" EXIT
		echo 1 >old
		cat /dev/zero >fill 2>/dev/null || :
		"$DETACH" -w -p old -o ../out "$PROBE" ../facts
		"$DETACH" -w -p pid -o ../out "$PROBE" ../none'
	[ "$stderr" = "detach: -p pid: No space left on device" ]
	[ ! -e none ]
	[ "$(cat names)" = fill$'\n'old ]
	cp facts got
	detached
	[ "$(cat left)" = "$(fact pid)" ]
}

@test "a file system without a free file: the default file" {
	right mounts
	run --separate-stderr -0 in_tmpfs size=16k,nr_inodes=1 \
	    '"$DETACH" -w "$PROBE" ../facts'
	[[ $stderr == "detach: PID "*"'$HOME/nohup.out' (nohup.out: "*")" ]]
	cp facts got
	detached
	[ "$(fact fd1)" = "$HOME/nohup.out" ]
	rm facts
	run --separate-stderr in_tmpfs size=16k,nr_inodes=1 \
	    'unset HOME; "$DETACH" -w "$PROBE" ../facts'
	refused_for "nohup.out: No space left on device; HOME is not set"
}

@test "a file system that is read-only, and no home directory" {
	right mounts
	# shellcheck disable=SC2016
	run --separate-stderr in_tmpfs size=16k '
		mount -o remount,ro .
		cd .
		unset HOME
		"$DETACH" "$PROBE" ../facts'
	refused_for "nohup.out: Read-only file system; HOME is not set"
}

@test "a directory that cannot be written, and no home directory" {
	own_directory
	mkdir -m 777 ../open
	chmod a-w .
	launch "${by_user[@]}" env -u HOME ../bin/detach ../bin/probe ../facts
	refused_for "nohup.out: Permission denied; HOME is not set"
	launch "${by_user[@]}" env HOME= ../bin/detach ../bin/probe ../facts
	refused_for "nohup.out: Permission denied; HOME is not set"
	launch "${by_user[@]}" env HOME="$PWD" ../bin/detach ../bin/probe ../facts
	refused_for "nohup.out: Permission denied; $PWD/nohup.out: Permission"
	launch "${by_user[@]}" ../bin/detach -p pid -o - ../bin/probe ../facts
	refused_for "pid: Permission denied"
	launch "${by_user[@]}" ../bin/detach -o new ../bin/probe ../facts
	refused_for "new: Permission denied"
	# Before the other file is made.
	launch "${by_user[@]}" ../bin/detach -o ../open/new -e new \
	    ../bin/probe ../facts
	refused_for "-e new: Permission denied"
	[ ! -e ../open/new ]
}

@test "a working directory that was deleted" {
	local above=$PWD
	mkdir gone
	cd gone
	rmdir ../gone
	run --separate-stderr -0 "$DETACH" -w "$PROBE" "$above/facts"
	run --separate-stderr -125 \
	    env -u HOME "$DETACH" -w "$PROBE" "$above/none"
	cd "$above"
	[[ $stderr == "detach: nohup.out: No such file"*"; HOME is not set (-o"* ]]
	[ ! -e none ]
	cp facts got
	detached
	[ "$(fact fd1)" = "$HOME/nohup.out" ]
}

@test "0, 1 and 2 closed in all combinations" {
	local closed n kept expected
	for closed in "" "0" "1" "2" "0 1" "0 2" "1 2" "0 1 2"; do
		rm -f facts nohup.out
		# shellcheck disable=SC2016
		run -0 sh -c 'for n in $1; do eval "exec $n>&-"; done
		    exec "$DETACH" -w "$PROBE" facts' sh "$closed" </dev/null
		cp facts got
		detached
		for n in 1 2; do
			kept=$PWD/nohup.out
			[[ $closed != *$n* ]] || kept=/dev/null
			[ "$(fact fd$n)" = "$kept" ]
		done
		rm facts
		# shellcheck disable=SC2016
		run -127 sh -c 'for n in $1; do eval "exec $n>&-"; done
		    exec "$DETACH" -w no-such-command' sh "$closed" </dev/null
		expected="detach: no-such-command: No such file or directory"
		[[ $closed != *2* ]] || expected=
		[ "$output" = "$expected" ]
	done
}

@test "1 and 2 that were closed can be written to, and 0 read" {
	run -0 sh -c 'exec "$DETACH" -q -w sh -c "cat && echo 1 && echo 2 >&2" \
	    <&- >&- 2>&-'
	[ ! -e nohup.out ]
}

@test "100 000 open descriptors, or as many as there can be" {
	local count=100000 most
	need prlimit
	prlimit --nofile=100100 true 2>/dev/null || {
		most=$(ulimit -Hn)
		count=$((most - 100))
	}
	[ "$count" -gt 1000 ]
	echo "# $count" >&3
	launch prlimit --nofile=$((count + 100)) "$CALLER" descriptors "$count" \
	    "$DETACH" -w -o out "$PROBE" facts
	ran
}

# limited COMMAND... - with a stack of 512 KiB, which leaves 128 KiB for the
# arguments and the environment.
limited() {
	# shellcheck disable=SC2016
	timeout "$LIMIT" sh -c 'ulimit -s 512 && exec "$@"' sh "$@"
}

# zeros COUNT
zeros() {
	printf "%0$1d" 0
}

# at_limit ARGUMENT... - launch with the longest last argument that the kernel
# takes for the launcher itself. Its length is in "fits".
at_limit() {
	local over=131072 length
	fits=1
	while [ $((over - fits)) -gt 1 ]; do
		length=$(((fits + over) / 2))
		# --version, in as many letters as --quiet.
		if limited "$DETACH" --versi "$@" "$(zeros "$length")" \
		    >/dev/null 2>&1; then
			fits=$length
		else
			over=$length
		fi
	done
	rm -f facts
	run --separate-stderr limited "$DETACH" --quiet "$@" "$(zeros "$fits")"
}

@test "arguments up to the limit" {
	at_limit -w -o out "$PROBE" facts
	ran
	[ "$(fact arg1)" = "$(zeros "$fits")" ]
	# A script's interpreter gets more arguments than the script.
	ln -s "$PROBE" "$(zeros 200)"
	printf '#!%s\n' "$(zeros 200)" >script
	chmod +x script
	at_limit -w -o out ./script
	refused_for "Argument list too long"
	[ "$status" = 126 ]
}

@test "names with newlines and bytes that are not UTF-8" {
	local name
	for name in $'new\nline' $'\xff\xfe\x80' $'tab\tescape\x1b[2J' \\ ' '; do
		mkdir -p "dir$name"
		launch "$DETACH" -w -o "dir$name/out$name" -p "dir$name/pid" \
		    "$PROBE" facts "$name"
		ran
		[ "$(cat "dir$name/pid")" = "$(fact pid)" ]
		[ -e "dir$name/out$name" ]
		cp "$PROBE" "dir$name/probe$name"
		launch "$DETACH" -w -o out "dir$name/probe$name" facts
		ran
		# One printable line, whatever the name.
		launch "$DETACH" -w -o "none$name/out" "$PROBE" facts
		refused_for "No such file or directory"
		[ -z "$(tr -d ' -~\n' <<<"$stderr")" ]
		launch "$DETACH" -w -o out "none$name"
		refused_for "No such file or directory"
		[ -z "$(tr -d ' -~\n' <<<"$stderr")" ]
		cd "dir$name"
		rm -f nohup.out
		launch "$DETACH" -w "$PROBE" ../facts
		[ -z "$(tr -d ' -~\n' <<<"$stderr")" ]
		[ "${#stderr_lines[@]}" = 1 ]
		cd ..
		ran
		[ -e "dir$name/nohup.out" ]
	done
}

# padded LENGTH NAME - a path of so many bytes that leads to what has the name.
padded() {
	local dots=$(($1 - ${#2}))
	printf "%$((dots / 2))s" '' | sed 's, ,./,g'
	[ $((dots % 2)) = 0 ] || printf /
	printf %s "$2"
}

@test "names one byte below, at and above the limits" {
	local length name
	mkdir place
	for length in 254 255; do
		name=$(zeros "$length")
		ln -s "$PROBE" "place/$name"
		launch env PATH=place "$DETACH" -w -o out "$name" facts
		ran
	done
	launch "$DETACH" -w -o out "$(zeros 256)" facts
	refused_for "File name too long"
	[ "$status" = 126 ]
	# What is cut off of a name leads to another file.
	ln -s "$PROBE" job
	ln -s "$PROBE" jo
	for length in 4094 4095; do
		launch env PATH="$(padded $((length - 4)) .)" \
		    "$DETACH" -w -o out job facts
		ran
		launch "$DETACH" -w -o "$(padded "$length" out)" "$PROBE" facts
		ran
	done
	launch env PATH="$(padded 4092 .)" "$DETACH" -w -o out job facts
	refused_for "job: No such file or directory"
	launch "$DETACH" -w -o "$(padded 4096 out)" "$PROBE" facts
	refused_for "File name too long"
}

@test "a script that may be executed, but not read" {
	own_directory
	printf 'echo text\n' >script
	printf '#!/nosuch\n' >orphan
	chmod 111 script orphan
	launch "${by_user[@]}" ../bin/detach -o out ./script
	refused_for "./script: Exec format error"
	[ "$status" = 126 ]
	launch "${by_user[@]}" ../bin/detach -o out ./orphan
	refused_for "./orphan: its interpreter: No such file or directory"
	[ "$status" = 127 ]
}

@test "links up to as many as the kernel follows, and paths that get long" {
	local n
	ln -s out link0
	for n in {1..40}; do
		ln -s "link$((n - 1))" "link$n"
	done
	launch "$DETACH" -w -o link39 "$PROBE" facts
	ran
	rm out
	launch "$DETACH" -w -o link40 "$PROBE" facts
	refused_for "link40: Too many levels of symbolic links"
	[ ! -e out ]
	# The directory of the one and the target of the other together.
	for n in 594 595; do
		ln -s "$(padded "$n" out)" link
		launch "$DETACH" -w -o "$(padded 3503 link)" "$PROBE" facts
		ran
		rm out link
	done
}

@test "PATH with empty, missing, unreadable and overlong elements" {
	local path long
	own_directory
	mkdir locked
	cp "$PROBE" locked/job
	cp "$PROBE" ../bin/job
	chmod 0 locked
	long=$(printf '%05000d' 0)
	for path in :/none "/none:" /none::/none ./locked: "$long:" \
	    /etc/passwd: ../bin "$PWD/locked:../bin" "$long:../bin" \
	    "../bin/job:../bin"; do
		rm -f job
		[[ $path == *bin* ]] || cp "$PROBE" job
		launch "${by_user[@]}" env PATH="$path" \
		    "$BATS_TEST_TMPDIR/bin/detach" -w -o out job facts
		ran
	done
	rm -f job
	for path in "" : "$PWD/locked" "$long" /none:/etc/passwd; do
		launch "${by_user[@]}" env PATH="$path" \
		    "$BATS_TEST_TMPDIR/bin/detach" -w -o out job facts
		refused_for "job: No such file or directory"
		[ "$status" = 127 ]
	done
	echo >job
	launch "${by_user[@]}" env PATH=:/none \
	    "$BATS_TEST_TMPDIR/bin/detach" -w -o out job facts
	refused_for "job: Permission denied"
	[ "$status" = 126 ]
}
