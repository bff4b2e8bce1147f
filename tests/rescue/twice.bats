#!/usr/bin/env bats
# Two rescues of one job at once: one has all of it, the other nothing.

load ../lib/helpers
load ../lib/rescue

setup_file() {
	need pgrep
}

# second PID - what a second rescue does while the first one is held: one line,
# which names the first, and not a single process traced.
second() {
	cat >second <<-EOF
	strace -o trace -e trace=ptrace timeout -s KILL $LIMIT \
	    "$DETACH" -r $1 2>said
	echo \$? \$CALLER >ended
	EOF
	echo 'sh ./second'
}

told_who() {
	read -r ended caller <ended
	[ "$ended" = 125 ]
	[ "$(cat said)" = "detach: PID $1: is being rescued by PID $caller" ]
	run ! grep ptrace trace
}

@test "rescue: of two at once, one wins, and the other says who it is" {
	need strace
	for step in 1 2 10 30 60; do
		echo "step: $step"
		rm -f fifo nohup.out
		start_on_terminal background "$VICTIM read | cat"
		rescue_at $step "$(second "$pid")"
		[ "$status" = 0 ]
		told_who "$pid"
		[ "$(fd_of 0)" = /dev/null ]
		hang_up
		wake read
		verdict
	done
}

@test "rescue: of two at once, in different PID namespaces" {
	need unshare
	right pid-namespaces
	sleeping_victim read background
	rescue_at 20 "timeout -s KILL $LIMIT unshare -pf '$DETACH' -r $pid 2>said
	    echo \$? >ended"
	[ "$status" = 0 ]
	[ "$(cat ended)" = 125 ]
	[ "$(cat said)" = "detach: PID $pid: is being rescued by another detach" ]
	unharmed_in nohup.out
}

# Its own session is made late, after it has been let go once.
@test "rescue: of two at once, one wins to its last steps" {
	need strace
	sleeping_victim read background
	strace -o trace -e trace=ptrace "$DETACH" -q -r "$pid"
	step=$(($(grep -c '^ptrace' trace) * 9 / 10))
	unharmed_in nohup.out
	rm -f fifo nohup.out
	sleeping_victim read background
	rescue_at $step "$(second "$pid")"
	[ "$status" = 0 ]
	told_who "$pid"
	read -r _ _ _ _ _ session _ <"/proc/$pid/stat"
	[ "$session" = "$pid" ]
	unharmed_in nohup.out
}

@test "rescue: of two at once, that name different processes of a group" {
	need strace
	start_on_terminal background "$VICTIM read | cat"
	other=$(pgrep -g "$pid" -x cat)
	rescue_at 20 "$(second "$other")"
	[ "$status" = 0 ]
	told_who "$other"
	hang_up
	wake read
	verdict
	until_true no_group "$pid"
	grep -qx v:2 nohup.out
}

@test "rescue: of two at once, where the leader of the group has ended" {
	need strace
	start_on_terminal background "sh -c : | (read -r _; $VICTIM read; :)"
	until_true in_state S "$pid"
	read -r _ _ _ _ group _ <"/proc/$pid/stat"
	until_true gone "$group"
	rescue_at 20 "$(second "$group")"
	[ "$status" = 0 ]
	told_who "$group"
	unharmed_in nohup.out
}

# What the second has rescued is then whole.
@test "rescue: of two at once, the first may come too late" {
	need strace
	sleeping_victim read background
	rescue_at 0 "$DETACH -q -r $pid"
	[ "$status" = 0 ]
	unharmed_in nohup.out
}

# As in an emulator; or the other one has let it go just now.
@test "rescue: where a job cannot be locked, or not at once" {
	need strace
	for how in error=ENOLCK error=EAGAIN error=EAGAIN:when=1 \
	    error=EACCES:when=1; do
		echo "how: $how"
		rm -f fifo nohup.out
		sleeping_victim read background
		run -0 timeout -s KILL "$LIMIT" strace -qq -o trace \
		    -P "/proc/$pid/clear_refs" -e "trace=?fcntl,?fcntl64" \
		    -e "inject=?fcntl,?fcntl64:$how" "$DETACH" -r "$pid"
		grep -q INJECTED trace
		[ "$output" = "detach: PID $pid, output in '$PWD/nohup.out'" ]
		unharmed_in nohup.out
	done
}
