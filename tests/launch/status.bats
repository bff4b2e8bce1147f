#!/usr/bin/env bats
# The exit status table: what the command's file can be, and what is said.

load ../lib/helpers

@test "0: the job runs" {
	run -0 "$DETACH" -q -o out true
	run -0 "$DETACH" -q -o out false
}

@test "125: nothing to write to" {
	mkdir place
	cd place
	# Neither the working directory nor HOME can hold a nohup.out.
	mkdir nohup.out
	unset HOME
	refused 125 "nohup.out: Is a directory; HOME is not set" "$DETACH" true
	export HOME=
	refused 125 "HOME is not set" "$DETACH" true
	export HOME=/nosuch
	refused 125 "nohup.out: Is a directory; /nosuch/nohup.out: No such file" \
	    "$DETACH" true
}

@test "the default file falls back to the home directory" {
	mkdir nohup.out
	run -0 --separate-stderr "$DETACH" -w echo text
	[[ $stderr == *"output in '$HOME/nohup.out' (nohup.out: Is a directory)" ]]
	[ "$(cat "$HOME/nohup.out")" = text ]
}

@test "the default file is for its owner alone, whatever the umask" {
	umask 0777
	run -0 "$DETACH" -w echo text
	[ "$(stat -c %a nohup.out)" = 600 ]
	chmod 644 nohup.out
	run -0 "$DETACH" -w echo text
	[ "$(stat -c %a nohup.out)" = 644 ]
}

@test "the default file is for its owner alone where fchmod fails" {
	need strace
	umask 0
	ASAN_OPTIONS=detect_leaks=0 strace -qqq -o trace -e trace=fchmod \
	    -e inject=fchmod:error=EPERM "$DETACH" -q -w true | cat
	grep -q INJECTED trace
	[ "$(stat -c %a nohup.out)" = 600 ]
}

@test "126: found, but cannot run" {
	echo text >file
	refused 126 "./file: Permission denied" "$DETACH" -o out ./file
	mkdir dir
	refused 126 "./dir: Is a directory" "$DETACH" -o out ./dir
	refused 126 "file/x: Not a directory" "$DETACH" -o out file/x
	mv file only-here
	PATH=$PWD:$PATH refused 126 "only-here: Permission denied" \
	    "$DETACH" -o out only-here
}

@test "126: a FIFO that is executable, which nobody writes to" {
	mkfifo -m 755 fifo
	refused 126 "./fifo: Permission denied" \
	    timeout -s KILL "$LIMIT" "$DETACH" -o out ./fifo
}

@test "126: a binary of another kind" {
	printf 'no\0script\n' >file
	chmod +x file
	refused 126 "./file: Exec format error" "$DETACH" -o out ./file
	"$ODD_FILE" no-machine program
	refused 126 "./program: Exec format error" "$DETACH" -o out ./program
}

@test "127: not found" {
	refused 127 "nosuch: No such file or directory" "$DETACH" -o out nosuch
	refused 127 "./nosuch: No such file" "$DETACH" -o out ./nosuch
	refused 127 "'': No such file" "$DETACH" -o out ''
	refused 127 "nosuch: No such file" "$DETACH" nosuch
	[ ! -e nohup.out ]
}

@test "127: a command line in one word gets a hint" {
	refused 127 "sleep 5: No such file or directory (a shell command line needs sh -c)" \
	    "$DETACH" -o out "sleep 5"
	refused 127 "needs sh -c" "$DETACH" -o out "a|b"
}

@test "127: a missing interpreter is named" {
	printf '#!/nosuch/sh -x\n' >script
	chmod +x script
	refused 127 "./script: bad interpreter '/nosuch/sh': No such file" \
	    "$DETACH" -o out ./script
	# The first bytes of a file are looked at, and all of a long name shown.
	printf '#!/nosuch %01000d\n' 0 >script
	refused 127 "./script: bad interpreter '/nosuch': No such file" \
	    "$DETACH" -o out ./script
	printf '#!/%0240d\n%01000d\n' 0 0 >script
	refused 127 "./script: bad interpreter '/$(printf '%0240d' 0)': No such" \
	    "$DETACH" -o out ./script
	# It ends with the file, whatever was in memory before.
	printf '#!/nosuch' >script
	refused 127 "script: bad interpreter '/nosuch': No such file" \
	    env PATH="/$(printf '%04000d' 0):$PWD" "$DETACH" -o out script
	printf '#! /bin/sh\r\n' >script
	refused 127 "bad interpreter '/bin/sh\\r'" "$DETACH" -o out ./script
}

@test "127: a missing loader is named" {
	"$ODD_FILE" no-loader program
	refused 127 "./program: its interpreter: No such file" \
	    "$DETACH" -o out ./program
}

@test "a script without #! runs under /bin/sh" {
	printf 'echo "$0 $*"\n' >script
	chmod +x script
	run -0 "$DETACH" -q -w -o - ./script 1 '2  3'
	[ "$output" = "./script 1 2  3" ]
	: >empty
	chmod +x empty
	run -0 "$DETACH" -q -w ./empty
	# Only in the first line a NUL byte tells of a binary.
	printf 'echo text\nexit\n\0' >archive
	chmod +x archive
	run -0 "$DETACH" -q -w -o - ./archive
	[ "$output" = text ]
	PATH=$PWD:$PATH run -0 "$DETACH" -q -w -o - script x
	[ "$output" = "$PWD/script x" ]
}

@test "a first line of any length" {
	local length
	printf '#!/%0252d\n' 0 >script
	chmod +x script
	refused 127 "./script: bad interpreter '/$(printf '%0252d' 0)': No such" \
	    "$DETACH" -o out ./script
	# The kernel looks at 256 bytes. A longer name is a comment, for /bin/sh.
	for length in 256 511 512 513 1000; do
		printf '#!/%0*d\necho text\n' "$((length - 3))" 0 >script
		run -0 "$DETACH" -q -w -o - ./script
		[ "$output" = text ]
		printf '%*s\necho text\n' "$length" : >script
		run -0 "$DETACH" -q -w -o - ./script
		[ "$output" = text ]
	done
}

@test "PATH: empty elements, directories, what cannot be executed" {
	mkdir -p one/tool two three
	echo 'echo no' >two/tool
	echo 'echo three' >three/tool
	chmod +x three/tool
	PATH=/nosuch:$PWD/one:$PWD/two:$PWD/three:$PATH \
	    run -0 "$DETACH" -q -w -o - tool
	[ "$output" = three ]
	echo 'echo here' >./-tool
	chmod +x ./-tool
	for path in "$PATH:" ":$PATH" "${PATH/:/::}"; do
		PATH=$path run -0 "$DETACH" -q -w -o - -- -tool
		[ "$output" = here ]
	done
}

@test "PATH: of those in the way the first is what the reason is about" {
	mkdir -p one two/tool
	: >one/tool
	refused 126 "tool: Permission denied (chmod +x makes it executable)" \
	    env PATH="$PWD/one:$PWD/two" "$DETACH" tool
}

@test "PATH: unset, it is the system's" {
	run -0 env -u PATH "$DETACH" -q -w -o - sh -c 'echo text'
	[ "$output" = text ]
}
