#!/usr/bin/env bats
# A rescue that finds nothing on a terminal says so: its -o goes unused.

load ../lib/helpers
load ../lib/rescue

setup_file() {
	need pgrep
}

@test "rescue: a second one finds nothing on a terminal, and says so" {
	sleeping_victim read background
	rescue "$pid"
	run -0 rescue -o other "$pid"
	[ "$output" = "detach: PID $pid: has nothing on a terminal" ]
	[ ! -e other ]
	run -0 rescue -q "$pid"
	[ -z "$output" ]
	unharmed_in nohup.out
}

@test "rescue: a process without any terminal, which says so" {
	setsid sleep 1000 </dev/null >/dev/null 2>&1 3>&- 7>&- &
	until_true grep -qx sleep "/proc/$!/comm"
	run -0 rescue $!
	[ "$output" = "detach: PID $!: has nothing on a terminal" ]
	kill $!
}

# Without a descriptor on it, the terminal's end would still be its own.
@test "rescue: one whose SIGHUP alone was to be ignored has its need" {
	start_on_terminal background "$VICTIM read <>/dev/null >&0 2>&0"
	until_true in_state S "$pid"
	run -0 rescue "$pid"
	[ -z "$output" ]
	hang_up
	wake read
	verdict
}

@test "rescue: nothing is said of a member if another had something" {
	start_on_terminal background "$VICTIM read 2>&1 </dev/null | cat"
	run -0 rescue "$pid"
	[ "$output" = "detach: PID $pid and 1 more, output in '$PWD/nohup.out'" ]
	hang_up
}
