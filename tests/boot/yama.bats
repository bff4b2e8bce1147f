#!/usr/bin/env bats
# Whom a real kernel lets rescue a job at each value of kernel.yama.ptrace_scope.
# These tests set it, and so run only in the machine of ".ci/run boot", as a user
# who may use sudo. What "exec detach" does at 1 is in tests/rescue/exec.bats, which
# runs there, too.
# bats file_tags=yama

load ../lib/helpers
load ../lib/rescue

# shellcheck disable=SC2034 # for helpers.bash
file_needs=need_machine

need_machine() {
	[ -n "${BOOTED:-}" ] || skip 'only in the machine of ".ci/run boot"'
	need pgrep sudo
	[ "$(id -u)" != 0 ]
	export SHELL=/bin/sh
}

# scope VALUE - set it, and know that the kernel has taken it.
scope() {
	local file=/proc/sys/kernel/yama/ptrace_scope
	sudo sh -c "echo $1 >$file"
	[ "$(cat $file)" = "$1" ]
}

# rescued - a loop goes on, and nothing of its output is lost.
rescued() {
	rm -f nohup.out enough
	rescue_loop background "sh $SOURCE/tests/programs/loop.sh"
}

rescued_by_root() {
	rescue() {
		sudo timeout -s KILL "$LIMIT" "$DETACH" -r "$@"
	}
	rescued
}

# forbidden ADVICE - from another session the user is told that, and the job is
# unharmed.
forbidden() {
	sleeping_victim read background
	left_alone "Operation not permitted (kernel.yama.ptrace_scope is $1)" "$pid"
	[[ $stderr == *"(kernel.yama.ptrace_scope is $1)" ]]
	unharmed read
}

# forbidden_to_shell ADVICE - the same in the place of the job's shell: a shell is
# there again, and keeps the terminal for the job.
forbidden_to_shell() {
	sleeping_victim read background
	keys "exec $DETACH -r \$(jobs -p)\n"
	shell_answers
	on_screen "detach: PID $pid: Operation not permitted (kernel.yama.ptrace_scope is $1)"
	on_screen "detach: '/bin/sh' keeps the terminal open for the jobs"
	[ "$(readlink "/proc/$shell/exe")" = "$(readlink -f /bin/sh)" ]
	unharmed read
}

@test "ptrace_scope 0: one's own job is rescued" {
	scope 0
	rescued
}

@test "ptrace_scope 1: one's own job is refused, and the way named" {
	scope 1
	forbidden "1: in the job's own shell try 'exec detach -r PID', else as root"
}

@test "ptrace_scope 1: root rescues it" {
	scope 1
	rescued_by_root
}

@test "ptrace_scope 2: one's own job is refused" {
	scope 2
	forbidden '2: try as root'
}

@test "ptrace_scope 2: exec detach is refused" {
	scope 2
	forbidden_to_shell '2: try as root'
}

@test "ptrace_scope 2: root rescues it" {
	scope 2
	rescued_by_root
}

# It cannot be set back.
@test "ptrace_scope 3: all are refused" {
	scope 3
	forbidden 3
	forbidden_to_shell 3
	# shellcheck disable=SC2034 # for left_alone
	as=(sudo)
	forbidden 3
}
