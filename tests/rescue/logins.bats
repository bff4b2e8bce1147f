#!/usr/bin/env bats
# Rescues over ssh, from the same login and from another.

load ../lib/helpers
load ../lib/rescue

setup_file() {
	sshd_setup
}

# A login with a terminal. Commands are typed through the FIFO "keys".
login_with_terminal() {
	need_ssh
	mkfifo keys
	# Not through host(): the client itself is to be killed.
	ssh -F "$BATS_FILE_TMPDIR/ssh_config" -tt there \
	    "cd '$PWD' && stty noflsh -echo && HISTFILE= PS1= exec bash --norc" \
	    --noprofile --noediting -i <keys >screen 2>&1 3>&- &
	terminal=$!
	exec 7>keys
	keys 'echo $$ >shell\n'
	shell_answers
}

# Kill the client; when its shell is gone, the terminal is.
lose_connection() {
	exec 7>&-
	kill -KILL "$terminal"
	wait "$terminal" || true
	until_true gone "$(cat shell)"
}

@test "S16: Ctrl-Z, bg, rescue from the same shell, connection lost" {
	mkfifo ready "done"
	login_with_terminal
	keys "sh $SOURCE/tests/programs/loop.sh\n"
	pid=$(timeout "$LIMIT" cat ready)
	keys '\032'
	until_true is_suspended
	keys "bg\n$DETACH -r $pid\n"
	shell_answers
	tr -d '\r' <screen |
	    grep -E "^detach: PID $pid( and [0-9]+ more)?, output in '$PWD/nohup.out'$"
	lose_connection
	goes_on
	counts
}

@test "S16: rescue from a second login, out of the foreground" {
	mkfifo ready "done"
	login_with_terminal
	keys "sh $SOURCE/tests/programs/loop.sh\n"
	pid=$(timeout "$LIMIT" cat ready)
	run -0 host there "$DETACH -r $pid"
	echo "$output"
	# The two logins are in different mount namespaces. In a chroot, the
	# path starts at the real root there.
	[[ $output == "detach: PID $pid"*", output in '"*"$PWD/nohup.out'" ]]
	shell_answers
	keys "jobs >listed\n"
	shell_answers
	grep -E '^\[1\].*Running.*loop.sh' listed
	[ "$(wc -l <listed)" = 1 ]
	lose_connection
	goes_on
	counts
}

@test "S16: the shell's job ends as any other" {
	mkfifo ready "done"
	login_with_terminal
	keys "sh $SOURCE/tests/programs/loop.sh\n"
	pid=$(timeout "$LIMIT" cat ready)
	run -0 host there "$DETACH -r $pid"
	shell_answers
	goes_on
	keys "wait\njobs >listed\n"
	shell_answers
	[ ! -s listed ] || grep Done listed
	counts
	lose_connection
}
