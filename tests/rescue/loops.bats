#!/usr/bin/env bats
# Jobs that count go on, and no byte of their output is lost or doubled.

load ../lib/helpers
load ../lib/rescue

# loops COMMAND... - rescue it in the background, in the foreground and stopped.
loops() {
	local mode
	for mode in background foreground stopped; do
		mkdir "$mode"
		cd "$mode"
		echo "mode: $mode"
		rescue_loop "$mode" "$*"
		cd ..
	done
}

@test "rescue: loops of sh" {
	loops sh "$SOURCE/tests/programs/loop.sh"
}

@test "rescue: loops of bash" {
	loops bash "$SOURCE/tests/programs/loop.sh"
}

@test "rescue: loops of python" {
	need python3
	loops python3 -E "$SOURCE/tests/programs/loop.py"
}

@test "rescue: loops of perl" {
	need perl
	loops perl "$SOURCE/tests/programs/loop.pl"
}

@test "rescue: threads" {
	need python3
	loops python3 -E "$SOURCE/tests/programs/loop.py" threads
}

@test "rescue: threads that start processes" {
	need python3
	loops python3 -E "$SOURCE/tests/programs/loop.py" processes
}

@test "rescue: a pipeline" {
	loops sh "$SOURCE/tests/programs/loop.sh | cat | cat"
}

@test "rescue: a storm of forks" {
	loops sh "$SOURCE/tests/programs/loop.sh" storm
}
