/*
 * words.c owns what detach says of a launch: where the output of its job is, or
 * why there is no job. (What it says of a command line is in options.c.)
 */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "launch/attempt.h"
#include "message.h"
#include "words.h"

/* A name longer than this is shortened, so that the reason finds room. */
enum { NAME_SHOWN = 900 };

/* Say which default file was chosen, and for what. */
static void
tell_default(const struct attempt *attempt, const char *ignored)
{
	const struct default_file *file = &attempt->streams.default_file;
	const char *what = attempt->streams.fd[1] == 1 ? "errors" : "output";
	const bool home = file->path == file->home;
	/* Not on the stack: that is one page less for the kernel to make. */
	static char directory[PATH_MAX];

	/* Where the working directory has no name, the file's own must do. */
	if (*file->path == '/' || getcwd(directory, sizeof(directory)) == NULL)
		directory[0] = '\0';
	message("PID %ld, %s in '%s%s%s'%s%s%s%s", (long)attempt->pid, what,
	    directory, directory[0] == '\0' || directory[1] == '\0' ? "" : "/",
	    file->path, home ? " (" FILES_DEFAULT ": " : "",
	    home ? file->why_not_here : "", home ? ")" : "", ignored);
}

void
words_started(const struct attempt *attempt)
{
	const struct streams *streams = &attempt->streams;
	const char *ignored = streams->input_ignored ? ", input ignored" : "";

	if (streams->default_file.path != NULL)
		tell_default(attempt, ignored);
	else if ((streams->kind[2] & (TERMINAL | HUNG_UP)) != 0 ||
		 streams->input_ignored)
		message("PID %ld%s", (long)attempt->pid, ignored);
}

void
words_ended(const struct attempt *attempt)
{
	message("PID %ld ended too early, with status %d", (long)attempt->pid,
	    attempt->status);
}

/* The default file could not be opened, neither here nor at home. */
static void
explain_default(const struct default_file *file)
{
	static const char hint[] = "(-o FILE chooses another place)";

	if (file->home == NULL)
		message(FILES_DEFAULT ": %s; HOME is not set %s",
		    file->why_not_here, hint);
	else
		message(FILES_DEFAULT ": %s; %.*s%s: %s %s", file->why_not_here,
		    NAME_SHOWN, file->home,
		    strlen(file->home) > NAME_SHOWN ? "..." : "",
		    file->why_not_home, hint);
}

/* Is this a word that only a shell understands as a command? */
static bool
is_shell_word(const char *name)
{
	static const char *const words[] = { "!", ".", ":", "[[", "alias", "bg",
		"case", "cd", "eval", "exec", "export", "fg", "for", "function",
		"if", "jobs", "read", "set", "source", "time", "trap", "ulimit",
		"umask", "unset", "until", "wait", "while", "{" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(name, words[i]) == 0)
			return true;
	return false;
}

/* Does it set a variable, as in VAR=1? */
static bool
is_assignment(const char *name)
{
	size_t length = strspn(name,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	return length > 0 && (*name < '0' || *name > '9') &&
	       name[length] == '=';
}

/*
 * Is it a line for a shell? It has a character that a shell acts on, and before
 * that no path, unless one that leads to a file: "./a b" may be a file's name.
 */
static bool
is_shell_line(const char *name)
{
	size_t length = strcspn(name, " \t\n|&;<>()$`\"'*?");
	char first[PATH_MAX];

	if (name[length] == '\0')
		return is_shell_word(name);
	if (length == 0 || memchr(name, '/', length) == NULL)
		return true;
	if (length >= sizeof(first))
		return false;
	memcpy(first, name, length);
	first[length] = '\0';
	return access(first, X_OK) == 0;
}

/* What helps against the reason why this command does not run, or "". */
static const char *
hint_for(const struct attempt *attempt)
{
	const struct failure *failure = &attempt->failure;
	struct stat st;

	if (failure->error == ENOENT && is_assignment(failure->thing) &&
	    strpbrk(failure->thing, " \t\n") == NULL)
		return " (to set a variable: detach env VARIABLE=VALUE "
		       "COMMAND)";
	if (failure->error == ENOENT && is_shell_line(failure->thing))
		return " (a shell command line needs sh -c)";
	if (failure->error == EACCES && stat(attempt->path, &st) == 0 &&
	    S_ISREG(st.st_mode) && (st.st_mode & 0111) == 0)
		return " (chmod +x makes it executable)";
	return "";
}

/* The command, which may have a long name, cannot run. */
static void
explain_command(const struct attempt *attempt)
{
	const struct failure *failure = &attempt->failure;
	const char *name = failure->thing;
	const char *cut = strlen(name) > NAME_SHOWN ? "..." : "";
	const char *error = error_text(failure->error);

	if (*name == '\0')
		name = "''";
	if (failure->reason == NULL)
		message("%.*s%s: %s%s", NAME_SHOWN, name, cut, error,
		    hint_for(attempt));
	else if (*failure->reason == '\0')
		message("%.*s%s: its interpreter: %s", NAME_SHOWN, name, cut,
		    error);
	else
		message("%.*s%s: bad interpreter '%s': %s", NAME_SHOWN, name,
		    cut, failure->reason, error);
}

/* The child was killed before its exec, or ended without a word. */
static void
explain_death(const struct failure *failure)
{
	const char *name = failure->thing;
	const char *cut = strlen(name) > NAME_SHOWN ? "..." : "";

	if (failure->number == 0)
		message("%.*s%s: failed to start, for an unknown reason",
		    NAME_SHOWN, name, cut);
	else
		message("%.*s%s: killed by signal %d before its exec",
		    NAME_SHOWN, name, cut, failure->number);
}

/* The option whose file a failure is about, or "". */
static const char *
option_of(const struct failure *failure)
{
	static const char *const options[] = { "-i ", "-o ", "-e " };

	switch (failure->problem) {
	case FILE_NOT_OPENED:
		return options[failure->number];
	case PIDFILE_NOT_OPENED:
	case PIDFILE_NOT_WRITTEN:
		return "-p ";
	default:
		return "";
	}
}

/* A file or a call failed, for a reason that an errno tells, or a text. */
static void
explain_thing(const struct failure *failure)
{
	const char *thing = failure->thing;

	message("%s%.*s%s: %s", option_of(failure), NAME_SHOWN,
	    *thing != '\0' ? thing : "''",
	    strlen(thing) > NAME_SHOWN ? "..." : "",
	    failure->reason != NULL ? failure->reason
				    : error_text(failure->error));
}

int
words_explain(const struct attempt *attempt)
{
	const struct failure *failure = &attempt->failure;

	switch (failure->problem) {
	case PROCESS_ONE:
		message("process 1: no job outlives it (-w stays until the job "
			"ends)");
		break;
	case KEEP_NOT_OPEN:
		message("-k %d: is not open", failure->number);
		break;
	case ARGUMENT_CLOSED:
		message("%.*s%s: would be closed in the job (-k %d keeps it)",
		    NAME_SHOWN, failure->thing,
		    strlen(failure->thing) > NAME_SHOWN ? "..." : "",
		    failure->number);
		break;
	case DEFAULT_NOT_OPENED:
		explain_default(&attempt->streams.default_file);
		break;
	case PIDFILE_NO_STDOUT:
		message("-p -: standard output is closed");
		break;
	case COMMAND_NOT_RUN:
		explain_command(attempt);
		break;
	case KILLED:
		explain_death(failure);
		break;
	case PID_NOT_PRINTED:
		message("-p - for PID %ld: %s", (long)attempt->pid,
		    error_text(failure->error));
		break;
	case NO_WAIT:
		message("wait for PID %ld: %s", (long)attempt->pid,
		    error_text(failure->error));
		break;
	default:
		explain_thing(failure);
	}
	return 0;
}
