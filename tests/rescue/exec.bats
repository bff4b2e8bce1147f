#!/usr/bin/env bats
# detach takes the place of the job's own shell: then it may trace the job, which
# is its child, also as an ordinary user where kernel.yama.ptrace_scope is 1.

load ../lib/helpers
load ../lib/rescue

setup_file() {
	need pgrep
}

# line_for SHELL - what the manual has the user of that shell type.
line_for() {
	sed -n "/^\\.It .*$1/,/^\\.It /{s/^\\.Ql \\(.*exec detach .*[^ ]\\) [.,]$/\\1/p}" \
	    "$SOURCE/man/detach.1" | sed 's/\\(ga/`/g' | grep .
}

# in_shell COMMAND [NAME] - try the line for that interactive shell. tcsh takes
# noflsh away, so there no Ctrl-Z stops the job.
in_shell() {
	local line stopped=stopped
	need "${1%% *}"
	interactive=$1
	line=$(line_for "${2:-${1%% *}}")
	[[ $1 != tcsh* ]] || stopped=foreground
	exec_detach background "$line"
	exec_detach $stopped "$line"
}

# bats test_tags=yama
@test "S23: exec detach -r \$(jobs -p), in bash" {
	in_shell 'bash --norc --noprofile --noediting -i'
}

# bats test_tags=yama
@test "S23: exec detach -r \$(jobs -p), with a pipeline" {
	interactive='bash --norc --noprofile --noediting -i'
	exec_detach background "$(line_for bash)" '| cat | cat'
	exec_detach stopped "$(line_for bash)" '| cat | cat'
}

@test "S23: exec detach, in ksh93" {
	grep -A 1 '^\.It ksh93' "$SOURCE/man/detach.1" | grep '^The same\.'
	in_shell 'ksh93 -i' bash
}

@test "S23: exec detach, in mksh" {
	in_shell 'mksh -i'
}

@test "S23: exec detach, in zsh" {
	in_shell 'zsh -f -o nozle -o nopromptsp -i'
	exec_detach background 'exec detach -r $!'
	exec_detach stopped 'exec detach -r $!'
}

# bats test_tags=yama
@test "S23: exec detach, in dash" {
	in_shell 'dash -i'
}

@test "S23: exec detach, in tcsh" {
	in_shell 'tcsh -f -i'
}

@test "S23: exec detach, in fish" {
	in_shell 'fish --no-config -i'
}

# bash would end a stopped job at exec.
# bats test_tags=yama
@test "rescue: detach in the place of the shell does not wait for itself" {
	need dash
	# shellcheck disable=SC2034 # what rescue.bash reads
	interactive='dash -i'
	start_on_terminal stopped "$VICTIM read"
	keys "exec $DETACH -r $pid\n"
	timeout "$LIMIT" tail --pid="$terminal" -f /dev/null
	exec 7>&-
	run ! grep 'its shell' screen
	wake read
	verdict
	[ "$(stream)" = $'v:1\nv:2' ]
}

# bats test_tags=yama
@test "rescue: refused in the place of the shell, detach becomes a shell again" {
	export SHELL=/bin/sh
	start_on_terminal background "$VICTIM -s $VICTIM read"
	until_true in_state S "$pid"
	keys "exec $DETACH -r $pid\n"
	shell_answers
	grep "PID $pid: is under a seccomp filter" screen
	grep "'/bin/sh' keeps the terminal open for the jobs" screen
	# This one is not a job of the new shell, but its child still.
	keys "exec $DETACH -r 99999999\n"
	shell_answers
	grep "PID 99999999: No such process" screen
	unharmed read
}

@test "rescue: the same once the job was held" {
	export SHELL=/bin/sh
	start_on_terminal background "$VICTIM read"
	until_true in_state S "$pid"
	keys "exec $DETACH -r -o no/such $pid\n"
	shell_answers
	grep "PID $pid: no/such: No such file or directory" screen
	grep "'/bin/sh' keeps the terminal open for the jobs" screen
	unharmed read
}

# cat changes none of its signals, as a shell does.
# bats test_tags=yama
@test "rescue: the shell that follows gets all back" {
	SHELL=$(command -v cat)
	export SHELL
	start_on_terminal background "$VICTIM -s $VICTIM read"
	until_true in_state S "$pid"
	keys 'ulimit -Sn 250; trap "" CHLD\n'
	shell_answers
	keys "exec $DETACH -r $pid\n"
	until_true grep -qx cat "/proc/$shell/comm"
	grep -E '^SigBlk:.0+$' "/proc/$shell/status"
	# SIGCHLD was ignored, neither SIGPIPE nor SIGXFSZ was.
	ignored=$((0x$(sed -n 's/^SigIgn:.//p' "/proc/$shell/status")))
	[ $((ignored & 0x1011000)) = $((0x10000)) ]
	grep -E '^Max open files +250 ' "/proc/$shell/limits"
	hang_up
}

# A SHELL without a slash at its beginning is no shell to start, nor is one that
# does not exist.
@test "rescue: the shell that follows may come from the list of users" {
	cp "$(command -v sh)" sh
	listed=$(awk -F: -v id="$(id -u)" '$3 == id { print $7; exit }' /etc/passwd)
	for SHELL in sh "$PWD/none" ""; do
		export SHELL
		[ -n "$SHELL" ] || unset SHELL
		start_on_terminal background "$VICTIM -s $VICTIM read"
		until_true in_state S "$pid"
		keys "exec $DETACH -r $pid\n"
		until_true grep -F \
		    "'${listed:-/bin/sh}' keeps the terminal open" screen
		hang_up
	done
}

@test "rescue: the shell that follows for a user who is not in that list" {
	right root
	need setpriv
	# That user may not come where it was built.
	chmod 711 . .. ../..
	cp "$DETACH" copy
	unset SHELL
	interactive='setpriv --reuid=12345 --regid=12345 --clear-groups sh -i'
	terminal
	keys "sleep 1000 & exec ./copy -r -o no/such \$!\n"
	until_true grep "'/bin/sh' keeps the terminal open" screen
	kill -KILL "$terminal"
	exec 7>&-
}

# A zombie is no job for which the terminal would be kept open.
@test "rescue: a shell whose job has ended is not followed by another" {
	need python3
	cat >shell.py <<-'EOF'
		import os
		job = os.fork()
		if job == 0:
		    os.setpgid(0, 0)
		    os._exit(0)
		os.waitid(os.P_PID, job, os.WEXITED | os.WNOWAIT)
		os.execv(os.environ["DETACH"], ["detach", "-r", str(job)])
	EOF
	# shellcheck disable=SC2034 # what rescue.bash reads
	interactive='python3 -E shell.py'
	terminal
	timeout "$LIMIT" tail --pid="$terminal" -f /dev/null
	grep 'PID [0-9]*: is a zombie' screen
	run ! grep 'keeps the terminal' screen
	exec 7>&-
}

# As after "ssh -t host 'job & exec detach -r $!'": its caller wants the status.
@test "rescue: without a shell's job control, the status is detach's" {
	export SHELL=/bin/sh
	mkfifo ready
	run -125 timeout "$LIMIT" "$PTY" \
	    sh -c "$VICTIM -s $VICTIM read & read -r pid <ready; exec $DETACH -r \$pid" \
	    </dev/null
	[[ $output == *"is under a seccomp filter"* ]]
	[[ $output != *"keeps the terminal"* ]]
}

@test "rescue: nor is there a shell that could read nothing" {
	start_on_terminal background "$VICTIM -s $VICTIM read"
	keys "exec $DETACH -r $pid </dev/null\n"
	until_true gone "$shell"
	grep -q "is under a seccomp filter" screen
	run -1 grep "keeps the terminal" screen
}

# What the file in /proc says where it cannot be changed.
@test "rescue: where yama forbids it, what permits it is told" {
	right root mounts
	need setpriv unshare
	sleeping_victim read
	for scope in 1 2 3; do
		case $scope in
		1) advice=": in the job's own shell try 'exec detach -r PID', else as root" ;;
		2) advice=': try as root' ;;
		3) advice= ;;
		esac
		# shellcheck disable=SC2016 # for the other shell
		run -125 "${private[@]}" sh -c 'mount -t tmpfs none /proc/sys/kernel &&
		    mkdir /proc/sys/kernel/yama &&
		    echo "$1" >/proc/sys/kernel/yama/ptrace_scope &&
		    exec setpriv --reuid=12345 --clear-groups "$DETACH" -r "$2"' \
		    sh $scope "$pid"
		[ "$output" = "detach: PID $pid: Operation not permitted (kernel.yama.ptrace_scope is $scope$advice)" ]
	done
	unharmed read
}
