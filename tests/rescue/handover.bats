#!/usr/bin/env bats
# The output file of a rescued job, which detach opens and hands over.

load ../lib/helpers
load ../lib/rescue

root() {
	right root cap-sys-ptrace
	need setpriv
	# Others may come here.
	chmod 711 . .. ../..
}

# descriptors PID - their numbers, and where they lead.
descriptors() {
	local fd
	for fd in "/proc/$1/fd"/*; do
		echo "${fd##*/} $(readlink "$fd")"
	done
}

# The numbers of all of the job.
numbers() {
	local process
	for process in $(pgrep -g "$pid"); do
		descriptors "$process" | sed "s/^/$process /; s/ [^ ]*$//"
	done
}

# flag OCTAL N [PID] - is that flag of descriptor N set?
flag() {
	local flags
	flags=$(sed -n 's/^flags:[[:space:]]*//p' "/proc/${3:-$pid}/fdinfo/$2")
	[ $((flags & $1)) != 0 ]
}

same_open() {
	"$BUILD/tests/programs/same-open" "$@"
}

# The job ends after the hang-up, and its last line is in that file.
ends_in() {
	hang_up
	wake read
	verdict
	[ "$(cat "$1")" = v:2 ]
}

@test "rescue: all of a job have one open file, and nothing else new" {
	start_on_terminal background "$VICTIM read 3>&2 4</dev/tty | cat | cat >&2"
	until_true has_cats 2
	numbers >before
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid and 2 more, output in '$PWD/nohup.out'" ]
	numbers | diff before -
	same_open "$pid" 2 "$pid" 3
	for other in $(pgrep -g "$pid" -x cat); do
		same_open "$pid" 2 "$other" 2
		[ "$(readlink "/proc/$other/fd/2")" = "$PWD/nohup.out" ]
	done
	[ "$(fd_of 4)" = /dev/null ]
	flag 02000 2
	for n in 2 3 4; do
		run ! flag 04000 $n
		run ! flag 02000000 $n
	done
	hang_up
	wake read
	verdict
	until_true no_group "$pid"
}

# What the job has for a moment may get numbers that do not follow one another.
@test "rescue: nothing else new, whatever numbers are free" {
	local none
	none=$(printf '%s>&- ' {3..20})
	start_on_terminal background "$VICTIM read"
	for used in "" 3 4 5 6 7 "4 6" "3 5 7"; do
		read -ra words <<<"$used"
		keys "sleep 1000 $none${words[*]/%/</dev/null} & echo \$! >used\n"
		shell_answers
		pid=$(cat used)
		until_true called_sleep
		descriptors "$pid" | sed 's/ .*//' >before
		rescue "$pid"
		[ "$(fd_of 0) $(fd_of 1)" = "/dev/null $PWD/nohup.out" ]
		descriptors "$pid" | sed 's/ .*//' | diff before -
		kill -KILL "$pid"
	done
	hang_up
}

called_sleep() {
	[ "$(cat "/proc/$pid/comm")" = sleep ]
}

@test "rescue: the default file is where the caller stands" {
	mkdir clone
	start_on_terminal foreground "cd clone; ln -s ../ready ../done .; $VICTIM read"
	until_true in_state S "$pid"
	[ "$(readlink "/proc/$pid/cwd")" = "$PWD/clone" ]
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[ ! -e clone/nohup.out ]
	hang_up
	(cd clone && wake read)
	verdict
	[ "$(cat nohup.out)" = v:2 ]
}

# The words for a job of another user, without rights.
other='setpriv --reuid=12345 --regid=12345 --clear-groups'

@test "rescue: the default file is the job's user's" {
	root
	start_on_terminal foreground \
	    "chmod 666 ready done; mkdir -m 777 their; cd their; ln -s ../ready ../done .; env -i LONG=/no HOMES=/no HOME=\$HOME \
	    $other $VICTIM read"
	until_true in_state S "$pid"
	# Where the caller is, that user may not write: in his home then.
	run -125 rescue "$pid"
	[ "$output" = "detach: PID $pid: nohup.out: Permission denied; $HOME/nohup.out: Permission denied" ]
	chmod 777 home
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$HOME/nohup.out'" ]
	[ "$(stat -c %u:%g:%a home/nohup.out)" = 12345:12345:600 ]
	hang_up
	(cd their && wake read)
	verdict
	[ "$(cat home/nohup.out)" = v:2 ]
}

# Its supplementary groups are the job's, too.
@test "rescue: the default file is opened with the job's groups" {
	root
	need strace
	mkdir -m 770 group
	chgrp 23456 group
	start_on_terminal background \
	    "setpriv --reuid=12345 --regid=12345 --groups=34567,23456 sh -c 'echo \$\$ >&9; exec sleep 1000 9>&-' 9>ready"
	cd group
	# To take them on, and to give them back.
	for when in 1 2; do
		rm -f nohup.out
		run -125 timeout -s KILL "$LIMIT" strace -qq -o trace \
		    -e "trace=setgroups,?setgroups32" \
		    -e "inject=setgroups,?setgroups32:error=ENOMEM:when=$when" \
		    "$DETACH" -r "$pid"
		[ "$output" = "detach: PID $pid: nohup.out: cannot be opened as \
the job's user: Cannot allocate memory" ]
		[[ $(fd_of 1) == /dev/pts/* ]]
	done
	rm -f nohup.out
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[ "$(stat -c %u:%g nohup.out)" = 12345:12345 ]
	kill -KILL "$pid"
	hang_up
}

# What they are is looked up once more before anything has changed.
@test "rescue: nothing changes if the rights of the job cannot be known" {
	need strace
	sleeping_victim read
	for what in "3 " "4 nohup.out: cannot be opened as the job's user: "; do
		run -125 timeout -s KILL "$LIMIT" strace -qq -o trace \
		    -P "/proc/$pid/status" -e "trace=?open,openat" \
		    -e "inject=?open,openat:error=EACCES:when=${what%% *}" \
		    "$DETACH" -r "$pid"
		[ "$output" = "detach: PID $pid: ${what#* }Permission denied" ]
	done
	# And detach's own: with -D, strace leaves it the PID.
	# shellcheck disable=SC2016 # for the other shell
	run -125 timeout -s KILL "$LIMIT" sh -c 'exec strace -D -qq -o trace -P "/proc/$$/status" \
	    -e "trace=?open,openat" -e "inject=?open,openat:error=EACCES" \
	    "$DETACH" -r "$1"' sh "$pid"
	[ "$output" = "detach: PID $pid: nohup.out: cannot be opened as the job's user: Permission denied" ]
	[ ! -e nohup.out ]
	unharmed read
}

@test "rescue: a file of -o is opened as the caller" {
	root
	mkdir -m 700 closed
	start_on_terminal background \
	    "$other sh -c 'echo \$\$ >&9; exec sleep 1000 9>&-' 9>ready"
	run -0 rescue -o closed/out "$pid"
	[ -z "$output" ]
	[ "$(fd_of 1)" = "$PWD/closed/out" ]
	[ "$(stat -c %u:%a closed/out)" = 0:644 ]
	flag 02000 1
	run ! flag 04000 1
	hang_up
	until_true in_state S "$pid"
	kill -KILL "$pid"
}

@test "rescue: a job of two users has one file" {
	root
	start_on_terminal background "sh -c 'echo \$\$ >ready; exec sleep 1000' |
	    $other sleep 1000"
	until_true other_user
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	same_open "$pid" 2 "$second" 1
	same_open "$pid" 2 "$second" 2
	[ "$(stat -c %u nohup.out)" = 0 ]
	kill -KILL -- "-$pid"
	hang_up

	# It is made by the user of the one that was named.
	rm nohup.out
	chmod 1777 .
	start_on_terminal background "sh -c 'echo \$\$ >ready; exec sleep 1000' |
	    $other sleep 1000"
	until_true other_user
	run -0 rescue "$second"
	[ "$output" = "detach: PID $second and 1 more, output in '$PWD/nohup.out'" ]
	[ "$(stat -c %u nohup.out)" = 12345 ]
	kill -KILL -- "-$pid"
	hang_up
}

other_user() {
	second=$(pgrep -g "$pid" -u 12345 -x sleep)
}

# in_namespace OPTION... - a job in namespaces of its own.
in_namespace() {
	right cap-sys-admin
	start_on_terminal background \
	    "unshare $* sh -c 'echo \$\$ >&9; exec sleep 1000 9>&-' 9>ready"
}

# It is rescued with a file that it could not open itself, and nothing else is
# new.
handed_over() {
	numbers >before
	run -0 rescue "$@" "$pid"
	numbers | diff before -
	[ "$(stat -L -c %d:%i "/proc/$pid/fd/1")" = "$(stat -c %d:%i "$file")" ]
	hang_up
	until_true in_state S "$pid"
	kill -KILL "$pid"
}

@test "rescue: a job in a mount namespace" {
	mkdir hidden
	right mounts
	start_on_terminal background \
	    "unshare -m sh -c 'mount -t tmpfs none hidden; echo \$\$ >&9; exec sleep 1000 9>&-' 9>ready"
	file=hidden/out
	handed_over -o hidden/out
}

@test "rescue: a job in a network namespace" {
	in_namespace -n
	file=nohup.out
	handed_over
}

@test "rescue: a job in a PID namespace" {
	right pid-namespaces
	start_on_terminal background \
	    "sh -c 'echo \$\$ >&9; exec unshare -pf sleep 1000 9>&-' 9>ready"
	until_true pgrep -x -P "$pid" sleep
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	child=$(pgrep -x -P "$pid" sleep)
	same_open "$pid" 1 "$child" 1
	hang_up
	until_true in_state S "$child"
	kill -KILL "$child"
}

# There is no /dev there either.
@test "rescue: a job in another root directory" {
	right root
	LC_ALL=C run ldd "$VICTIM"
	[[ $output == *"not a dynamic executable"* ]] || skip "no static victim"
	mkdir root elsewhere
	cp "$VICTIM" root/victim
	cd root
	start_on_terminal foreground "chroot . /victim read"
	until_true in_state S "$pid"
	cd ../elsewhere
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	cd ../root
	ends_in ../elsewhere/nohup.out
}

@test "rescue: a full disk is the job's to see" {
	start_on_terminal foreground "$VICTIM read"
	until_true in_state S "$pid"
	run -0 rescue -o /dev/full "$pid"
	[ -z "$output" ]
	[ "$(fd_of 1)" = /dev/full ]
	hang_up
	until_true in_state S "$pid"
	# Whether it sees the error or not, it does not wait for a reader.
	exec 9<>"done"
	wake read
	until_true gone "$pid"
	exec 9<&-
}

@test "rescue: where no file can be made it says why" {
	right root mounts
	mkdir small
	# The directory itself takes the one inode.
	mount -t tmpfs -o nr_inodes=1 none small
	start_on_terminal foreground "$VICTIM read"
	until_true in_state S "$pid"
	cd small
	rm -rf "$HOME"
	run -125 rescue "$pid"
	cd ..
	umount small
	[ "$output" = "detach: PID $pid: nohup.out: No space left on device; $HOME/nohup.out: No such file or directory" ]
	[[ $(fd_of 1) == /dev/pts/* ]]
	hang_up
}

# Another thread of it can write there. detach must not take its word for it.
@test "rescue: one that changes what it has received" {
	need python3 strace
	cat >change.py <<-'EOF'
		import struct, sys
		pid, what = sys.argv[1:]
		word = struct.calcsize("P")
		part, control = 7 * word, 9 * word # after a struct msghdr, an iovec
		change = {
		    "long": (control, "N", 1 << 20),
		    "short": (control, "N", 1),
		    "fewer": (control, "N", word + 8 + 4),
		    "level": (control + word, "i", 0),
		    "type": (control + word + 4, "i", 0),
		    "none": (5 * word, "i", 0),
		}
		# The kernel merges a new mapping with one that it touches: so
		# it is at an end of that.
		def ends(start, end):
		    return {(start, min(end, start + 65536)), (max(start, end - 65536), end)}
		def parcels(memory, start, end):
		    memory.seek(start)
		    text = memory.read(end - start)
		    for at in range(0, len(text) - 512, word):
		        words = struct.unpack_from("9N", text, at)
		        if (words[2], words[4]) == (start + at + part, start + at + control):
		            yield start + at
		with open(f"/proc/{pid}/mem", "r+b", 0) as memory:
		    for line in open(f"/proc/{pid}/maps"):
		        if " rw-p " not in line or "[" in line:
		            continue
		        start, end = (int(x, 16) for x in line.split()[0].split("-"))
		        for piece in ends(start, end):
		            for at in parcels(memory, *piece):
		                offset, kind, value = change[what]
		                memory.seek(at + offset)
		                memory.write(struct.pack(kind, value))
		                open("changed", "w").close()
	EOF
	start_on_terminal background "$VICTIM read"
	strace -qq -o trace -e trace=ptrace "$DETACH" -q -r "$pid"
	unharmed_in nohup.out
	rm fifo
	# It makes its third call then: after memory and sockets.
	step=$(grep -n 'GETREGSET.*PRSTATUS' trace | sed -n '4s/:.*//p')
	start_on_terminal background "$VICTIM read"
	for what in long short fewer level type none; do
		echo "what: $what"
		rm -f changed
		rescue_at "$step" "python3 -E change.py $pid $what" 2>message
		[ -e changed ]
		[ "$status" = 125 ]
		[ "$(cat message)" = \
		    "detach: PID $pid: descriptors: no room for more, or a security policy" ]
		[[ $(fd_of 1) == /dev/pts/* ]]
	done
	unharmed read
}

# Two sockets, two descriptors that it gets, and one copy of the terminal's, which
# are all one.
@test "rescue: one without room for descriptors is left as it is, until it has" {
	need prlimit
	start_on_terminal foreground "$VICTIM read"
	until_true in_state S "$pid"
	descriptors "$pid" >before
	# What a lower number hides is free, too.
	free=()
	for ((n = 0; ${#free[@]} < 5; n++)); do
		[ -e "/proc/$pid/fd/$n" ] || free+=("$n")
	done
	for ((room = 0; room < 5; room++)); do
		prlimit --pid "$pid" --nofile="${free[room]}:"
		run -125 rescue "$pid"
		case $room in
		2 | 3) why='no room for more, or a security policy' ;;
		*) why='Too many open files' ;;
		esac
		[ "$output" = "detach: PID $pid: descriptors: $why" ]
		descriptors "$pid" | diff before -
		[[ $(sed -n 's/^SigIgn://p' "/proc/$pid/status") = *[02468ace] ]]
	done
	prlimit --pid "$pid" --nofile="$((free[4] + 1)):"
	run -0 rescue "$pid"
	descriptors "$pid" | cut -d' ' -f1 >after
	cut -d' ' -f1 before | diff - after
	ends_in nohup.out
}

# A copy is what comes back: of each open file, not of each descriptor.
@test "rescue: after a refusal each descriptor is the open file that it was" {
	need prlimit
	start_on_terminal foreground "$VICTIM read 3</dev/tty 4>&3"
	until_true in_state S "$pid"
	# Room for what is handed over, and for a copy of one of two.
	free=()
	for ((n = 0; ${#free[@]} < 6; n++)); do
		[ -e "/proc/$pid/fd/$n" ] || free+=("$n")
	done
	prlimit --pid "$pid" --nofile="${free[5]}:"
	run -125 rescue "$pid"
	[ "$output" = "detach: PID $pid: descriptors: Too many open files" ]
	for n in 0 1 2; do
		same_open "$pid" "$n" "$shell" 0
	done
	same_open "$pid" 3 "$pid" 4
	run -1 same_open "$pid" 3 "$shell" 0
	prlimit --pid "$pid" --nofile="$((free[5] + 1)):"
	run -0 rescue "$pid"
	ends_in nohup.out
}

@test "rescue: without kcmp each descriptor has a copy of its own" {
	need strace
	start_on_terminal foreground "$VICTIM read"
	until_true in_state S "$pid"
	descriptors "$pid" | cut -d' ' -f1 >before
	run -0 timeout -s KILL "$LIMIT" strace -qq -o trace -e trace=kcmp \
	    -e inject=kcmp:error=ENOSYS "$DETACH" -r "$pid"
	grep -q ENOSYS trace
	descriptors "$pid" | cut -d' ' -f1 | diff before -
	ends_in nohup.out
}

# Old kernels lack it, and a filter may forbid it.
@test "rescue: without pidfd_getfd the job is left as it is" {
	need strace
	start_on_terminal foreground "$VICTIM read"
	until_true in_state S "$pid"
	descriptors "$pid" >before
	for error in ENOSYS EPERM; do
		case $error in
		ENOSYS) why='need Linux 5.6 to be handed over' ;;
		EPERM) why='cannot be handed over: pidfd_getfd is not permitted' ;;
		esac
		run -125 timeout -s KILL "$LIMIT" strace -o trace \
		    -e inject=pidfd_getfd:error=$error "$DETACH" -r "$pid"
		[ "$output" = "detach: PID $pid: descriptors: $why" ]
		descriptors "$pid" | diff before -
	done
	run -125 timeout -s KILL "$LIMIT" strace -o trace \
	    -e inject=sendmsg:error=ETOOMANYREFS "$DETACH" -r "$pid"
	[[ $output == "detach: PID $pid: descriptors: "* ]]
	descriptors "$pid" | diff before -
	run -0 rescue "$pid"
	ends_in nohup.out
}
