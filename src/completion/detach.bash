# detach.bash completes detach's command line in bash, with bash-completion or
# without it. A new option goes into _detach_options, and its letter, if it
# takes a value, into _detach_valued and _detach_value.
# shellcheck shell=bash

_detach_options='-i --input= -o --output= -e --error= -p --pidfile=
    -k --keep-fd= -w --wait -a --alive= -q --quiet -r --rescue
    -h --help -V --version'
# The letters of the options that take a value: each long name begins with it.
_detach_valued=eiopka

# _detach_match PREFIX WORD... - reply with the words that begin like that.
_detach_match() {
	local prefix=$1 word
	shift
	for word; do
		[[ $word != "$prefix"* ]] || COMPREPLY+=("$word")
	done
}

# _detach_value LETTER WORD - complete the value of an option.
_detach_value() {
	case $1 in
	[eiop])
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
		_detach_match "$2" -
		;;
	k)
		_detach_descriptors "$2"
		;;
	a)
		if [[ $2 == *[0-9] ]]; then
			COMPREPLY=("$2s" "$2m" "$2h")
		else
			_detach_match "$2" 0.5s 2s 10s 1m 1h
		fi
		;;
	esac
}

# The last number of a list: of those that a command started here would get.
_detach_descriptors() {
	local list=${1%"${1##*,}"} number
	for number in $(sh -c 'for link in /proc/$$/fd/*; do
		[ ! -L "$link" ] || echo "${link##*/}"
	done'); do
		[[ $number -le 2 ]] || _detach_match "$1" "$list$number"
	done
}

# The user's jobs on terminals: of each process group but a session's first,
# that of the shell, the leader, or all if that has ended. What is listed, and
# not inserted, shows the name as well.
_detach_jobs() {
	local process stat name state group session terminal found=()
	for process in /proc/[0-9]*; do
		[[ -O $process ]] || continue
		read -r stat 2>/dev/null <"$process/stat" || continue
		name=${stat#*"("}
		name=${name%")"*}
		read -r state _ group session terminal _ <<<"${stat##*") "}"
		process=${process##*/}
		[[ $process == "$1"* && $state != Z && $terminal != 0 &&
		    $group != "$session" ]] || continue
		[[ $process != "$group" && -e /proc/$group ]] ||
		    found+=("$process $name")
	done
	# 37 and 42: menu-complete and insert-completions.
	[[ ${#found[@]} -gt 1 && $COMP_TYPE != 37 && $COMP_TYPE != 42 ]] ||
	    found=("${found[@]%% *}")
	COMPREPLY=("${found[@]}")
}

# _detach_command OFFSET START - complete the command, whose first word has
# that number and begins at that character, as if it stood alone.
_detach_command() {
	local spec
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$1"
		return
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
		return
	fi
	COMP_WORDS=("${COMP_WORDS[@]:$1}")
	COMP_CWORD=$((COMP_CWORD - $1))
	COMP_LINE=${COMP_LINE:$2}
	COMP_POINT=$((COMP_POINT - $2))
	if [[ $COMP_CWORD == 0 ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -c -d -- "${COMP_WORDS[0]}" |
		    sort -u)
		return
	fi
	spec=$(complete -p -- "${COMP_WORDS[0]}" 2>/dev/null) ||
	    spec=$(complete -p -- "${COMP_WORDS[0]##*/}" 2>/dev/null)
	if [[ $spec =~ \ -F\ ([^ ]+) ]]; then
		"${BASH_REMATCH[1]}" "${COMP_WORDS[0]}" \
		    "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	elif [[ -n $spec ]]; then
		# What it prints is quoted, to be read again.
		eval "spec=(${spec% *})"
		mapfile -t COMPREPLY < <(compgen "${spec[@]:1}" \
		    -- "${COMP_WORDS[COMP_CWORD]}" 2>/dev/null)
	else
		compopt -o bashdefault -o default
	fi
}

_detach() {
	local words=() offsets=() starts=() rest=${COMP_LINE:0:COMP_POINT}
	local last i word raw real before='' option='' rescue='' ended=''
	COMPREPLY=()
	# bash splits at COMP_WORDBREAKS as well: put together what the shell
	# will see as one word.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		if [[ $i = 0 || $rest == [[:blank:]]* || -z $rest ]]; then
			rest=${rest#"${rest%%[![:blank:]]*}"}
			words+=('') offsets+=("$i")
			starts+=("$((COMP_POINT - ${#rest}))")
		fi
		raw=${COMP_WORDS[i]}
		[[ $i != "$COMP_CWORD" ]] || raw=$rest
		words[-1]+=$raw
		rest=${rest#"$raw"}
	done
	# Of a separator readline replaces nothing.
	[[ $raw == *[!=:]* ]] || raw=
	last=$((${#words[@]} - 1))
	for ((i = 1; i < last; i++)); do
		word=${words[i]}
		if [[ -n $option ]]; then
			option=
		elif [[ $word == -- ]]; then
			ended=1
			((i++))
			break
		elif [[ $word == --?* ]]; then
			[[ $word != --r* ]] || rescue=1
			[[ $word == *=* || $word != --[$_detach_valued]* ]] ||
			    option=${word:2:1}
		elif [[ $word == -?* ]]; then
			[[ ! $word =~ ^-[^$_detach_valued]*r ]] || rescue=1
			[[ ! $word =~ ^-[^$_detach_valued]*([$_detach_valued])$ ]] ||
			    option=${BASH_REMATCH[1]}
		else
			break
		fi
	done
	real=${words[last]}
	if [[ $real == [\"\']* ]]; then
		real=${real:1}
		raw=${raw#[\"\']}
	fi
	if [[ $i -ge $last && -n $option ]]; then
		_detach_value "$option" "$real"
	elif [[ $i -ge $last && -z $ended && $real == --*=* ]]; then
		before=${real%%=*}=
		_detach_value "${real:2:1}" "${real#*=}"
	elif [[ $i -ge $last && -z $ended &&
	    $real =~ ^(-[^-$_detach_valued]*([$_detach_valued]))(.+)$ ]]; then
		before=${BASH_REMATCH[1]}
		_detach_value "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}"
	elif [[ $i -ge $last && -z $ended && $real == -* ]]; then
		# One word an option.
		# shellcheck disable=SC2086
		_detach_match "$real" $_detach_options
		[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
	elif [[ -n $rescue ]]; then
		_detach_jobs "$real"
	else
		_detach_command "${offsets[i]}" "${starts[i]}"
		return
	fi
	# readline replaces the last part alone.
	COMPREPLY=("${COMPREPLY[@]/#/"$before"}")
	COMPREPLY=("${COMPREPLY[@]#"${real%"$raw"}"}")
}

complete -F _detach detach
