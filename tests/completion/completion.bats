#!/usr/bin/env bats
# What the shells offer after "detach". Each is asked as it runs on a terminal,
# with the files where "make install" puts them.

load ../lib/helpers

setup_file() {
	need bash zsh fish make
	[ -e /usr/share/bash-completion/bash_completion ] ||
		missing bash-completion
	export ROOT=$BATS_FILE_TMPDIR/root
	make -s -C "$BUILD" install-data DESTDIR="$ROOT" prefix=/usr
	export XDG_DATA_DIRS=$ROOT/usr/share:/usr/share
	export SHELLS='plain-bash bash zsh fish'
	# fish completes only commands that there are.
	export PATH=$BUILD/src:$PATH
}

# Nothing but a window can be left behind.
teardown() {
	[ -z "${window-}" ] || kill -KILL "$window" 2>/dev/null || true
}

# The keys of a line, then Control-X with i: insert all that is offered, with
# p: list it; w writes the line to the file "got" and ends the shell.
rc_files() {
	cat >rc.bash <<-'END'
		bind '"\C-xi": insert-completions'
		bind '"\C-xp": possible-completions'
		bind 'set completion-query-items 0' 'set page-completions off'
		bind -x '"\C-xw": printf "%s" "$READLINE_LINE" >got; kill -KILL $$'
		_own() { COMPREPLY=($(compgen -W "one two" -- "$2")); }
		complete -F _own own
		complete -W "three four" other
	END
	{
		cat rc.bash
		echo ". '$ROOT/usr/share/bash-completion/completions/detach.bash'"
	} >rc.plain-bash
	echo '. /usr/share/bash-completion/bash_completion' >>rc.bash
	mkdir zdotdir
	cat >zdotdir/.zshrc <<-'END'
		fpath=($ROOT/usr/share/zsh/site-functions $fpath)
		autoload -Uz compinit && compinit -u -d "$BATS_FILE_TMPDIR/zcompdump"
		zle -C all complete-word _generic
		zstyle ':completion:all:*' completer _all_matches _complete
		zstyle ':completion:all:*' insert true
		LISTMAX=100000
		finish() { print -nr -- "$BUFFER" >got; kill -KILL $$ }
		zle -N finish
		bindkey '^Xi' all '^Xp' list-choices '^Xw' finish
		_own() { compadd one two }
		_other() { compadd three four }
		compdef _own own
		compdef _other other
	END
	cat >rc.fish <<-'END'
		complete -c own -f -a 'one two'
		complete -c other -f -a 'three four'
	END
	printf '#!/bin/sh\n' >own
	cp own other
	chmod +x own other
	PATH=$PWD:$PATH
}

# close_others - what the tests were started with is not to be offered.
close_others() {
	local link
	for link in /proc/"$BASHPID"/fd/*; do
		[ "${link##*/}" -le 2 ] || eval "exec ${link##*/}>&-"
	done
}

# press SHELL LINE KEY - in that shell, on a terminal of its own; what is seen
# on it goes to the file "seen".
press() (
	close_others
	rm -f got seen keys
	mkfifo keys
	# Open for both, so that this end does not wait and the other gets no end.
	exec 6<>keys
	printf '%s\030%s\030w' "$2" "$3" >&6
	exec <keys 6>&- 5</dev/null 77>/dev/null
	export TERM=xterm
	case $1 in
	zsh) set -- env ZDOTDIR="$PWD/zdotdir" zsh -d -i ;;
	*) set -- bash --rcfile "rc.$1" -i ;;
	esac
	timeout "$LIMIT" "$PTY" "$@" >seen || [ -e got ]
)

# ask_fish LINE - what it offers, each with its description.
ask_fish() (
	close_others
	exec 5</dev/null 77>/dev/null
	fish -C '. rc.fish' -c 'complete -C $argv[1]' "$1"
)

# offers SHELL LINE - print what is offered, one a line, sorted.
offers() {
	local words=() last=${2//\\ /xx}
	# An escaped blank ends no word.
	last=${last##* }
	[ -e own ] || rc_files
	case $1 in
	fish)
		ask_fish "$2" | cut -f 1 | LC_ALL=C sort
		;;
	*)
		press "$1" "$2" i
		eval "words=($(sed "1s/^.\{$((${#2} - ${#last}))\}//" got))"
		printf '%s\n' "${words[@]}" | LC_ALL=C sort
		;;
	esac
}

# offer LINE WORD... - each shell offers exactly these.
offer() {
	local line=$1 shell
	shift
	for shell in $SHELLS; do
		echo "$shell: $line"
		offers "$shell" "$line" >offered
		printf '%s\n' "$@" | LC_ALL=C sort | diff - <(LC_ALL=C sort offered)
	done
}

@test "all options that --help lists, and no other" {
	"$DETACH" --help | sed -n 's/^  \(-.,\)\{0,1\} *\(--[a-z-]*\).*/\1\n\2/p' |
		tr -d , | grep . >options
	[ "$(grep -c -e '^--[a-z]' options)" -ge 11 ]
	[ "$(grep -c -e '^-[a-zA-Z]$' options)" -ge 9 ]
	for shell in $SHELLS; do
		echo "$shell"
		offers "$shell" 'detach -' | tr -d = | LC_ALL=C sort |
			diff <(LC_ALL=C sort options) -
	done
}

@test "a long option by its beginning, also after others" {
	for shell in $SHELLS; do
		run -0 offers "$shell" 'detach -wq -o out --err'
		[[ $output =~ ^--error=?$ ]]
	done
}

@test "-i, -o, -e and -p: files, directories and -" {
	mkdir dir
	touch file 'file of mine'
	# These are in the way.
	rc_files
	offer 'detach -o fi' file 'file of mine'
	offer 'detach -q -w --input fi' file 'file of mine'
	offer 'detach -o file -e file\ ' 'file of mine'
	for option in -i -o -e -p; do
		for shell in $SHELLS; do
			offers "$shell" "detach -q $option " | tr -d / >names
			for name in - dir file 'file of mine'; do
				grep -qxFe "$name" names
			done
		done
	done
	# The value that is a part of the word: what is replaced differs.
	for shell in $SHELLS; do
		offers "$shell" 'detach --error=file\ ' |
		    grep -qxE '(--error=)?file of mine'
		[ "$(offers "$shell" 'detach -qe./di' | tr -d /)" = -qe.dir ] ||
		    [ "$shell" = fish ]
	done
}

@test "-k: descriptors that a command would inherit, one after another" {
	offer 'detach -k ' 5 77
	offer 'detach -k 5,7' 5,77
	for shell in $SHELLS; do
		offers "$shell" 'detach -q --keep-fd=77,' |
		    grep -qxE '(--keep-fd=)?77,5'
	done
}

@test "-a: times, and units after a number" {
	offer 'detach -a ' 0.5s 2s 10s 1m 1h
	offer 'detach -q -a 3' 3s 3m 3h
}

@test "-r: the user's jobs on terminals, with their names" {
	# The second's leader has ended.
	cat >script <<-'END'
		set -m
		true | cat held &
		echo $! >second
		while [ -e "/proc/$(jobs -p %1)" ]; do :; done
		cat word held >up &
		echo $! >first
		echo $$ >shell
		wait
	END
	window bash script
	told up
	for shell in $SHELLS; do
		echo "$shell"
		offers "$shell" 'detach -r ' >pids
		grep -qxFf first pids
		grep -qxFf second pids
		run ! grep -xFf shell pids
		[ "$(offers "$shell" "detach -q --rescue 1 $(cat first)")" = \
		    "$(cat first)" ]
	done
	for shell in plain-bash bash zsh; do
		press "$shell" 'detach -r ' p
		cat -v seen
		# zsh writes a name once for all that have it.
		grep -E "(^|[^0-9])$(cat first) (cat|.*-- cat)" seen
	done
	ask_fish 'detach -r ' | grep -P "^$(cat first)\tcat$"
	close_window
	# They wait for a writer, and nothing there hangs them up.
	kill "$(cat first)" "$(cat second)"
}

@test "a command, and what that command completes" {
	offer 'detach -q -o out othe' other
	offer 'detach own ' one two
	offer 'detach -wo out -- own o' one
	offer 'detach -k 5 other -o ' four three
	offer 'detach -e e:r own t' two
}

@test "after the command its options are its own" {
	for shell in $SHELLS; do
		run -0 offers "$shell" 'detach own --out'
		[[ $output != --output* ]]
		run -0 offers "$shell" 'detach own -o '
		[[ $output != *-* ]]
	done
}
