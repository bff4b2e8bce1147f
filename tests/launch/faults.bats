#!/usr/bin/env bats
# Promise 7 for every system call: each call of the launcher fails once, with
# each error that it can have.

load ../lib/helpers

# name_of_call NUMBER - in the words of the compiler's headers.
name_of_call() {
	echo '#include <sys/syscall.h>' | cc -E -dM - |
	    sed -n "s/^#define __NR_\([a-z0-9_]*\) $1\$/\1/p"
}

# faults [OPTION]... LAUNCHER [ARG]... - tests/programs/faults, and its count. The job's
# facts without a fault are left in "got".
faults() {
	local memory=()
	# The allocator of a sanitizer ends the process when it gets no memory,
	# and its search for leaks needs a process that nobody traces.
	! grep -q __asan_init "$DETACH" || memory=(-m)
	export ASAN_OPTIONS=detect_leaks=0
	# Where a build with gcov complains that it cannot write its counts.
	export GCOV_ERROR_FILE=/dev/null
	run "$BUILD/tests/programs/faults" "${memory[@]}" "$@"
	echo "$output"
	[ "$status" != 77 ] || skip "${lines[0]}"
	sed -n 's/^not in the table: system call //p' <<<"$output" |
	    while read -r number; do
		echo "system call $number: $(name_of_call "$number")"
	done
	[ "$status" = 0 ]
	echo "# ${lines[-1]}" >&3
}

@test "each call fails once: plain command" {
	# An input and a signal that the job would notice.
	trap '' USR1
	faults "$DETACH" "$PROBE" facts </etc/passwd
	detached
	[ "$(fact fd1)" = "$PWD/nohup.out" ]
	[ "$(fact fd2)" = "$PWD/nohup.out" ]
}

@test "each call fails once: an old default file" {
	echo old >nohup.out
	faults "$DETACH" "$PROBE" facts </dev/null
	detached
	[ "$(cat nohup.out)" = old ]
}

@test "each call fails once: -o -e -p -k -w" {
	exec 9</dev/null
	faults -w -p pid "$DETACH" -o out -e err -p pid -k 9 -w \
	    "$PROBE" facts </dev/null
	[ "$(fact fds)" = "0 1 2 9 " ]
	sed -i 's/^fds=.*/fds=0 1 2 /' got
	detached
	[ "$(fact fd1)" = "$PWD/out" ]
	[ "$(fact fd2)" = "$PWD/err" ]
}

@test "each call fails once: -p with an old file" {
	echo 41943040 >pid
	echo old >out
	faults -p pid "$DETACH" -o out -e err -p pid "$PROBE" facts </dev/null
	detached
	[ "$(fact fd1)" = "$PWD/out" ]
	[ "$(cat out)" = old ]
}

@test "each call fails once: -p - into a file" {
	: >pid
	faults -s -p pid "$DETACH" -o out -e err -p - "$PROBE" facts </dev/null
	detached
}

@test "each call fails once: -p - into a pipe" {
	mkfifo pid
	faults -s -p pid "$DETACH" -o out -e err -p - "$PROBE" facts </dev/null
	detached
}

@test "each call fails once: a script without #!" {
	echo 'exec "$PROBE" facts' >script
	chmod +x script
	faults "$DETACH" -o out -e err ./script </dev/null
	detached
}
