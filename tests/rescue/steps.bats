#!/usr/bin/env bats
# Signals, deaths and changes at every step of a rescue. A step is a call of
# ptrace that detach makes.

load ../lib/helpers
load ../lib/rescue

# at_each_step FUNCTION - call it with 0, 1, 2 and so on, until it returns 99
# because there is no such step.
at_each_step() {
	local returned
	for ((step = 0; step < 2000; step++)); do
		returned=0
		"$1" "$step" || returned=$?
		[ $returned != 99 ] || break
		[ $returned = 0 ] || {
			echo "step $step: $returned"
			return 1
		}
	done
	echo "steps: $step"
	[ "$step" -gt 30 ]
}

# Have the victim take its terminal back, which it can only do if it lives.
again() {
	timeout "$LIMIT" sh -c 'echo >again'
	verdict
}

# again_and_again KIND FUNCTION - rescue the same victim for each step, as the
# function does. Its last word is in "told".
again_and_again() {
	mkfifo again
	start_on_terminal background "$VICTIM $1 | cat >pipe"
	again
	at_each_step "$2"
	timeout "$LIMIT" sh -c 'printf x >again'
	told=$(timeout "$LIMIT" cat "done")
	hang_up
}

rescued() {
	[ "$(fd_of 1)" = "$PWD/nohup.out" ]
}

# Before detach has blocked these signals, they end it; later they do not.
signal_detach() {
	# shellcheck disable=SC2016 # for the other shell
	rescue_at "$1" 'for s in 1 2 13 15; do kill -$s $CALLER; done' ||
	    return 99
	[ "$1" = 0 ] || [ $status = 0 ] || return 1
	[ "$1" = 0 ] || rescued || return 2
	again
}

@test "rescue: HUP, INT, PIPE and TERM to detach at every step" {
	again_and_again again signal_detach
	[ "$told" = ok ]
}

# A new victim for each step. The signal ends it, and detach does not wait for
# it for ever. Before it is let go, it is not said to be rescued.
kill_target() {
	rm -f nohup.out
	keys "$VICTIM thread-read &\n"
	pid=$(timeout "$LIMIT" cat ready)
	until_true in_state S "$(cat thread)"
	rescue_at "$1" "kill -9 $pid" 2>message || return 99
	case $status:$(cat message) in
	0:) [ "$1" -ge "$release" ] || return 1 ;;
	"125:detach: PID $pid: No such process") ;;
	"125:detach: PID $pid: is a zombie") [ "$1" = 0 ] || return 2 ;;
	*) return 3 ;;
	esac
	until_true gone "$pid"
}

@test "rescue: the job is killed at every step" {
	need strace
	start_on_terminal background "$VICTIM thread-read"
	until_true in_state S "$(cat thread)"
	strace -o trace -e trace=ptrace "$DETACH" -q -r "$pid"
	# That begins when its registers are put back, just before this.
	release=$(($(grep -n PTRACE_INTERRUPT trace | sed -n '2s/:.*//p') - 1))
	at_each_step kill_target
	hang_up
}

# One of its threads calls exec. The job is rescued before that or after it, and
# the new program runs.
exec_target() {
	rm -f nohup.out
	keys "$VICTIM $kind &\n"
	pid=$(timeout "$LIMIT" cat ready)
	until_true in_state S "$(cat thread)"
	rescue_at "$1" "kill -10 $pid" 2>/dev/null || {
		kill -KILL "$pid"
		return 99
	}
	[ $status = 0 ] || return 1
	[ "$(timeout "$LIMIT" cat ready)" = "$pid" ] && rescued || return 2
	wake read
	verdict
}

@test "rescue: the job calls exec at every step" {
	for kind in exec thread-exec; do
		start_on_terminal background "$VICTIM read"
		at_each_step exec_target
		hang_up
	done
}

# The signal is handled once, and the interrupted call goes on. What the job has
# for a moment is nothing for a program that another thread starts.
signal_target() {
	: "${first_open:=$(cd "/proc/$pid/fd" && echo *)}"
	rescue_at "$1" "kill -10 $pid
	    for fd in /proc/$pid/fdinfo/*; do
	        case ' $first_open ' in
	        *' '\${fd##*/}' '*) ;;
	        *) grep -q '^flags:.*02[0-7]\{6\}\$' \$fd || echo \$fd >>inherited ;;
	        esac
	    done" || return 99
	[ $status = 0 ] || return 1
	[ ! -e inherited ] || return 2
	again
	handled=$((handled + 1))
}

@test "rescue: a signal comes to the job at every step" {
	handled=0
	again_and_again again signal_target
	[ "$told" = "handled $handled" ]
}

# SIGSYS cannot be held back from a call that detach has the job make, so that
# call fails. The rescue fails as a whole then, and what the job had opened for it
# is closed.
send_sigsys() {
	rescue_at "$1" "kill -31 $pid" 2>/dev/null || return 99
	case $status in
	0) rescued || return 1 ;;
	125) [[ $(fd_of 1) == /dev/pts/* ]] || return 2 ;;
	*) return 3 ;;
	esac
	open=$(cd "/proc/$pid/fd" && echo *)
	[ "$open" = "${first_open:=$open}" ] || return 4
	size=$(grep ^VmSize "/proc/$pid/status")
	[ "$size" = "${first_size:=$size}" ] || return 5
	again
	handled=$((handled + 1))
}

@test "rescue: SIGSYS comes to the job at every step" {
	handled=0
	again_and_again again send_sigsys
	[ "$told" = "handled $handled" ]
}

# A job that is stopped during its rescue is stopped after it, and rescued.
stop_target() {
	rescue_at "$1" "kill -19 $pid" || return 99
	[ $status = 0 ] || return 1
	kill -CONT "$pid"
	rescued || return 2
	again
}

@test "rescue: the job is stopped at every step" {
	again_and_again again stop_target
	[ "$told" = ok ]
}

# Another thread opens a file on a descriptor that is about to be replaced. That
# file can get lost only between the last look at the descriptor and its
# replacement, which are some calls of ptrace. A thread that is held cannot do
# it now, but does it later.
exchange() {
	local other
	for other in "/proc/$pid/task"/*; do
		[ "${other##*/}" = "$pid" ] || break
	done
	rescue_at "$1" "kill -10 $pid
	    until [ \$(readlink /proc/$pid/fd/50) = $PWD/kept ]; do
	        grep -q '^TracerPid:.0$' $other/status || exit
	    done
	    echo >exchanged" || return 99
	[ $status = 0 ] || return 1
	rescued || return 2
	if [ -e exchanged ]; then
		rm exchanged
		is_exchanged || lost=$((lost + 1))
	else
		until_true is_exchanged || return 3
	fi
	again
}

is_exchanged() {
	[ "$(fd_of 50)" = "$PWD/kept" ]
}

@test "rescue: a descriptor is exchanged by another thread at every step" {
	lost=0
	again_and_again exchange exchange
	[ "$told" = ok ]
	echo "lost: $lost"
	[ $lost -le 4 ]
}

# While detach does not hold the job, the job ends and another process gets its
# PID. That one is not touched. In a PID namespace no third process gets it.
@test "rescue: the PID goes to another process at every step" {
	pid_namespace
	[ -w /proc/sys/kernel/ns_last_pid ] || skip "no choice of a PID"
	mkfifo ready
	cat >take <<-'E'
		grep -q "^TracerPid:[[:space:]]0$" "/proc/$1/status" || exit
		was=$(cut -d' ' -f22 "/proc/$1/stat")
		is=$was
		# Start times are in clock ticks. In practice a PID does not
		# come back within one; here it may.
		while [ "$is" = "$was" ]; do
			kill -KILL "$1"
			while [ -e "/proc/$1" ]; do :; done
			until [ "$!" = "$1" ]; do
				echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid
				env --default-signal=HUP sleep 1000 &
			done
			is=$(cut -d' ' -f22 "/proc/$1/stat")
		done
		echo >taken
	E
	# With job control, each job has a process group of its own.
	run -0 timeout -s KILL $((10 * LIMIT)) "${apart[@]}" setsid -w bash -c "set -m
	    $(declare -f at_each_step rescue_at take_pid in_place is_called \
	    until_true in_state)"'
	    at_each_step take_pid && echo "taken: $times"'
	echo "$output"
	# Before it is held, and before it is held again to leave its session.
	[[ $output == *"taken: 2" ]]
}

take_pid() {
	# Before its first system call, detach knows nothing of the job.
	[ "$1" != 0 ] || return 0
	rm -f taken
	"$VICTIM" read >/dev/null &
	pid=$(cat ready)
	until_true in_state S "$pid" || return 1
	rescue_at "$1" "bash take $pid" 2>/dev/null || return 99
	if [ -e taken ]; then
		until_true is_called sleep "$pid" && in_place || return 2
		times=$((times + 1))
	else
		[ $status = 0 ] || return 3
	fi
	kill -KILL "$pid"
}

is_called() {
	[ "$(cat "/proc/$2/comm")" = "$1" ]
}

# The other process is in the session and group that it was started in, and its
# signals are as they were.
in_place() {
	local group session
	read -r _ _ _ _ group session _ <"/proc/$pid/stat"
	[ "$session" = $$ ] && [ "$group" != "$pid" ] &&
	    grep -q '^SigIgn:.*[02468ace]$' "/proc/$pid/status" &&
	    grep -q '^TracerPid:[[:space:]]0$' "/proc/$pid/status"
}
