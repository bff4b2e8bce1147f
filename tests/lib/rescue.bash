# What tests/rescue/*.bats and soak-rescue share: a terminal with an interactive
# shell, on which jobs are started plainly, rescued and hung up.
# shellcheck shell=bash
# shellcheck disable=SC2154 # helpers.bash sets LIMIT

: "${BUILD:=$SOURCE}"
# A sanitizer's search for leaks needs a process that nobody traces.
export ASAN_OPTIONS=detect_leaks=0
export VICTIM=$BUILD/tests/programs/victim AT_CALL=$BUILD/tests/programs/at-call

# The terminal's shell, bash or else the command in "interactive": what it writes
# goes to the file "screen".
terminal() {
	rm -f keys screen
	mkfifo keys
	# POSIX lets a Ctrl-Z throw away output on its way to the screen, if not
	# for noflsh, and its echo may come in the middle of a line.
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

# When the killed pty can be waited for, the kernel has hung the terminal up.
# What its shell does to its jobs, it does before it is gone.
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

# The shell answers; so all that was written before is on the screen.
shell_answers() {
	local token=answer-$RANDOM$RANDOM
	# A job's line that goes on in the file has no end here.
	keys "echo; echo $token\n"
	until_true on_screen "$token"
}

on_screen() {
	tr -d '\r' <screen | grep -qx "$1"
}

# It has ended; init may take its time to reap it.
gone() {
	[ ! -e "/proc/$1" ] || in_state ZX "$1"
}

no_group() {
	! pgrep -g "$1" -r D,R,S,T >/dev/null
}

# start_on_terminal MODE COMMAND - plainly, in background, foreground or
# stopped by Ctrl-Z. Its PID, which it tells through "ready", is then in "pid".
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
	# The rest of its pipeline may still be the shell's, with its handlers.
	until_true has_cats "$(grep -o '| cat' <<<"$2" | wc -l)" || return
	[ "$1" != stopped ] || {
		keys '\032'
		until_true is_suspended
	}
}

# So many processes of the job are "cat".
has_cats() {
	[ "$1" = 0 ] || [ "$(pgrep -c -g "$pid" -x cat)" = "$1" ]
}

# A child that is stopped between vfork() and exec holds its parent, which then
# cannot stop: both have to go on before the next signal. That is no Ctrl-Z, for
# the parent may have stopped just now, and its shell has the terminal back.
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

# rescue [OPTION]... PID... - with a limit; detach blocks all other signals.
rescue() {
	timeout -s KILL "$LIMIT" "$DETACH" -r "$@"
}

# rescue_at STEP COMMAND - rescue the victim, with that command at that call of
# ptrace. False if there are not so many; else the status is in "status".
rescue_at() {
	status=0
	timeout "$LIMIT" "$AT_CALL" "$1" "$2" "$DETACH" -q -r "$pid" ||
	    status=$?
	[ $status != 99 ]
}

# wake KIND [PID] - end the call that a victim sleeps in.
wake() {
	timeout "$LIMIT" "$VICTIM" -w "$1" "${2:-$pid}"
}

# The job's verdict.
verdict() {
	[ "$(timeout "$LIMIT" cat "done")" = ok ]
}

# The job still counts: there are more lines than there were. Then it ends.
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

# Its numbers run from 1 to the last, in both places together.
counts() {
	stream | awk -F: '$2 != NR { print "at " NR ": " $0; exit bad = 1 }
	    END { exit bad || NR == 0 }'
}

# rescue_loop MODE COMMAND - one that counts.
rescue_loop() {
	start_on_terminal "$1" "$2" || return
	rescue "$pid" && ! in_state T "$pid" || return
	shell_answers || return
	hang_up || return
	goes_on && counts
}

# stream - all that the job wrote, first to the terminal, then to the file. A
# write that waits for a full terminal may have been split in between: then the
# file has the rest of the line, and what the shell said is not in its middle.
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

# rescue_victim KIND MODE [ASLEEP] - one cell of the matrix. With "random" for
# ASLEEP it is rescued at whatever moment it is in.
rescue_victim() {
	start_on_terminal "$2" "$VICTIM $1" || return
	# In the background, to read the terminal is to be stopped.
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

# fd_of N - what the job has open there.
fd_of() {
	readlink "/proc/$pid/fd/$1"
}

# "${apart[@]}" COMMAND... runs it in a PID namespace.
pid_namespace() {
	need unshare
	apart=("${private[@]}" -pf sh -c 'mount -t proc proc /proc && exec "$@"' sh)
	"${apart[@]}" true || missing "PID namespaces"
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
		# The call that it sleeps in, with arguments and stack.
		cat syscall
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
