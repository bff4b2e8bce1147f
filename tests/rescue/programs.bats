#!/usr/bin/env bats
# shellcheck disable=SC2034 # what rescue.bash reads
# detach --rescue: the programs that people most often forget nohup for. Most of
# them handle SIGHUP, and end by it.

load ../lib/helpers
load ../lib/rescue

# One of the job waits for input. (Which of them handles SIGHUP depends on the
# version: gzip 1.13 does not while it writes to standard output.)
is_at_work() {
	local process
	for process in $(pgrep -g "$pid"); do
		! find "/proc/$process/fd" -lname "$PWD/input" 2>/dev/null |
		    grep -q . || return 0
	done
	return 1
}

# What the job waits for, to the FIFO "input": lines, or numbers.
feed() {
	if [ -e ../lines ]; then
		cat ../lines
	else
		seq 100000
	fi
}

# lives - the script "job" makes the same of its input, in the directory
# "result", if it is rescued and its terminal closed before that input comes.
# What is there at first is that of the directory "start".
lives() {
	local mode
	mkdir -p start
	for mode in undisturbed foreground stopped; do
		echo "mode: $mode"
		mkdir "$mode"
		cd "$mode"
		mkfifo input
		cp -a ../start result
		"$([ $mode != undisturbed ] && echo rescued || echo undisturbed)" \
		    "$mode"
		cd ..
	done
	[ -n "$(find undisturbed/result -type f)" ]
	diff -r undisturbed/result foreground/result
	diff -r undisturbed/result stopped/result
}

undisturbed() {
	feed >input &
	timeout "$LIMIT" sh ../job
}

rescued() {
	start_on_terminal foreground "sh -c 'echo \$\$ >ready; exec sh ../job'"
	# Not before: the job must not have this end of the FIFO itself.
	exec 9<>input
	until_true is_at_work
	[ "$1" = foreground ] || {
		keys '\032'
		until_true is_suspended
	}
	run -0 rescue -o output "$pid"
	[ -z "$output" ]
	shell_answers
	hang_up
	pgrep -g "$pid" >/dev/null
	(feed >&9)
	exec 9<&-
	until_true no_group "$pid"
	[ ! -s output ] || {
		cat output
		return 1
	}
}

@test "rescue: gzip lives" {
	need gzip
	echo 'exec gzip -cn <input >result/x.gz' >job
	lives
}

@test "rescue: xz lives" {
	need xz
	echo 'exec xz -c <input >result/x.xz' >job
	lives
}

@test "rescue: tar z lives" {
	need tar gzip
	mkdir big
	seq 100000 >big/one
	seq 200000 >big/two
	printf '%s\n' big/one big/two >lines
	echo 'exec tar cz -C .. -T input >result/x.tgz' >job
	lives
}

@test "rescue: rsync lives" {
	need rsync
	mkdir big
	seq 100000 >big/one
	seq 200000 >big/two
	printf '%s\n' one two >lines
	echo 'exec rsync -a --files-from=input ../big/ result/' >job
	lives
}

# Its part that packs is held as it begins.
@test "rescue: git gc lives" {
	need git
	export GIT_CONFIG_GLOBAL=/dev/null GIT_EXEC_PATH=$PWD/bin
	export GIT_AUTHOR_DATE='@1000000000 +0000'
	export GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE REAL
	REAL=$(env -u GIT_EXEC_PATH git --exec-path)
	mkdir bin
	cat >bin/git <<-'E'
		#!/bin/sh
		[ "$1" != pack-objects ] || cat ../input >/dev/null
		exec "$REAL/git" "$@"
	E
	chmod +x bin/git
	git init -q start
	seq 10000 >start/file
	git -C start add file
	git -C start -c user.name=n -c user.email=e commit -q -m one
	seq 20000 >start/file
	git -C start -c user.name=n -c user.email=e commit -q -a -m two
	# shellcheck disable=SC2016 # for the job
	echo 'exec "$REAL/git" -C result -c pack.threads=1 -c gc.cruftPacks=false gc -q' >job
	lives
	[ "$(find stopped/result/.git/objects -name '*.pack' | wc -l)" = 1 ]
	git -C stopped/result fsck --strict
}

@test "rescue: make -j2 lives" {
	need make
	cat >Makefile <<-'E'
		result/sum: result/one result/two; cksum result/one result/two >result/sum
		result/one: ; cat input >result/one
		result/two: ; seq 1000 >result/two
	E
	echo 'exec make -s -j2 -f ../Makefile' >job
	lives
}

@test "rescue: one that handles all signals lives, as a Go program" {
	echo "rm -f ready; exec $BUILD/tests/programs/hangup die >result/copy" >job
	lives
}

@test "rescue: one whose handler wakes a thread that ends it lives, as Java" {
	echo "rm -f ready; exec $BUILD/tests/programs/hangup java >result/copy" >job
	lives
}
