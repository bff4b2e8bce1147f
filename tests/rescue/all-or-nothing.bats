#!/usr/bin/env bats
# shellcheck disable=SC2034 # what rescue.bash reads
# A rescue that cannot be done as a whole changes nothing.

load ../lib/helpers
load ../lib/rescue

@test "rescue: nothing changes if no file can be opened" {
	mkdir nohup.out home/nohup.out
	may_create=yes
	for mode in foreground background stopped; do
		rm -f fifo
		start_on_terminal $mode "$VICTIM read"
		until_true in_state ST "$pid"
		left_alone 'nohup.out: ' "$pid"
		[[ $stderr == *"$HOME/nohup.out: "* ]]
		keys 'fg\n'
		unharmed read
	done
}

@test "rescue: the same if there is no home directory" {
	mkdir nohup.out
	may_create=yes
	sleeping_victim read
	for as in 'env -u HOME' 'env HOME='; do
		read -ra as <<<"$as"
		left_alone 'nohup.out: Is a directory; HOME is not set' "$pid"
	done
	as=()
	unharmed read
}

@test "rescue: nothing changes if the named file cannot be opened" {
	sleeping_victim read
	left_alone "no/such: No such file or directory" "$pid" -o no/such
	mkfifo nobody
	left_alone "nobody: No such device or address" "$pid" -o nobody
	unharmed read
}

@test "rescue: nothing changes if the named file is the terminal" {
	sleeping_victim read
	tty=$(fd_of 1)
	left_alone "$tty: is the terminal itself" "$pid" -o "$tty"
	left_alone "'': No such file or directory" "$pid" -o ''
	unharmed read
}

@test "rescue: nothing changes if one descriptor cannot be replaced" {
	sleeping_victim limit
	may_create=yes
	left_alone 'descriptors: ' "$pid"
	unharmed read
}

# It is held once, and its other thread never.
@test "rescue: one that is refused is then let be" {
	need strace
	start_on_terminal background "sh -c '$VICTIM thread-limit; :'"
	until_true in_state S "$pid"
	run -125 timeout -s KILL "$LIMIT" strace -qq -o trace -e trace=ptrace \
	    "$DETACH" -q -r "$pid"
	[[ $output == "detach: PID $pid: descriptors: "* ]]
	[ "$(grep -c "PTRACE_SEIZE, $pid," trace)" = 1 ]
	run ! grep "PTRACE_SEIZE, $(cat thread)," trace
	hang_up
}

@test "rescue: nothing changes if it can have no memory" {
	need prlimit
	sleeping_victim read
	# The file is open before the job makes its first call.
	may_create=yes
	prlimit --pid "$pid" --as=4096:
	left_alone 'memory: ' "$pid"
	unharmed read
}

# What is to be received is written first, and then what is to be done of SIGHUP.
@test "rescue: nothing changes if its memory cannot be written" {
	need strace
	sleeping_victim read
	for what in "1 descriptors" "2 memory"; do
		read -r when thing <<<"$what"
		run -125 timeout -s KILL "$LIMIT" strace -qq -o trace \
		    -e trace=pwrite64 -e "inject=pwrite64:error=EIO:when=$when" \
		    "$DETACH" -r "$pid"
		[ "$output" = \
		    "detach: PID $pid: $thing: Input/output error" ]
		[[ $(fd_of 0)$(fd_of 1)$(fd_of 2) == /dev/pts/*/dev/pts/*/dev/pts/* ]]
	done
	unharmed read
}

@test "rescue: nothing changes if its memory cannot be read" {
	need strace
	sleeping_victim read
	# Not the dynamic linker's reads.
	run -125 timeout -s KILL "$LIMIT" strace -qq -o trace \
	    -P "/proc/$pid/mem" -e trace=pread64 -e inject=pread64:error=EIO \
	    "$DETACH" -r "$pid"
	[ "$output" = "detach: PID $pid: has no system call instruction" ]
	run -125 timeout -s KILL "$LIMIT" strace -qq -o trace \
	    -P "/proc/$pid/mem" -e "trace=?open,openat" \
	    -e "inject=?open,openat:error=EACCES" "$DETACH" -r "$pid"
	[ "$output" = "detach: PID $pid: Permission denied" ]
	unharmed read
}

# unseen REASON PATH... -- [OPTION]... - what detach asks of these paths fails, and
# it refuses for that reason.
unseen() {
	local why=$1 calls='?open,openat,statx,getdents64'
	as=(strace -e quiet=all -o trace -e "trace=$calls"
	    -e "inject=$calls:error=ENOMEM${when:+:when=$when}")
	for ((; $# > 1; )); do
		shift
		[ "$1" != -- ] || break
		as+=(-P "/proc/$pid/$1")
	done
	left_alone "$why: Cannot allocate memory" "$pid" "${@:2}"
	as=()
	grep -q INJECTED trace
}

# No descriptor is passed over for that: it would be left on the terminal.
@test "rescue: nothing changes if a descriptor cannot be looked at" {
	need strace
	sleeping_victim read
	for what in fd fd/0 fd/2 fdinfo/0 fdinfo/2; do
		echo "what: $what"
		unseen /proc $what --
	done
	# The second call, for a directory is open then.
	when=2 unseen /proc fd --
	# What was handed over, and the first copy.
	may_create=yes
	unseen output fd/{5..15} -- -o output
	unseen descriptors fd/{5..15} --
	unharmed read
}

# The rescue does not fail for what is closed by then, nor for a file that only
# its user may look at, as those of FUSE.
@test "rescue: one that closes a descriptor when it is looked at" {
	need strace
	for error in ENOENT EACCES; do
		rm -f fifo nohup.out
		sleeping_victim read
		terminal_file=$(fd_of 2)
		run -0 timeout -s KILL "$LIMIT" strace -e quiet=all -o trace \
		    -P "/proc/$pid/fd/1" -e trace=statx \
		    -e inject=statx:error=$error "$DETACH" -r "$pid"
		grep -q INJECTED trace
		[ "$(fd_of 0) $(fd_of 1) $(fd_of 2)" = \
		    "/dev/null $terminal_file $PWD/nohup.out" ]
		hang_up
	done
	rm -f fifo nohup.out
	sleeping_victim read
	run -0 timeout -s KILL "$LIMIT" strace -e quiet=all -o trace \
	    -P "/proc/$pid/fdinfo/2" -e "trace=?open,openat" \
	    -e "inject=?open,openat:error=ENOENT" "$DETACH" -r "$pid"
	grep -q INJECTED trace
	[[ $(fd_of 2) == /dev/pts/* ]]
	[ "$(fd_of 1)" = "$PWD/nohup.out" ]
	hang_up
}

# closes NUMBER [CALL] - start a job whose thread closes that descriptor of the
# terminal at that call of ptrace, or the first one after the look at the
# descriptors; rescue it. Its other preparations are read from standard input.
closes() {
	local at=${2:-7}
	need python3
	mkfifo go gone
	{
		cat <<-'EOF'
			import os, resource, signal, sys, threading
			number = int(sys.argv[1])
			def close():
			    open("go").read()
			    os.close(number)
			    open("gone", "w").close()
			os.dup2(0, number)
		EOF
		cat
		cat <<-'EOF'
			threading.Thread(target=close, daemon=True).start()
			with open("ready", "w") as ready:
			    ready.write(str(os.getpid()))
			signal.pause()
		EOF
	} >closes.py
	start_on_terminal background "python3 -E closes.py $1"
	tty=$(fd_of 1)
	# On aarch64, two more calls look for vector registers.
	[ "$(uname -m)" != aarch64 ] || at=$((at + 2))
	rescue_at "$at" "echo >go; read -r _ <gone"
	echo "status: $status"
	ls -l "/proc/$pid/fd"
	[ ! -e "/proc/$pid/fd/$1" ]
}

# Its number may become that of our own copy, which must come back in the end.
@test "rescue: nothing changes if a thread closes a descriptor meanwhile" {
	closes 7 <<-'EOF'
		os.dup2(os.open("/dev/tty", os.O_RDWR), 8)
		os.closerange(3, 7)
		resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
	EOF
	[ "$status" = 125 ]
	[ "$(fd_of 0) $(fd_of 1) $(fd_of 8)" = "$tty $tty /dev/tty" ]
	[ ! -e "/proc/$pid/fd/3" ]
	hang_up
}

# Here 0 to 2 are replaced by then, and the copy of 6 becomes 0; each call that the
# job makes takes four of ptrace, and the eighth one makes that copy. (The thread's
# open() has the number 3 until then.)
@test "rescue: the same when that one has been replaced" {
	closes 0 36 <<-'EOF'
		os.dup2(os.open("/dev/tty", os.O_RDWR), 6)
		os.dup2(1, 10)
		os.closerange(3, 6)
		os.closerange(7, 10)
		resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))
	EOF
	[ "$status" = 125 ]
	[ "$(fd_of 1) $(fd_of 2) $(fd_of 6) $(fd_of 10)" = \
	    "$tty $tty /dev/tty $tty" ]
	hang_up
}

# Nor does a rescue fail for a number that is free by then.
@test "rescue: one whose thread closes a descriptor meanwhile" {
	closes 50 </dev/null
	[ "$status" = 0 ]
	[ "$(fd_of 0) $(fd_of 1)" = "/dev/null $PWD/nohup.out" ]
	hang_up
}
