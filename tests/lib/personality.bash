# What the tests of nohup and setsid share: the same script under the system's
# tools and under ours, and everything that can be seen of it.
# shellcheck shell=bash

# shellcheck disable=SC2034 # for helpers.bash
file_needs=need_personalities

need_personalities() {
	need nohup setsid
	nohup --version | grep -q coreutils || missing "GNU nohup"
	setsid --version | grep -q util-linux || missing "util-linux setsid"
}

# known NAME - is the system's tool of the version that the manual names?
known() {
	local version
	version=$("$BATS_FILE_TMPDIR/system/$1" --version | head -n 1)
	[[ $version == *"coreutils) 9.1" || $version == *"util-linux 2.38"* ]]
}

# The tools under their names; call in setup_file.
personalities_setup() {
	local name
	mkdir "$BATS_FILE_TMPDIR"/{system,ours}
	for name in nohup setsid; do
		ln -s "$(command -v "$name" || echo none)" \
		    "$BATS_FILE_TMPDIR/system/$name"
		ln -s "$DETACH" "$BATS_FILE_TMPDIR/ours/$name"
		! known "$name" || touch "$BATS_FILE_TMPDIR/known-$name"
	done
}

# use system|ours - which tools the names mean from now on.
use() {
	PATH=$BATS_FILE_TMPDIR/$1:${PATH#"$BATS_FILE_TMPDIR"/*:}
}

# observe system|ours SCRIPT - run the script with these tools, by a shell that
# leads a session on a terminal of its own, in an empty directory. Then "seen"
# has all that can be seen of it, and "seen.system" or "seen.ours" the same
# without the numbers that differ from run to run. The script may write other
# observations to "../more", and the probe's facts go to "../facts".
observe() {
	rm -rf scene
	mkdir -p scene/work scene/home
	(
		use "$1"
		export LC_ALL=C HOME=$PWD/scene/home
		cd scene/work || exit
		# shellcheck disable=SC2016 # the inner shell expands
		timeout "$LIMIT" "$PTY" sh -c 'echo "$$" >../shell
			'"$2"'
			echo "status=$?" >>../more' </dev/null >../terminal \
		    2>&1 3>&- 4>&- || echo "shell's status=$?" >>../more
	)
	# Two scenes that never began would be the same.
	[ -s scene/shell ]
	seen >seen
	normal <seen >"seen.$1"
}

# All that can be seen of a scene.
seen() {
	local file
	for file in more terminal shell facts work/* work/*/* home/*; do
		[ -e "scene/$file" ] || [ -L "scene/$file" ] || continue
		echo "== $file $(stat -c '%F %a' "scene/$file")"
		[ ! -f "scene/$file" ] || {
			[ -r "scene/$file" ] || chmod u+r "scene/$file"
			cat "scene/$file"
		}
	done
}

# Names in place of processes, directories, devices and pipes.
normal() {
	awk '
	# The first number is the shell, the second the probe itself.
	/^== shell/ { getline shell; next }
	/^pid=/ { self = substr($0, 5) + 0; next }
	/^(ppid|pgid|sid)=/ {
		split($0, pair, "=")
		$0 = pair[1] "=" (pair[2] == self ? "itself" : \
		    pair[2] == shell ? "the shell" : "another")
	}
	/^ctty=/ { $0 = $0 == "ctty=0" ? "ctty=none" : "ctty=a terminal" }
	{
		gsub("/[^ ]*/(system|ours)/", "TOOLS/")
		gsub("/dev/pts/[0-9]+", "/dev/pts/N")
		gsub(":\\[[0-9]+\\]", ":[N]")
		print
	}'
}

# Of a tool of another version than the manual's, that it says something is a fact, but
# not its words.
words() {
	local name
	for name in nohup setsid; do
		[ -e "$BATS_FILE_TMPDIR/known-$name" ] || set -- "$@" -e \
		    "s,^\(.*/\)\?$name: .*,$name says something,"
	done
	LC_ALL=C sed -e '' "$@"
}

# same SCRIPT - nothing of it differs between the system's tools and ours.
same() {
	observe system "$1"
	observe ours "$1"
	diff -u <(words <seen.system) <(words <seen.ours) || {
		echo "differs: $1"
		return 1
	}
}

# differ SCRIPT SYSTEM OURS - a listed difference: the line that only the
# system's tool shows, and the one that only ours shows ('' for none).
differ() {
	observe system "$1"
	observe ours "$1"
	diff seen.system seen.ours >differences || true
	cat differences
	if [ -n "$2" ] && [ "$(words <<<"$2")" = "$2" ]; then
		grep -qxF -- "< $2" differences
	fi
	if [ -n "$3" ]; then
		grep -qxF -- "> $3" differences
	fi
}
