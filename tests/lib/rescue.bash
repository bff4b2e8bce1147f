# What tests/rescue/*.bats and soak-rescue share: a terminal with an interactive
# shell, on which jobs are started plainly, rescued and hung up.
# shellcheck shell=bash
# shellcheck disable=SC2154 # helpers.bash sets LIMIT

# shellcheck disable=SC2034 # for helpers.bash
file_needs=need_rescue

need_rescue() {
	need pgrep
}

: "${BUILD:=$SOURCE}"
# A sanitizer's search for leaks needs a process that nobody traces.
export ASAN_OPTIONS=detect_leaks=0
export VICTIM=$BUILD/tests/programs/victim
export AT_CALL=$BUILD/tests/programs/at-call

# The terminal's shell, bash or else the command in "interactive": what it
# writes goes to the file "screen".
terminal() {
	rm -f keys screen
	mkfifo keys
	# By POSIX, a Ctrl-Z may discard output on its way to the screen, unless
	# noflsh is set; and its echo may come in the middle of a line.
	INTERACTIVE=${interactive:-bash --norc --noprofile --noediting -i} \
	    HISTFILE='' PS1='' "$PTY" sh -c 'stty noflsh -echo; exec $INTERACTIVE' \
	    <keys >screen 2>&1 3>&- &
	terminal=$!
	exec 7>keys
}

# keys TEXT - type it.
keys() {
	printf '%b' "$1" >&7
}

# Kill the terminal: when pty can be waited for, the kernel has hung it up. When
# the shell is gone, it has done to its jobs what it does at a hang-up.
hang_up() {
	exec 7>&-
	kill -KILL "$terminal"
	wait "$terminal" 2>/dev/null || true
	until_true gone "$shell"
}

# until_true COMMAND... - poll a fact that nothing announces.
until_true() {
	local end=$((SECONDS + LIMIT))
	until "$@"; do
		[ $SECONDS -lt $end ] || {
			echo "never: $*"
			return 1
		}
	done
}

# in_state STATES PID - the process's main thread is in one of these states.
in_state() {
	local line
	read -r line 2>/dev/null <"/proc/$2/stat" || return 1
	line=${line##*) }
	[[ $1 = *"${line:0:1}"* ]]
}

# Wait for an answer of the shell: all output before it is on the screen then.
shell_answers() {
	local token=answer-$RANDOM$RANDOM
	# The job's last line on the screen may lack its end.
	keys "echo; echo $token\n"
	until_true on_screen "$token"
}

on_screen() {
	tr -d '\r' <screen | grep -qx "$1"
}

# The process has ended, even if nobody has reaped it yet.
gone() {
	[ ! -e "/proc/$1" ] || in_state ZX "$1"
}

# It has been reaped as well.
no_process() {
	[ ! -e "/proc/$1" ]
}

no_group() {
	! pgrep -g "$1" -r D,R,S,T >/dev/null
}

# start_on_terminal MODE COMMAND - start it on a new terminal, in the
# background, in the foreground, or stopped by Ctrl-Z. Its PID, which it writes
# to the FIFO "ready", is then in "pid", and that of its shell in "shell".
start_on_terminal() {
	rm -f ready "done"
	mkfifo ready "done"
	terminal
	case $1 in
	background) keys "$2 &\n" ;;
	*) keys "$2\n" ;;
	esac
	pid=$(timeout "$LIMIT" cat ready) && [ -n "$pid" ] || return
	read -r _ _ _ _ _ shell _ <"/proc/$pid/stat" || return
	# The rest of its pipeline may still be forks of the shell before exec.
	until_true has_cats "$(grep -o '| cat' <<<"$2" | wc -l)" || return
	[ "$1" != stopped ] || {
		keys '\032'
		until_true is_suspended
	}
}

# Learn the PID of the terminal's shell, where the job has left its session.
find_shell() {
	# shellcheck disable=SC2016 # for the other shell
	keys 'echo $$ >shell\n'
	shell_answers
	shell=$(cat shell)
}

# has_cats COUNT - so many processes of the job are "cat".
has_cats() {
	[ "$1" = 0 ] || [ "$(pgrep -c -g "$pid" -x cat)" = "$1" ]
}

# Is the job stopped? If Ctrl-Z stopped a child between vfork() and exec, its
# parent cannot stop: let both go on, and stop them again. That is done by a
# signal and not by Ctrl-Z, because the parent may have stopped just now, and
# then the shell has the terminal back.
is_suspended() {
	in_state T "$pid" && return
	if in_state D "$pid" && pgrep -g "$pid" -r T >/dev/null &&
	    in_state D "$pid"; then
		kill -CONT -- "-$pid" 2>/dev/null
		until_true in_state RST "$pid"
		kill -TSTP -- "-$pid" 2>/dev/null
	fi
	return 1
}

# rescue [OPTION]... PID... - with a limit. SIGKILL, for detach blocks the
# others.
rescue() {
	timeout -s KILL "$LIMIT" "$DETACH" -r "$@"
}

# rescue_at STEP COMMAND - rescue the victim, and run the command when detach
# begins that call of ptrace. The status is then in "status". False if detach
# made fewer calls.
rescue_at() {
	status=0
	timeout "$LIMIT" "$AT_CALL" "$1" "$2" "$DETACH" -q -r "$pid" ||
	    status=$?
	[ $status != 99 ]
}

# stop_rescue STRACE-OPTION... - begin to rescue the victim. These options have strace
# stop detach at a call; this returns when it is stopped. What detach says goes to
# the file "message".
stop_rescue() {
	rm -f trace
	strace -o trace "$@" "$DETACH" -r "$pid" 2>message 3>&- &
	stopped_rescue=$!
	until_true grep -qs 'stopped by SIGSTOP' trace
}

# let_rescue_go - let it go on; it ends well.
let_rescue_go() {
	kill -CONT "$(pgrep -P "$stopped_rescue")"
	ended_with 0 "$stopped_rescue"
}

# wake KIND [PID] - end the call that a victim sleeps in.
wake() {
	timeout "$LIMIT" "$VICTIM" -w "$1" "${2:-$pid}"
}

# The victim says that its call did what it should.
verdict() {
	[ "$(timeout "$LIMIT" cat "done")" = ok ]
}

# The loop still counts: its file gets more lines. Then have it end.
goes_on() {
	lines_before=$(wc -l <nohup.out)
	until_true more_lines
	touch enough
	verdict
	until_true no_group "$pid"
}

more_lines() {
	[ "$(wc -l <nohup.out)" -gt "$lines_before" ]
}

# Its numbers on the screen and in the file run from 1 to the last, without gap.
counts() {
	stream | awk -F: '$2 != NR { print "at " NR ": " $0; exit bad = 1 }
	    END { exit bad || NR == 0 }'
}

# rescue_loop MODE COMMAND - start a loop that counts, rescue it, and hang up.
rescue_loop() {
	start_on_terminal "$1" "$2" || return
	rescue "$pid" && ! in_state T "$pid" || return
	shell_answers || return
	hang_up || return
	goes_on && counts
}

# exec_detach MODE LINE [PIPE] - start a loop, with that after it, and end its shell
# by that line. A job in the foreground is stopped first. The kernel hangs the
# terminal up, since it has lost the leader of its session.
exec_detach() {
	rm -f nohup.out enough
	start_on_terminal "$1" "sh $SOURCE/tests/programs/loop.sh ${3:-}" ||
	    return
	if [ "$1" = foreground ]; then
		kill -TSTP -- "-$pid"
		until_true is_suspended || return
	fi
	[ "$1" = background ] || {
		until_true at_prompt && keys 'bg\n' || return
	}
	keys "${2/exec detach/exec $DETACH}\n"
	timeout "$LIMIT" tail --pid="$terminal" -f /dev/null || return
	wait "$terminal" || return
	exec 7>&-
	tr -d '\r' <screen | grep -E \
	    "detach: PID $pid( and [0-9]+ more)?, output in '$PWD/nohup.out'$" ||
	    return
	! grep 'its shell' screen || return
	gone "$shell" && goes_on && without_prompts && counts
}

# The shell reads again. When it takes the terminal back from a job that has
# stopped, it may discard what was typed by then (TCSAFLUSH), as ksh93 does; so
# this may be typed more than once.
at_prompt() {
	local token=prompt-$RANDOM$RANDOM
	keys "echo; echo $token\n"
	for _ in {1..20}; do
		! on_screen "$token" || return 0
		sleep 0.05
	done
	return 1
}

# Leave on the screen what the loop wrote, in lines of its own: some shells turn
# the echo on, which may come between a line and its end.
without_prompts() {
	tr -d '\r' <screen | grep -aoE 'v:[0-9]+|v:?$' >numbers || true
	mv numbers screen
}

# stream - print all that the job wrote, first to the terminal, then to the
# file. A write to a full terminal may have been split: then the file begins
# with the rest of the line that is the last one of the job on the screen.
stream() {
	local first first_part
	IFS= read -r first <nohup.out
	first_part=$(tr -d '\r' <screen | grep -a '^v' || true)
	case $first in
	v:*) printf '%s' "${first_part:+$first_part$'\n'}" ;;
	*) printf '%s' "$first_part" ;;
	esac
	cat nohup.out
}

# rescue_victim KIND MODE [ASLEEP] - start a victim, rescue it when it sleeps in
# its call (with "random" for ASLEEP, at any moment), hang up, and let it
# finish.
rescue_victim() {
	start_on_terminal "$2" "$VICTIM $1" || return
	# One that reads the terminal in the background is stopped.
	[ "${3:-}" = random ] || [[ $1 = *compute ]] ||
	    until_true in_state ST "$(cat thread)" || return
	rescue "$pid" && ! in_state T "$pid" || return
	shell_answers || return
	hang_up || return
	[[ $1 = *compute ]] || [ ! -e "/proc/$pid" ] ||
	    until_true in_state SZX "$pid" || return
	wake "$1" && verdict || return
	[ "$(stream)" = $'v:1\nv:2' ]
}

# fd_of N - what the job has open as descriptor N.
fd_of() {
	readlink "/proc/$pid/fd/$1"
}

# Afterwards, "${apart[@]}" COMMAND... runs it in a new PID namespace.
pid_namespace() {
	right pid-namespaces
	apart=("${private[@]}" -pf sh -c 'mount -t proc proc /proc && exec "$@"' sh)
}

# sleeping_victim KIND [MODE] - start one, and wait until it sleeps.
sleeping_victim() {
	start_on_terminal "${2:-foreground}" "$VICTIM $1"
	until_true in_state S "$pid"
}

# unharmed KIND - the call that the victim sleeps in still works.
unharmed() {
	wake "$1"
	verdict
	until_true on_screen v:2
	hang_up
}

# unharmed_in FILE - after the hang-up the victim's call ends well, and the line
# that follows is in the file.
unharmed_in() {
	hang_up
	wake read
	verdict
	cat "$1" screen
	[ "$(cat "$1")" = v:2 ]
}

# facts_of PID - all that a refused rescue must not change.
facts_of() {
	(
		cd "/proc/$1" || exit
		local fd line
		for fd in fd/*; do
			echo "$fd $(readlink "$fd") $(cat "${fd/fd/fdinfo}")"
		done
		grep -E '^(Sig[^Q]|Shd|Tracer)' status
		# State, parent, group, session and terminal.
		read -r line <stat
		line=${line##*) }
		echo "${line%% -1 *}" | cut -d' ' -f1-6
		# The call that it sleeps in, with arguments and stack, which
		# the kernel shows to those who may trace it.
		cat syscall || true
		wc -l <maps
	)
}

# left_alone REASON PID [OPTION]... - the PID is refused for that reason, by a
# detach that the command in "as" runs, and nothing about it has changed. No
# default file is made, unless "may_create" is set.
left_alone() {
	local reason=$1 pid=$2
	shift 2
	facts_of "$pid" >before 2>/dev/null
	refused 125 "PID $pid: $reason" "${as[@]}" "$DETACH" "$@" -r "$pid"
	facts_of "$pid" >after 2>/dev/null
	[ -s before ]
	diff before after
	[ ! -e nohup.out ] || [ -n "${may_create:-}" ]
}
