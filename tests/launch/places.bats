#!/usr/bin/env bats
# Places that are made in another way than the machine detach was written on:
# process 1, file systems with one owner, capabilities, old kernels.

load ../lib/helpers

# A sanitizer's search for leaks needs a process that nobody traces.
export ASAN_OPTIONS=detect_leaks=0

@test "as process 1 nothing is started, unless it waits" {
	right pid-namespaces
	refused 125 "process 1: no job outlives it (-w stays until the job ends)" \
	    unshare -fp --mount-proc "$DETACH" -o out touch started
	refused 125 "process 1: " \
	    unshare -fp --mount-proc "$DETACH" -a 1 -o out touch started
	[ ! -e out ]
	run -7 unshare -fp --mount-proc "$DETACH" -w -o out sh -c 'exit 7'
	# Under another process 1 it is as everywhere.
	run -0 unshare -fp --mount-proc sh -c '"$DETACH" -o out true; exit'
	ln -s "$DETACH" nohup
	run -0 unshare -fp --mount-proc ./nohup true
}

@test "root's file is trusted, another user's is not" {
	right root
	need setpriv
	mkdir bin shared
	chmod a+x . .. ../.. bin
	chmod a+rwx shared
	cp "$DETACH" bin
	cd shared
	: >nohup.out
	chmod 666 nohup.out
	run -0 setpriv --reuid=65534 --clear-groups env -u HOME \
	    ../bin/detach -w echo text
	[ "$(cat nohup.out)" = text ]
	chown 12345 nohup.out
	refused 125 "nohup.out: owned by another user" \
	    setpriv --reuid=65534 --clear-groups env -u HOME \
	    ../bin/detach echo text
	# What was made to find out who owns a new file is gone again.
	[ "$(ls -A)" = nohup.out ]
}

@test "root's directory is as safe as one's own: nohup follows its links" {
	right root
	need setpriv
	mkdir bin directory theirs
	chmod a+x . .. ../.. bin
	cp "$DETACH" bin/nohup
	: >theirs/log
	chown -R 65534 theirs
	ln -s "$PWD/theirs/log" directory/nohup.out
	cd directory
	run -0 "$PTY" setpriv --reuid=65534 --clear-groups env -u HOME \
	    ../bin/nohup echo text </dev/null
	[ "$(cat ../theirs/log)" = text ]
}

@test "a file system that shows one owner for all" {
	right root mounts
	need bindfs
	[ -c /dev/fuse ] || skip "no FUSE here"
	mkdir real small
	# As vfat, CIFS and the shared folders of virtual machines do.
	run -0 timeout "$LIMIT" "${private[@]}" sh -ec '
		bindfs --force-user=12345 real small
		cd small
		"$DETACH" -q -w -p x.pid -o o.log true
		"$DETACH" -q -w -p x.pid -o o.log true
		"$DETACH" -q -w echo 1
		"$DETACH" -q -w echo 2
		cat nohup.out
		ls -A'
	[ "$output" = $'1\n2\nnohup.out\no.log\nx.pid' ]
}

@test "capabilities count: ambient ones, and those that are missing" {
	right root
	need setpriv
	mkdir bin locked
	cp "$DETACH" bin
	chmod a+x . .. ../.. bin
	: >locked/exists
	printf '#!/bin/sh\necho ran\n' >locked/job
	chmod 700 locked locked/job
	local able=(setpriv --reuid=65534 --clear-groups
	    --inh-caps=+dac_override --ambient-caps=+dac_override)
	# As the shell: ">>" creates there, and exec runs what is there.
	"${able[@]}" bin/detach -q -w -o locked/new -e locked/exists -- locked/job
	[ "$(cat locked/new)" = ran ]
	rm locked/new
	PATH=$PWD/locked:$PATH "${able[@]}" bin/detach -q -w -o locked/new job
	[ "$(cat locked/new)" = ran ]
	refused 125 "-o locked/other: Permission denied" \
	    setpriv --reuid=65534 --clear-groups bin/detach -o locked/other true
}

# access(2) would ask for the real user.
@test "the effective user counts, where it is not the real one" {
	right root
	need setpriv
	local real effective as
	# It reads them in /proc, which shows this process to root alone.
	! grep -q __asan_init "$DETACH" || skip "a sanitizer without its options"
	mkdir bin
	cp "$DETACH" bin
	chmod a+x . .. ../.. bin
	# Neither is root, the effective one is not, the real one is not.
	for real in 12345 0; do
		effective=65534
		rm -rf mine theirs
		mkdir mine theirs
		touch mine/file theirs/file
		printf '#!/bin/true\n' | tee mine/job >theirs/job
		chmod 700 mine/job theirs/job
		chown -R "$effective" mine
		chown -R "$real" theirs
		chmod 711 mine theirs
		chmod 600 mine/file theirs/file
		as=(setpriv "--ruid=$real" "--euid=$effective" --clear-groups
		    bin/detach -q -w)
		# The job has the rights that it would have without detach.
		"${as[@]}" -o mine/file -e mine/new -p mine/pid id -u
		[ "$(cat mine/file)" = "$effective" ]
		[ "$(stat -c %u mine/new mine/pid | sort -u)" = "$effective" ]
		"${as[@]}" -i mine/file -o mine/copy cat
		[ "$(cat mine/copy)" = "$effective" ]
		"${as[@]}" -o mine/file mine/job
		refused 125 "-o theirs/file: Permission denied" \
		    "${as[@]}" -o theirs/file touch mine/started
		refused 125 "-o theirs/new: Permission denied" \
		    "${as[@]}" -o theirs/new touch mine/started
		refused 125 "-i theirs/file: Permission denied" \
		    "${as[@]}" -o mine/file -i theirs/file touch mine/started
		refused 125 "-p theirs/pid: Permission denied" \
		    "${as[@]}" -o mine/file -p theirs/pid touch mine/started
		refused 126 "theirs/job: Permission denied" \
		    "${as[@]}" -o mine/file theirs/job
		[ ! -e mine/started ]
		[ "$(cd theirs && ls)" = $'file\njob' ]
	done
}

@test "without close_range every descriptor is closed all the same" {
	need strace
	local fd
	# More than the list in /proc gives in one reading.
	fd=$(ulimit -n)
	[ "$fd" -lt 1200 ] || fd=1200
	exec 9</dev/null 77</dev/null
	fifos
	prlimit --nofile="$fd:" sh -c 'exec 1100</dev/null' 2>/dev/null || true
	eval "exec $((fd - 1))</dev/null"
	timeout "$LIMIT" strace -f -qq -o trace -e trace=close_range \
	    -e inject=close_range:error=ENOSYS \
	    "$DETACH" -o out -k 77 "$PROBE" facts ping pong 3>&- &
	facts
	[ "$(fact fds)" = "0 1 2 77 " ]
	quit
	wait $!
	grep -q close_range trace
}

@test "without close_range, and with no list in /proc, nothing is started" {
	right mounts
	need strace
	exec 9</dev/null
	run --separate-stderr -125 strace -f -qq -o trace \
	    -e trace=close_range,getdents64 \
	    -e inject=close_range:error=ENOSYS -e inject=getdents64:error=EIO \
	    "$DETACH" -o out touch started
	[ "$stderr" = "detach: /proc/self/fd: Input/output error" ]
	[ ! -e started ]
	# A sanitizer does not even begin without /proc/self/maps.
	! grep -q __asan_init "$DETACH" || return 0
	run --separate-stderr -125 strace -f -qq -o trace \
	    -e trace=close_range -e inject=close_range:error=ENOSYS \
	    "${private[@]}" sh -c 'mount -t tmpfs none /proc
		exec "$DETACH" -o out touch started'
	[ "$stderr" = "detach: /proc/self/fd: No such file or directory" ]
	[ ! -e started ]
}

@test "a kernel without faccessat2, or a container that forbids it" {
	need strace
	local error
	for error in ENOSYS EPERM; do
		rm -f out
		strace -f -qq -o trace -e trace=faccessat2 \
		    -e inject=faccessat2:error="$error" \
		    "$DETACH" -w -o out echo text
		[ "$(cat out)" = text ]
		refused 126 "/etc/passwd: Permission denied" strace -f -qq \
		    -o trace -e trace=faccessat2 \
		    -e inject=faccessat2:error="$error" \
		    "$DETACH" -o other /etc/passwd
		[ ! -e other ]
	done
}

@test "nohup.out is its owner's alone where a default ACL is in force" {
	need setfacl
	mkdir open
	setfacl -d -m u::rwx,g::rwx,o::rwx open
	cd open
	ln -s "$DETACH" nohup
	run -0 "$PTY" ./nohup true </dev/null
	[ "$(stat -c %a nohup.out)" = 600 ]
	rm nohup.out
	"$DETACH" -q -w true | cat
	[ "$(stat -c %a nohup.out)" = 600 ]
}
