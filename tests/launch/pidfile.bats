#!/usr/bin/env bats
# The pidfile, and -p -: nothing is written unless the job runs, and nothing is
# taken back but what this launch wrote.

load ../lib/helpers

# A sanitizer's search for leaks needs a process that nobody traces.
export ASAN_OPTIONS=detect_leaks=0

# A command that is found, but whose exec fails.
bad_script() {
	printf '#!/nosuch\n' >bad
	chmod +x bad
}

@test "-p - into a pipe: no PID of a job that does not run" {
	bad_script
	refused 127 "./bad: bad interpreter" "$DETACH" -o out -p - ./bad
	printf 'no\0script\n' >bad
	refused 126 "./bad: Exec format error" "$DETACH" -o out -p - ./bad
	run -0 "$DETACH" -o out -p - true
	[[ $output =~ ^[0-9]+$ ]]
}

@test "-p - into a file: what it held comes back" {
	bad_script
	echo before >file
	run -127 sh -c '"$DETACH" -o out -p - ./bad 2>/dev/null >>file'
	[ "$(cat file)" = before ]
	# Without O_APPEND the offset comes back as well.
	run -127 sh -c '{ echo 1; "$DETACH" -o out -p - ./bad; s=$?; echo 2
	    exit $s; } 2>/dev/null >file'
	[ "$(cat file)" = $'1\n2' ]
	# In the middle of a file nothing is overwritten.
	echo 123456789012345 >file
	run -127 sh -c '"$DETACH" -o out -p - ./bad 2>/dev/null 1<>file'
	[ "$(cat file)" = 123456789012345 ]
	sh -c '"$DETACH" -q -o out -p - true 1<>file'
	[[ $(head -c 4 file) =~ ^[0-9]{3} ]]
}

@test "-p - into a file: what others append there stays" {
	need strace
	bad_script
	: >file
	# The exec is held up while somebody else writes.
	strace -f -qq -o trace -e trace=execve \
	    -e inject=execve:delay_enter=300000 \
	    "$DETACH" -o out -p - ./bad >>file 2>/dev/null 3>&- &
	echo theirs >>file
	ended_with 127 $!
	[ "$(cat file)" = theirs ]
	start sh -c '"$DETACH" -q -o out -p - "$@" >pid' sh
	[ "$(cat pid)" = "$(fact pid)" ]
}

@test "-p - without a reader, or to what is not for output" {
	mkfifo pipe
	exec 7<>pipe 8>pipe
	exec 7>&-
	run -125 sh -c '"$DETACH" -o out -p - touch started >&8 2>errors'
	[ "$(cat errors)" = "detach: -p -: Broken pipe" ]
	run -125 sh -c '"$DETACH" -o out -p - touch started 1</dev/null 2>errors'
	[ "$(cat errors)" = "detach: -p -: Bad file descriptor" ]
	[ ! -e started ]
}

@test "-p - into a full pipe" {
	mkfifo pipe
	exec 7<>pipe
	# In blocks of a page, as the kernel counts the room in a pipe.
	dd if=/dev/zero of=pipe bs=4096 count=1024 oflag=nonblock 2>/dev/null ||
	    true
	run -125 timeout -s KILL "$LIMIT" \
	    sh -c '"$DETACH" -o out -p - touch started >&7 2>errors'
	[ "$(cat errors)" = \
	    "detach: -p -: Resource temporarily unavailable" ]
	[ ! -e started ]
}

@test "-p -: the room that was seen is gone when the job runs" {
	need strace
	mkfifo pipe
	exec 7<>pipe
	fifos
	# The launcher is stopped when it has asked whether its child is the job.
	timeout -s KILL "$LIMIT" strace -f -qqq -o trace -e trace=waitid \
	    -e inject=waitid:signal=STOP:when=1 \
	    "$DETACH" -o out -p - "$PROBE" facts ping pong >&7 2>errors 3>&- &
	facts
	timeout "$LIMIT" sh -c 'until grep -q "stopped by SIGSTOP" trace; do
			sleep 0.05
		done'
	dd if=/dev/zero of=pipe bs=4096 count=1024 oflag=nonblock 2>/dev/null ||
	    true
	kill -CONT "$(sed -n '1s/ .*//p' trace)"
	quit
	ended_with 0 $!
	[ "$(cat errors)" = "detach: -p - for PID $(fact pid): Resource \
temporarily unavailable" ]
}

@test "what is no number is no pidfile" {
	local content
	for content in text '12 34' 12x x12 -1 $'1\n\n2' " " $'\n' \
	    "$(printf '%065d' 1)"; do
		printf %s "$content" >conf
		refused 125 "-p conf: not a pidfile" \
		    "$DETACH" -o out -p conf touch started
		[ "$(cat conf; echo x)" = "${content}x" ]
	done
	[ ! -e out ]
	for content in '' 1 $'12\n' ' 12 ' "$(printf '%064d' 1)"; do
		printf %s "$content" >pid
		"$DETACH" -q -w -o out -p pid true
		[[ $(cat pid) =~ ^[0-9]+$ ]]
	done
}

@test "old content comes back, and the mode is the umask's" {
	local old
	bad_script
	for old in '' 1 12345678901234567890; do
		printf %s "$old" >pid
		refused 127 "./bad" "$DETACH" -o out -p pid ./bad
		[ "$(cat pid; echo x)" = "${old}x" ]
	done
	rm pid
	refused 127 "./bad" "$DETACH" -o out -p pid ./bad
	[ ! -e pid ]
	umask 026
	"$DETACH" -q -w -o out -p pid true
	[ "$(stat -c %a pid)" = 640 ]
	rm pid
	umask 0
	"$DETACH" -q -w -o out -p pid true
	[ "$(stat -c %a pid)" = 666 ]
}

@test "old content of every length comes back, or gives way to the PID" {
	local length old
	bad_script
	for length in {1..12} 64; do
		old=$(printf "%0${length}d" 0)
		printf %s "$old" >pid
		refused 127 "./bad" "$DETACH" -o out -p pid ./bad
		[ "$(cat pid; echo x)" = "${old}x" ]
		"$DETACH" -q -w -o out -p pid sh -c 'echo $$ | cmp - pid'
	done
}

# while_held COMMAND ARG... - a launch with the pidfile "pid" and these arguments,
# with the shell command run between its opening of the file and its first look
# at what is in it.
while_held() {
	need strace
	rm -f trace
	timeout -s KILL "$LIMIT" strace -f -qqq -o trace -P "$PWD/pid" \
	    -e trace='?fcntl,?fcntl64' \
	    -e inject='?fcntl,?fcntl64:signal=STOP:when=1' \
	    "$DETACH" -o out -p pid "${@:2}" 2>/dev/null 3>&- &
	timeout "$LIMIT" sh -c 'until grep -q "stopped by SIGSTOP" trace; do
			sleep 0.05
		done'
	sh -c "$1"
	kill -CONT "$(sed -n '1s/ .*//p' trace)"
}

@test "a pidfile that another launch has removed is made again" {
	while_held 'rm pid' -w sh -c 'echo $$ | cmp - pid'
	ended_with 0 $!
}

@test "a new pidfile that another launch has written to is not removed" {
	bad_script
	while_held 'echo 123 >pid' ./bad
	ended_with 127 $!
	[ "$(cat pid)" = 123 ]
}

@test "a second launch waits for the first one's pidfile" {
	bad_script
	# The lock of a launch, held as long as this shell likes.
	echo 77 >pid
	need python3
	mkfifo go ready
	python3 - <<-'EOF' 3>&- &
		import fcntl, struct
		file = open("pid", "r+")
		fcntl.fcntl(file, 37, struct.pack("hhqqi4x", 1, 0, 0, 0, 0))
		open("ready", "w").close()
		open("go").read()
	EOF
	timeout "$LIMIT" cat ready
	refused 125 "-p pid: locked by another process" \
	    timeout -s KILL "$LIMIT" \
	    "$DETACH" -o out -p pid touch started
	[ "$(cat pid)" = 77 ]
	: >go
	wait $!
	"$DETACH" -q -w -o out -p pid true
	[ "$(cat pid)" != 77 ]
}

@test "a lock for reading, which anybody can have, stops nobody" {
	echo 77 >pid
	need python3
	mkfifo go ready
	python3 - <<-'EOF' 3>&- &
		import fcntl, struct
		file = open("pid")
		fcntl.fcntl(file, 37, struct.pack("hhqqi4x", 0, 0, 0, 0, 0))
		open("ready", "w").close()
		open("go").read()
	EOF
	timeout "$LIMIT" cat ready
	"$DETACH" -q -w -o out -p pid true
	[ "$(cat pid)" != 77 ]
	: >go
	wait $!
}

# held [new] - a launch of ./bad with the pidfile "pid", which holds 77 or is new. It is stopped
# when its exec has failed, before it takes its PID back: SIGSTOP comes to the
# child in its execve(). The child's PID is in "child", that of strace in "first".
held() {
	need strace
	bad_script
	[ "${1:-}" = new ] || echo 77 >pid
	strace -f -qq -o trace -e trace=execve \
	    -e inject=execve:signal=SIGSTOP:when=1 \
	    "$DETACH" -o out -p pid ./bad 2>/dev/null 3>&- &
	first=$!
	timeout "$LIMIT" sh -c 'until [ -s pid ] && [ "$(cat pid)" != 77 ]; do
			:
		done'
	child=$(cat pid)
	reaches '[Tt]' "$child"
}

@test "what somebody else has written meanwhile stays" {
	held
	echo 222 >pid
	kill -CONT "$child"
	ended_with 127 "$first"
	[ "$(cat pid)" = 222 ]
}

@test "another file that has come in the place of a new one stays" {
	held new
	cp pid other
	mv other pid
	kill -CONT "$child"
	ended_with 127 "$first"
	[ "$(cat pid)" = "$child" ]
}

@test "two launches with one pidfile: neither takes back the other's" {
	held
	refused 125 "-p pid: locked by another process" \
	    timeout -s KILL "$LIMIT" \
	    "$DETACH" -o out -p pid touch started
	[ "$(cat pid)" = "$child" ]
	kill -CONT "$child"
	ended_with 127 "$first"
	[ "$(cat pid)" = 77 ]
	"$DETACH" -q -w -o out -p pid true
	[ "$(cat pid)" != 77 ]
}

@test "the lock goes with the launch, not with the waiter" {
	start "$DETACH" -o out -p pid
	"$DETACH" -q -w -o out -p pid true
	quit
	fifos
	"$DETACH" -w -o out -p pid "$PROBE" facts ping pong 3>&- &
	facts
	"$DETACH" -q -w -o out -p pid true
	quit
	wait $!
}
