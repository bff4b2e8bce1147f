#!/usr/bin/env bats
# The scenarios that need no remote login, each against the real launcher.
# Where the test does not show what the old idiom does in the same place, a
# comment says what it was measured to do.

# shellcheck disable=SC2016 # single quotes: expanded by another shell
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # shared with bats and helpers
load helpers

@test "S15: command substitution" {
	fifos
	# A job that had the pipe would hold the shell until its end.
	timeout "$LIMIT" bash >said -c \
		'echo "$("$DETACH" "$PROBE" facts ping pong 2>&1)"'
	facts
	detached
	survived nohup.out
	[[ $(cat said) == "detach: PID $(fact pid), output in "* ]]

	# nohup leaves it that pipe.
	fifos
	bash -c 'echo "$(nohup "$PROBE" facts ping pong &)"' >said 3>&- &
	facts
	[[ $(fact fd1) == pipe:* ]]
	ask held
	quit
	wait $!
	[ "$(cat said)" = held ]
}

@test "S15: script(1)" {
	need script
	fifos
	run -0 script -qec "'$DETACH' '$PROBE' facts ping pong" /dev/null \
		</dev/null
	[[ $output == "detach: PID "* ]]
	facts
	detached
	survived nohup.out
	# nohup here is S1 again.
}
