#!/usr/bin/env bats
# Who belongs to a job and is rescued with it, in which session and group.

load ../lib/helpers
load ../lib/rescue

# --- what it leaves behind ----------------------------------------------------

@test "rescue: a job of one process gets its own session" {
	sleeping_victim read background
	rescue "$pid"
	read -r _ _ _ _ group session tty _ <"/proc/$pid/stat"
	[ "$group $session $tty" = "$pid $pid 0" ]
	hang_up
	wake read
	verdict
}

# The shell, which is stopped for so long, has not waited for the other one.
@test "rescue: one that is alone when another has been waited for" {
	need strace
	for job in "sleep 1000 | $VICTIM read" "$VICTIM read >&2 | sleep 1000"; do
		echo "job: $job"
		rm -f fifo nohup.out
		start_on_terminal background "$job"
		until_true in_state S "$pid"
		is_alone_in_time
	done
}

is_alone_in_time() {
	local group other
	read -r _ _ _ _ group _ <"/proc/$pid/stat"
	until_true has_sleep "$group"
	other=$(pgrep -g "$group" -x sleep)
	kill -STOP "$shell"
	until_true in_state T "$shell"
	kill -KILL "$other"
	until_true in_state Z "$other"
	stop_rescue -e "inject=?nanosleep,clock_nanosleep:signal=STOP:when=1"
	kill -CONT "$shell"
	until_true no_process "$other"
	let_rescue_go
	[ "$(cut -d' ' -f5,6 "/proc/$pid/stat")" = "$pid $pid" ]
	unharmed_in nohup.out
}

has_sleep() {
	[ -n "$(pgrep -g "$1" -x sleep)" ]
}

@test "rescue: a pipeline keeps its group" {
	start_on_terminal background "$VICTIM read | cat"
	run -0 --separate-stderr rescue "$pid"
	[ "$stderr" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	kill -0 -- "-$pid"
	hang_up
	kill -TERM -- "-$pid"
	until_true no_group "$pid"
}

# That is how su -c and setsid -w start a command.
@test "rescue: a child in a session of its own, on the same terminal" {
	start_on_terminal foreground "sh -c 'setsid -w $VICTIM read; :'"
	until_true in_state S "$pid"
	top=$(parent_of "$pid")
	read -r _ _ _ _ _ shell _ <"/proc/$top/stat"
	run -0 --separate-stderr rescue "$top"
	[[ $stderr == "detach: PID "*" and 1 more, output in '$PWD/nohup.out'" ]]
	[ "$(fd_of 0)" = /dev/null ]
	# It is alone in its group, but it is not the whole job.
	read -r _ _ _ _ _ session _ <"/proc/$top/stat"
	[ "$session" = "$shell" ]
	unharmed_in nohup.out
}

# That is how a script with job control starts one.
@test "rescue: a child in a group of its own" {
	start_on_terminal background "bash -c 'set -m; $VICTIM read & wait'"
	top=$(parent_of "$pid")
	read -r _ _ _ _ group shell _ <"/proc/$pid/stat"
	[ "$group" = "$pid" ]
	run -0 rescue "$top"
	[ "$output" = "detach: PID $top and 1 more, output in '$PWD/nohup.out'" ]
	[ "$(fd_of 1)" = "$PWD/nohup.out" ]
	hang_up
	wake read
	verdict
	# That shell says there that the job has ended.
	grep -qx v:2 nohup.out
}

# The kernel may list no children, and a security policy may keep what it tells of
# others to itself.
@test "rescue: the same where the kernel tells less of a process" {
	need strace
	for where in "?open,openat -e inject=?open,openat:error=ENOENT" \
	    "getsid -e inject=getsid:error=EACCES"; do
		start_on_terminal foreground "sh -c 'setsid -w $VICTIM read; :'"
		until_true in_state S "$pid"
		top=$(parent_of "$pid")
		read -r _ _ _ _ _ shell _ <"/proc/$top/stat"
		case $where in
		*ENOENT) where="$where -P /proc/$top/task/$top/children" ;;
		esac
		read -ra words <<<"$where"
		run -0 timeout -s KILL "$LIMIT" strace -qq -o trace \
		    -e "trace=${words[0]}" "${words[@]:1}" "$DETACH" -q -r "$top"
		grep -q INJECTED trace
		[ "$(fd_of 0)" = /dev/null ]
		unharmed_in nohup.out
		rm nohup.out
	done
}

parent_of() {
	awk '/^PPid:/ { print $2 }' "/proc/$1/status"
}

# A job that makes a process when it gets SIGUSR1, as these words say.
maker() {
	echo "env --default-signal=HUP sh -c 'trap \"$1\" USR1
	    echo \$\$ >ready
	    sleep 1000 &
	    while :; do wait \$!; done'"
}

# finds_orphan SLEEP OUTPUT - start a job, and rescue it. Once it is known, but not yet
# held, it starts SLEEP through a process that ends, so that only its group tells
# whose that is. The output of SLEEP is then the file OUTPUT.
finds_orphan() {
	mkfifo made
	start_on_terminal background "$(maker "($1 & echo \\\$! >made)")"
	run -0 timeout "$LIMIT" "$AT_CALL" 1 \
	    "kill -USR1 $pid; read -r orphan <made; echo \$orphan >orphan
	    until grep -qx sleep /proc/\$orphan/comm; do :; done" \
	    "$DETACH" -r "$pid"
	[[ $output == "detach: PID $pid and "*" more, output in '$PWD/nohup.out'" ]]
	orphan=$(<orphan)
	[ "$(parent_of "$orphan")" != "$pid" ]
	[ "$(readlink "/proc/$orphan/fd/1")" = "$2" ]
	kill -KILL -- "-$pid"
	hang_up
}

@test "rescue: an orphan that is made when the job is known, but not held" {
	finds_orphan 'sleep 1000' "$PWD/nohup.out"
}

# The rest of the job has its need by then; to look at it again would find none.
@test "rescue: an orphan that has nothing on the terminal" {
	finds_orphan 'nohup sleep 1000 </dev/null >/dev/null 2>&1' /dev/null
}

# A shell may give it one of its own only now. detach has read its group, but not
# looked for others of it.
@test "rescue: one that leaves its group when the job is looked for" {
	need python3 strace
	cat >leaver.py <<-'EOF'
		import os, signal
		signal.signal(signal.SIGUSR1, lambda *_: os.setpgid(0, 0))
		with open("ready", "w") as ready:
		    ready.write(str(os.getpid()))
		while True:
		    signal.pause()
	EOF
	start_on_terminal background "sleep 1000 | python3 -E leaver.py"
	read -r _ _ _ _ group _ <"/proc/$pid/stat"
	stop_rescue -P /proc -e "inject=?open,openat:signal=STOP:when=1"
	kill -USR1 "$pid"
	until_true leads_group
	let_rescue_go
	grep -qx "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" message
	[ "$(fd_of 1)" = "$PWD/nohup.out" ]
	kill -KILL "$pid" -- "-$group"
	hang_up
}

leads_group() {
	[ "$(cut -d' ' -f5 "/proc/$pid/stat")" = "$pid" ]
}

# The kernel lists the children of each thread for itself.
@test "rescue: a child that another thread makes in a session of its own" {
	need python3
	mkfifo go made
	cat >maker.py <<-'EOF'
		import os, signal, threading
		def make():
		    open("go").read()
		    if os.fork() == 0:
		        os.setsid()
		        with open("made", "w") as made:
		            made.write(f"{os.getpid()}\n")
		        signal.pause()
		    threading.Event().wait()
		threading.Thread(target=make, daemon=True).start()
		with open("ready", "w") as ready:
		    ready.write(str(os.getpid()))
		signal.pause()
	EOF
	start_on_terminal background "python3 -E maker.py"
	rescue_at 1 'echo >go; read -r child <made; echo $child >child'
	[ "$status" = 0 ]
	child=$(<child)
	[ "$(readlink "/proc/$child/fd/1")" = "$PWD/nohup.out" ]
	kill -KILL "$pid" "$child"
	hang_up
}

# Its group has no leader. The kernel lets it go from there, whoever is left.
@test "rescue: a child that is made before its parent gets a session" {
	need strace
	mkfifo made
	cat >loop <<-'E'
		trap "sleep 1000 & echo \$! >made" USR1
		echo $$ >ready
		while :; do read -r x <never; done
	E
	mkfifo never
	cat >outer <<-'E'
		sh loop &
		exit
	E
	start_on_terminal background "sh outer"
	strace -qq -o trace -e trace=ptrace "$DETACH" -q -r "$pid"
	[ "$(cut -d' ' -f6 "/proc/$pid/stat")" = "$pid" ]
	kill -KILL "$pid"
	hang_up
	# Where it is stopped again, to get the session.
	step=$(grep -n SEIZE trace | sed -n '2s/:.*//p')
	start_on_terminal background "sh outer"
	rescue_at "$step" "kill -USR1 $pid; read -r child <made; echo \$child >child"
	[ "$status" = 0 ]
	child=$(<child)
	[ "$(cut -d' ' -f5,6 "/proc/$pid/stat")" = \
	    "$(cut -d' ' -f5,6 "/proc/$child/stat")" ]
	kill -KILL "$pid" "$child"
	hang_up
}

# The kernel gives a process its PID before it can be seen, so that others with
# higher ones may come first.
@test "rescue: a child with a lower PID than what was seen before it" {
	pid_namespace
	[ -w /proc/sys/kernel/ns_last_pid ] || skip "no choice of a PID"
	mkfifo ready made
	cat >at-step <<-'E'
		last=/proc/sys/kernel/ns_last_pid
		was=$(cat $last)
		echo 10000 >$last
		kill -USR1 "$1"
		read -r child <made
		echo "$child" >child
		echo $((was + 10)) >$last
	E
	run -0 timeout -s KILL "$LIMIT" "${apart[@]}" setsid -w bash -c "set -m
	    $(declare -f rescue_at)
	    echo 20000 >/proc/sys/kernel/ns_last_pid
	    $(maker 'sleep 1000 & echo \$! >made') &"'
	    pid=$(cat ready)
	    rescue_at 1 "sh at-step $pid"
	    child=$(<child)
	    echo "status $status, child $child"
	    grep SigIgn "/proc/$child/status"
	    kill -KILL -- "-$pid"'
	[[ $output == "status 0, child 10"*SigIgn:*[13579bdf] ]]
}

# Their order is for vfork(): a parent there cannot stop before its child calls exec.
@test "rescue: the oldest of a group stands for it, and parents are stopped first" {
	need strace
	pid_namespace
	[ -w /proc/sys/kernel/ns_last_pid ] || skip "no choice of a PID"
	mkfifo ready
	cat >leader <<-'E'
		sh parent &
		exit
	E
	# The clock that tells which is older has ticks.
	cat >parent <<-'E'
		start() {
			cut -d' ' -f22 "/proc/$1/stat"
		}
		self=$(sh -c 'echo $PPID')
		while
			echo 100 >/proc/sys/kernel/ns_last_pid
			sleep 1000 &
			[ "$(start $self)" = "$(start $!)" ]
		do
			kill $!
		done
		child=$!
		echo 30000 >/proc/sys/kernel/ns_last_pid
		sleep 1000 &
		echo $self $child >ready
		wait
	E
	# shellcheck disable=SC2016 # for the other shell
	run -0 --separate-stderr timeout -s KILL "$LIMIT" "${apart[@]}" \
	    setsid -w bash -c 'set -m
	    echo 20000 >/proc/sys/kernel/ns_last_pid
	    sh leader &
	    group=$!
	    read -r parent child <ready
	    wait $group
	    [ $child -lt $parent ] || echo "$child, $parent"
	    strace -qq -o trace -e trace=ptrace "$DETACH" -r $group 2>message
	    grep "^detach: PID $parent and 2 more of group $group: " message >&2 ||
	        cat message
	    sed -n "s/.*SEIZE, \([0-9]*\),.*/\1/p" trace | head -n 2 |
	        diff <(echo $parent; echo $child) -
	    kill -KILL -- -$group'
	[ "$output" = "" ]
}

@test "rescue: a job that is named twice is rescued once" {
	start_on_terminal background "$VICTIM read | cat"
	run -0 rescue "$pid" "$pid"
	[ "${#lines[@]}" = 1 ]
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid and 1 more: have nothing on a terminal" ]
	hang_up
}

@test "rescue: several jobs at once" {
	start_on_terminal background "$VICTIM read"
	first=$pid
	keys "$VICTIM futex &\n"
	second=$(timeout "$LIMIT" cat ready)
	run -0 rescue "$first" "$second"
	[ "${lines[0]}" = "detach: PID $first, output in '$PWD/nohup.out'" ]
	[ "${lines[1]}" = "detach: PID $second, output in '$PWD/nohup.out'" ]
	hang_up
	pid=$first
	wake read "$first"
	verdict
	wake futex "$second"
	verdict
}

# A child of the second job is in the process group of the first.
@test "rescue: a process of two jobs is rescued once" {
	start_on_terminal background "$VICTIM read"
	first=$pid
	keys "GROUP=$first $VICTIM lend-child &\n"
	second=$(timeout "$LIMIT" cat ready)
	run -0 rescue "$first" "$second"
	[ "${#lines[@]}" = 2 ]
	[ "${lines[0]}" = "detach: PID $first and 1 more, output in '$PWD/nohup.out'" ]
	[ "${lines[1]}" = "detach: PID $second, output in '$PWD/nohup.out'" ]
	hang_up
	until_true in_state S "$(pgrep -P "$second")"
	pid=$first
	wake read
	verdict
}

# A child on no terminal has nothing to lose, and what is no child is another job.
@test "rescue: not what is in another session, but for children on the terminal" {
	start_on_terminal background "setsid $VICTIM read"
	other=$pid
	find_shell
	keys "sh -c 'setsid sleep 1000 </dev/null >/dev/null 2>&1; :' & echo \$! >job\n"
	shell_answers
	pid=$(<job)
	until_true has_sleeping_child
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	kill -KILL "$pid"
	# For one with threads, all processes there are have to be looked at.
	keys "$VICTIM thread-pause &\n"
	pid=$(timeout "$LIMIT" cat ready)
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[[ $(readlink "/proc/$other/fd/1") == /dev/pts/* ]]
	kill -KILL "$pid" "$other"
	hang_up
}

has_sleeping_child() {
	[ -n "$(pgrep -P "$pid" -x sleep)" ]
}

# What runs on a terminal of its own is no part of the job, whatever it has open.
@test "rescue: not a child on another terminal" {
	start_on_terminal background "$PTY $VICTIM read 5>&1"
	tty=$(fd_of 5)
	[[ $tty == /dev/pts/* && $(fd_of 0) != "$tty" ]]
	outer=$(parent_of "$pid")
	read -r _ _ _ _ _ shell _ <"/proc/$outer/stat"
	run -0 rescue "$outer"
	[ "$output" = "detach: PID $outer, output in '$PWD/nohup.out'" ]
	[ "$(fd_of 5)" = "$tty" ]
	hang_up
	wake read
	verdict
}

# A shell without job control starts its jobs in its own process group.
@test "rescue: not the leader of the session, if it is not named" {
	start_on_terminal background "set +m; $VICTIM read"
	run -125 rescue "$pid"
	[ "${#lines[@]}" = 2 ]
	[ "${lines[0]}" = "detach: PID $shell: leads the session, and was not named" ]
	[ "${lines[1]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	shell_answers
	unharmed_in nohup.out

	for first in pid shell; do
		rm fifo nohup.out
		start_on_terminal background "set +m; $VICTIM read"
		named=("$pid" "$shell")
		[ $first = pid ] || named=("$shell" "$pid")
		run -0 rescue "${named[@]}"
		[ "$output" = \
		    "detach: PID ${named[0]} and 1 more, output in '$PWD/nohup.out'" ]
		# The shell has read end of file and ends, and its terminal with it.
		exec 7>&-
		wait "$terminal"
		wake read
		verdict
		grep -qx v:2 nohup.out
	done
}

# It is safe as it is: it ignores SIGHUP and has nothing on the terminal.
@test "rescue: nothing is said of a leader that does not end with its terminal" {
	start_on_terminal foreground "set +m; trap '' HUP; $VICTIM read &
	    exec sleep 1000 </dev/null >/dev/null 2>&1"
	until_true grep -qx sleep "/proc/$shell/comm"
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	# With that one, the terminal goes.
	kill -KILL "$shell"
	until_true gone "$terminal"
	wake read
	verdict
}

@test "rescue: the leader of the session knows whom it has not named" {
	start_on_terminal background "set +m; $VICTIM read"
	keys "$DETACH -r $pid; echo \$? >status\n"
	shell_answers
	[ "$(cat status)" = 0 ]
	! on_screen "leads the session" || return
	unharmed_in nohup.out
}

@test "rescue: of a group, it says who was not rescued" {
	start_on_terminal foreground "$VICTIM read | $VICTIM -s cat"
	until_true has_cats 1
	filtered=$(pgrep -g "$pid" -x cat)
	run -125 rescue "$pid"
	[ "${#lines[@]}" = 2 ]
	[ "${lines[0]}" = "detach: PID $filtered: is under a seccomp filter" ]
	[ "${lines[1]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	# That one may still need the terminal, so the shell does not get it.
	read -r _ _ _ _ group _ _ foreground _ <"/proc/$pid/stat"
	[ "$foreground" = "$group" ]
	hang_up
}

# "stat" shows the name of a program as it is.
@test "rescue: a program with a parenthesis in its name" {
	cp "$VICTIM" 'v)T'
	start_on_terminal foreground "'./v)T' read"
	until_true in_state S "$pid"
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	shell_answers
	unharmed_in nohup.out
}

# The first look finds the job, and the second one that there are no more.
@test "rescue: where others may be missed, it says so" {
	need strace
	sleeping_victim read
	read_fails() {
		run -125 timeout -s KILL "$LIMIT" strace -qq -o trace -P /proc \
		    -e "trace=?open,openat,getdents64" \
		    -e "inject=$1:error=EMFILE:when=$2" "$DETACH" -r "$pid"
	}
	for when in 1 2; do
		read_fails getdents64 1
		[ "$output" = \
		    "detach: PID $pid: /proc: others of its job may be missed" ]
	done
	for when in 1 2; do
		read_fails "?open,openat" $when
		[ "${lines[0]}" = \
		    "detach: PID $pid: /proc: others of its job may be missed" ]
		[ "${#lines[@]}" = $when ]
	done
	[ "${lines[1]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	shell_answers
	unharmed_in nohup.out
}

# Each process that is held takes one of detach's descriptors, and no more.
@test "rescue: more processes than detach's own limit has room for" {
	need prlimit
	start_on_terminal background "$VICTIM read$(printf ' | cat%.0s' {1..20})"
	run -0 prlimit --nofile=12:44 timeout -s KILL "$LIMIT" "$DETACH" -r "$pid"
	[ "$output" = "detach: PID $pid and 20 more, output in '$PWD/nohup.out'" ]
	hang_up
	wake read
	verdict
	until_true no_group "$pid"
}

# All that detach looks at it closes again.
@test "rescue: more descriptors than detach's own limit has room for" {
	need prlimit
	mkfifo input pipe
	start_on_terminal background "$BUILD/tests/programs/hangup signalfd \
	    $(printf ' %s>&1' {3..49}) $(printf ' %s<>pipe' {50..79})"
	until_true in_state S "$pid"
	run -0 prlimit --nofile=24:24 timeout -s KILL "$LIMIT" "$DETACH" -r "$pid"
	[[ ${lines[0]} == "detach: PID $pid: waits for SIGHUP"* ]]
	[ "${lines[1]}" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
	[ "${#lines[@]}" = 2 ]
	[ "$(fd_of 49)" = "$PWD/nohup.out" ]
	hang_up
	echo copied >input
	until_true gone "$pid"
	[ "$(cat nohup.out)" = copied ]
}

# Each has its own output, and nothing else stays open for it.
@test "rescue: more jobs than detach's own limit has room for" {
	need prlimit
	start_on_terminal background "$VICTIM read"
	keys 'for i in {1..20}; do sleep 1000 & done; jobs -p >pids\n'
	shell_answers
	until_true has_sleeps
	mapfile -t pids <pids
	run -0 prlimit --nofile=40:40 timeout -s KILL "$LIMIT" \
	    "$DETACH" -r "${pids[@]}"
	[ "${#lines[@]}" = 21 ]
	for i in "${!pids[@]}"; do
		[ "${lines[i]}" = "detach: PID ${pids[i]}, output in '$PWD/nohup.out'" ]
		read -r _ _ _ _ _ session _ <"/proc/${pids[i]}/stat"
		[ "$session" = "${pids[i]}" ]
	done
	kill -KILL "${pids[@]:1}"
	unharmed_in nohup.out
}

has_sleeps() {
	[ "$(pgrep -c -P "$shell" -x sleep)" = 20 ]
}

# The lock on the leader of the group and that on the named process are freed.
@test "rescue: the same of jobs that are not named by their leaders" {
	need prlimit
	start_on_terminal background "$VICTIM read"
	keys 'for i in {1..20}; do sh -c "sleep 1000; :" & done; jobs -p >pids\n'
	shell_answers
	until_true have_sleeps
	mapfile -t pids <pids
	mapfile -t pids < <(for leader in "${pids[@]:1}"; do
		pgrep -P "$leader"
	done)
	run -0 prlimit --nofile=40:40 timeout -s KILL "$LIMIT" \
	    "$DETACH" -r "${pids[@]}"
	[ "${#lines[@]}" = 20 ]
	for i in "${!pids[@]}"; do
		[ "${lines[i]}" = \
		    "detach: PID ${pids[i]} and 1 more, output in '$PWD/nohup.out'" ]
	done
	kill -KILL "${pids[@]}"
	unharmed read
}

have_sleeps() {
	local leader count=0
	for leader in $(pgrep -P "$shell"); do
		[ -z "$(pgrep -P "$leader" -x sleep)" ] || ((++count))
	done
	[ $count = 20 ]
}

# The leader of a group joins another one before it calls setsid(). That fails
# if the group has got a new process meanwhile.
@test "rescue: one that cannot have its own session keeps its group" {
	need strace
	sleeping_victim read background
	strace -o trace -e trace=ptrace "$DETACH" -q -r "$pid"
	step=$(grep '^ptrace' trace | grep -n PTRACE_SEIZE | tail -n 1)
	unharmed_in nohup.out
	rm -f fifo nohup.out
	sleeping_victim read background
	read -r _ _ _ _ group session _ <"/proc/$pid/stat"
	[ "$group" = "$pid" ]
	# The shell starts one that puts its child there.
	rescue_at "${step%%:*}" "echo 'GROUP=$pid $VICTIM lend-child &' >&7
	    cat ready >lender"
	[ "$status" = 0 ]
	[ -n "$(pgrep -g "$pid" -P "$(cat lender)")" ]
	read -r _ _ _ _ group now _ <"/proc/$pid/stat"
	[ "$group $now" = "$pid $session" ]
	unharmed_in nohup.out
}
