# detach.fish completes detach's command line in fish.

# Print the words from the command on that are complete. Fail if there is none:
# the cursor is among the options.
function __detach_operands
    set -l words (commandline -cop)
    set -e words[1]
    while set -q words[1]
        set -l word $words[1]
        switch $word
            case --
                set -e words[1]
                # No option can follow, as if the command were there.
                set -q words[1]
                and printf '%s\n' $words
                return 0
            case '--*=*'
            case '--*'
                string match -qr -- '^--[eiopka]' $word
                and set -e words[1]
            case -
                printf '%s\n' $words
                return 0
            # Not '-?*': fish 4 takes a question mark as it is.
            case '-*'
                string match -qr -- '^-[^eiopka]*[eiopka]$' $word
                and set -e words[1]
            case '*'
                printf '%s\n' $words
                return 0
        end
        set -e words[1]
    end
    return 1
end

function __detach_among_options
    not __detach_operands >/dev/null
end

function __detach_rescue
    set -l words (commandline -cop)
    set -l operands (__detach_operands)
    set -l options $words[2..-1]
    for word in $operands
        set -e options[-1]
    end
    string match -qr -- '^(-[^-eiopka]*r|--r)' $options
end

# Is the word at the cursor the value of the option before it?
function __detach_wants_value
    set -l words (commandline -cop)
    not __detach_operands >/dev/null
    and string match -qr -- '^(-[^-eiopka]*[eiopka]|--[eiopka][^=]*)$' $words[-1]
end

# The command, as if it stood alone.
function __detach_command
    __detach_wants_value
    and return
    set -l operands (__detach_operands | string escape)
    set -l word (commandline -ct)
    complete --do-complete="$operands $word"
end

# The user's jobs on terminals: of each process group but a session's first,
# that of the shell, the leader, or all if that has ended.
function __detach_jobs
    for process in /proc/*
        string match -qr '^/proc/[0-9]+$' $process
        and test -O $process
        and read -l stat 2>/dev/null <$process/stat
        or continue
        # Name, state, parent, group, session, terminal.
        set -l fields (string match -r '\((.*)\) (.) (\S+) (\S+) (\S+) (\S+)' $stat)
        set -l pid (string replace /proc/ '' $process)
        test "$fields[3]" != Z -a "$fields[7]" != 0 -a "$fields[5]" != "$fields[6]"
        or continue
        test $pid != "$fields[5]" -a -e /proc/$fields[5]
        or printf '%s\t%s\n' $pid $fields[2]
    end
end

# The last number of a list: of those that a command started here would get.
function __detach_descriptors
    set -l list (commandline -ct | string replace -r '^(-[^-]*k|--[^=]*=)' '' | string match -r '^.*,')
    for number in (sh -c 'for link in /proc/$$/fd/*; do
        [ ! -L "$link" ] || echo "${link##*/}"
    done')
        test $number -le 2
        or echo "$list$number"
    end
end

function __detach_times
    set -l number (commandline -ct | string match -r '[0-9.]*[0-9]$')
    if set -q number[1]
        printf '%s\n' $number{s,m,h}
    else
        printf '%s\n' 0.5s 2s 10s 1m 1h
    end
end

complete -c detach -f
complete -c detach -n __detach_among_options -s i -l input -rF -a "-\t'keep the inherited one'" -d 'Read stdin from a file'
complete -c detach -n __detach_among_options -s o -l output -rF -a "-\t'keep the inherited one'" -d 'Append stdout to a file'
complete -c detach -n __detach_among_options -s e -l error -rF -a "-\t'keep the inherited one'" -d 'Append stderr to a file'
complete -c detach -n __detach_among_options -s p -l pidfile -rF -a "-\t'print it on stdout'" -d 'Write the PID to a file'
complete -c detach -n __detach_among_options -s k -l keep-fd -x -a '(__detach_descriptors)' -d 'Leave these descriptors open'
complete -c detach -n __detach_among_options -s w -l wait -d 'Wait and exit with the status of the job'
complete -c detach -n __detach_among_options -s a -l alive -x -a '(__detach_times)' -d 'Stay to see whether the job lives'
complete -c detach -n __detach_among_options -s q -l quiet -d 'No message on success'
complete -c detach -n __detach_among_options -s r -l rescue -d 'Detach processes that already run'
complete -c detach -n __detach_among_options -s h -l help -d 'Print a summary and exit'
complete -c detach -n __detach_among_options -s V -l version -d 'Print the version and exit'
complete -c detach -n 'not __detach_rescue' -a '(__detach_command)'
complete -c detach -n __detach_rescue -k -a '(__detach_jobs)'
