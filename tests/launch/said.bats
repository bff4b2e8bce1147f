#!/usr/bin/env bats
# What detach says: where the output is, what was lost, and what helps.

load ../lib/helpers

# says TEXT COMMAND... - the command succeeds, and its line ends in that text.
says() {
	local text=$1
	shift
	run --separate-stderr -0 "$@"
	[ "${#stderr_lines[@]}" = 1 ]
	[[ $stderr == "detach: PID "*"$text" ]]
}

@test "a stderr that alone goes to the default file is named so" {
	run -0 "$PTY" sh -c '"$DETACH" true >out' </dev/null
	[[ $output == "detach: PID "*", errors in '$PWD/nohup.out'"* ]]
	rm nohup.out
	run -0 "$PTY" sh -c '"$DETACH" -o - true | cat' </dev/null
	[[ $output == "detach: PID "*", errors in '$PWD/nohup.out'"* ]]
	rm nohup.out
	says ", output in '$PWD/nohup.out'" sh -c '"$DETACH" true | cat'
}

@test "a path in UTF-8 can be pasted" {
	mkdir 'é 日本 🚀'
	cd 'é 日本 🚀'
	says ", output in '$PWD/nohup.out'" "$DETACH" true </dev/null
	refused 127 'ñandú: No such file or directory' "$DETACH" ñandú
}

# shown TEXT NAME - a command of that name is not found, and its name is the text.
shown() {
	refused 127 "$1: No such file" "$DETACH" "$2"
	[[ $stderr == "detach: $1: No such file"* ]]
}

@test "what could confuse a terminal is escaped" {
	local plain
	# C1 controls, directions, separators of lines and paragraphs.
	shown 'a\302\205b\302\233c' $'a\302\205b\302\233c'
	shown '\342\200\256\342\201\246\342\200\216\330\234' \
	    $'\342\200\256\342\201\246\342\200\216\330\234'
	shown '\342\200\250\342\200\251' $'\342\200\250\342\200\251'
	shown '\177\033\\x' $'\177\e\\x'
	# Cut short, too long, a surrogate, past the end, a stray byte.
	shown '\303' $'\303'
	shown '\342\202x' $'\342\202x'
	shown '\300\257\340\200\257\360\200\200\257' \
	    $'\300\257\340\200\257\360\200\200\257'
	refused 125 '-i \355\240\200: No' "$DETACH" -i $'\355\240\200' true
	shown '\364\220\200\200' $'\364\220\200\200'
	shown '\200\277\377' $'\200\277\377'
	# The last of each length, and neighbours of what is escaped.
	plain=$'\337\277\357\277\277\364\217\277\277\302\240\342\200\247'
	plain+=$'\342\200\257\342\201\245\342\201\252'
	shown "$plain" "$plain"
}

@test "in the root directory the path of the default file has one slash" {
	right mounts
	mkdir root
	says ", output in '/nohup.out'" "${private[@]}" sh -ec '
		mount -t tmpfs tmpfs root
		for entry in /*; do
			if [ -h "$entry" ]; then
				cp -P "$entry" root
			elif [ -d "$entry" ]; then
				mkdir "root$entry"
				mount --rbind "$entry" "root$entry"
			fi
		done
		exec chroot root "$DETACH" true </dev/null'
}

@test "why the default file is not the one here" {
	mkdir nohup.out
	says ", output in '$HOME/nohup.out' (nohup.out: Is a directory)" \
	    "$DETACH" true </dev/null
	says "'$HOME/nohup.out' (nohup.out: Is a directory), input ignored" \
	    "$DETACH" true </etc/passwd
}

@test "a home directory that is named from here is shown whole" {
	mkdir nohup.out near
	HOME=near says ", output in '$PWD/near/nohup.out' (nohup.out: Is a \
directory)" "$DETACH" true </dev/null
}

@test "no default file at all: how to choose a place" {
	mkdir nohup.out
	refused 125 "nohup.out: Is a directory; HOME is not set \
(-o FILE chooses another place)" env -u HOME "$DETACH" true
	refused 125 "/nosuch/nohup.out: No such file or directory \
(-o FILE chooses another place)" env HOME=/nosuch "$DETACH" true
}

@test "bytes that wait in a pipe are not lost in silence" {
	mkfifo pipe
	exec 7<>pipe
	says "/nohup.out'" "$DETACH" true <pipe
	echo text >&7
	says "/nohup.out', input ignored" "$DETACH" true <&7
	says "/nohup.out'" "$DETACH" -i - true <&7
	says "/nohup.out'" "$DETACH" -i /dev/null true <&7
	run -0 --separate-stderr "$DETACH" -q true <&7
	[ -z "$stderr" ]
}

@test "bytes that wait in a socket are not lost in silence" {
	need python3
	local kind
	for kind in STREAM DGRAM SEQPACKET; do
		# What detach finds: nothing, a message, one that is for the job.
		run -0 timeout "$LIMIT" python3 - $kind <<-'END'
			import os, socket, subprocess, sys
			here, there = socket.socketpair(socket.AF_UNIX,
			    getattr(socket, "SOCK_" + sys.argv[1]))
			def launch(*option):
			    subprocess.run([os.environ["DETACH"], *option, "true"],
			        stdin=here, check=True)
			launch()
			there.send(b"text")
			launch()
			launch("-i", "-")
		END
		[[ ${lines[0]} == "detach: PID "*"/nohup.out'" ]]
		[[ ${lines[1]} == "detach: PID "*"/nohup.out', input ignored" ]]
		[[ ${lines[2]} == "detach: PID "*"/nohup.out'" ]]
	done
}

# What is typed ahead stays with the terminal: the shell reads it next.
@test "a terminal on stdin is never called ignored" {
	window sh -c 'cat word >up
		read -r go
		"$DETACH" true
		"$DETACH" -o out true
		read -r next
		echo "$go $next"'
	told up
	printf 'go\nnext\n' >&8
	timeout "$LIMIT" tail --pid="$window" -f /dev/null
	wait "$window"
	exec 7>&- 8>&-
	mapfile -t lines <screen
	[[ ${lines[0]} == "detach: PID "*"/nohup.out'" ]]
	[[ ${lines[1]} =~ ^detach:\ PID\ [0-9]+$ ]]
	[ "${lines[2]}" = "go next" ]
}

@test "a file that has been removed is an input, too" {
	echo text >file
	exec 7<file
	rm file
	says "/nohup.out', input ignored" "$DETACH" true <&7
}

# deep LENGTH CHARACTER - a directory whose path has so many bytes, and go there.
deep() {
	local name=$2
	while [ "${#name}" -lt 250 ]; do
		name+=$2
	done
	while [ $(($1 - ${#PWD})) -gt 251 ]; do
		mkdir -p "${name:0:200}"
		cd "${name:0:200}"
	done
	mkdir -p "${name:0:$1 - ${#PWD} - 1}"
	cd "${name:0:$1 - ${#PWD} - 1}"
}

@test "a line that is too long for one write is cut, with dots" {
	local length cut=0 top=$PWD
	for length in {4046..4066}; do
		cd "$top"
		deep "$length" x
		run --separate-stderr -0 "$DETACH" -w true
		[ "${#stderr}" -le 4095 ]
		[[ $stderr == *"x/nohup.out'" ]] || {
			[[ $stderr == *... ]]
			[ "${#stderr}" = 4095 ]
			cut=$((cut + 1))
		}
	done
	[ "$cut" -gt 0 ]
	[ "$cut" -lt 21 ]
	for length in 1600 1601 1602 1603; do
		cd "$top"
		deep "$length" $'\001'
		run --separate-stderr -0 "$DETACH" -w true
		[[ $stderr == *'\001\001...' ]]
		[ "${#stderr}" -le 4095 ]
		[ "${#stderr}" -gt 4085 ]
	done
}

@test "the option is named with its file" {
	refused 125 "-i nosuch: No such file or directory" \
	    "$DETACH" -i nosuch touch started
	refused 125 "-o nodir/x: No such file" "$DETACH" -o nodir/x touch started
	refused 125 "-e nodir/x: No such file" \
	    "$DETACH" -o out -e nodir/x touch started
	refused 125 "-p nodir/x: No such file" \
	    "$DETACH" -o out -p nodir/x touch started
	[ ! -e out ]
}

# hinted COMMAND... - it is not found, and a shell would understand it.
hinted() {
	refused 127 "$1: No such file or directory (a shell command line needs \
sh -c)" "$DETACH" -o out "$@"
}

@test "a hint where it helps: what only a shell understands" {
	local word
	for word in cd if source export 'a b' 'a|b' 'a;b' 'a>b' 'a<b' 'a&b' \
	    'a`b`' '$a' 'a*' '/bin/ls -l'; do
		hinted "$word" /tmp
	done
}

@test "a hint where it helps: a variable, a mode" {
	refused 127 "VAR_1=x: No such file or directory (to set a variable: \
detach env VARIABLE=VALUE COMMAND)" "$DETACH" VAR_1=x true
	echo true >plain
	refused 126 "./plain: Permission denied (chmod +x makes it executable)" \
	    "$DETACH" ./plain
}

# unhinted NAME - the line ends with the reason.
unhinted() {
	refused 127 ": No such file or directory" "$DETACH" -o out "$1"
	[[ $stderr == *directory ]]
}

@test "no hint where it would be wrong" {
	local name
	for name in nosuch ./nosuch './a b' './a;b' 'dir/a b' '1=2' '=' '' \
	    cdx ./cd; do
		unhinted "$name"
	done
	mkdir noexec
	refused 126 "./noexec: Is a directory" "$DETACH" ./noexec
	[[ $stderr == *directory ]]
}

@test "a hint where it helps: options and their values" {
	refused 125 "-x: unknown option (see 'detach --help')" "$DETACH" -x
	refused 125 "--x: unknown option (see 'detach --help')" "$DETACH" --x
	refused 125 "-k 9: is not open" "$DETACH" -k 9 true
	refused 125 "-a '': not a time (2, 0.5s, 3m, 1h)" "$DETACH" -a '' true
	refused 125 "-r job: not a PID (pgrep finds one by name)" \
	    "$DETACH" -r job
	refused 125 "-r %1: not a PID (\$(jobs -p JOB) gives a job's)" \
	    "$DETACH" -r %1
	refused 125 "-r '': not a PID" "$DETACH" -r ''
}

@test "-h and -V" {
	run -0 "$DETACH" -h
	[ "$output" = "$("$DETACH" --help)" ]
	run -0 "$DETACH" -V
	[ "$output" = "$("$DETACH" --version)" ]
	refused 125 "--help=x: takes no value" "$DETACH" --help=x
}

@test "nothing is left of a launch that was refused" {
	mkdir directory
	refused 126 "./directory: Is a directory" "$DETACH" -o new ./directory
	[ ! -e new ]
	ln -s nodir/target dangling
	refused 125 "-e dangling: No such file or directory" \
	    "$DETACH" -o new -e dangling true
	[ ! -e new ]
	ln -s loop loop
	refused 125 "-e loop: Too many levels of symbolic links" \
	    "$DETACH" -o new -e loop true
	[ ! -e new ]
	# Links to what can be made are followed, from where they are.
	mkdir place
	ln -s ../second place/first
	"$DETACH" -q -w -o place/first -e errors echo text
	[ "$(cat second)" = text ]
	ln -s "$PWD/place/third" absolute
	"$DETACH" -q -w -o absolute echo text
	[ "$(cat place/third)" = text ]
}

# On a terminal that is stopped as by Ctrl-S, for so long as the command runs.
stopped_terminal='import subprocess, sys, termios
termios.tcflow(0, termios.TCOOFF)
status = subprocess.call(sys.argv[1:])
termios.tcflow(0, termios.TCOON)
sys.exit(status)'

@test "a message that finds no room is dropped: a full pipe" {
	mkfifo pipe
	exec 7<>pipe
	# In blocks of a page, as the kernel counts the room in a pipe.
	dd if=/dev/zero of=pipe bs=4096 count=1024 oflag=nonblock 2>/dev/null ||
	    true
	run -0 timeout -s KILL "$LIMIT" sh -c '"$DETACH" -w echo text 2>&7'
	[ "$(cat nohup.out)" = text ]
	run -127 timeout -s KILL "$LIMIT" sh -c '"$DETACH" nosuch 2>&7'
}

@test "a message that finds no room is dropped: a stopped terminal" {
	need python3
	run -0 timeout -s KILL "$LIMIT" "$PTY" python3 -c "$stopped_terminal" \
	    "$DETACH" -w echo text </dev/null
	[ -z "$output" ]
	[ "$(cat nohup.out)" = text ]
	# Nor does it take a PID.
	run -125 timeout -s KILL "$LIMIT" "$PTY" python3 -c "$stopped_terminal" \
	    sh -c '"$DETACH" -o out -p - touch started 2>errors' </dev/null
	[ "$(cat errors)" = \
	    "detach: -p -: Resource temporarily unavailable" ]
	[ ! -e started ]
}
