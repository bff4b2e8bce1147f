/*
 * words.c owns what detach says of a launch: where the output of its job is, or
 * why there is no job. (What it says of a command line is in options.c.)
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "launch/attempt.h"
#include "message.h"
#include "words.h"

/* A name longer than this is shortened, so that the reason finds room. */
enum { NAME_SHOWN = 900 };

void
words_started(const struct attempt *attempt)
{
	const struct streams *streams = &attempt->streams;
	const char *file = streams->default_file.path;
	const char *ignored = streams->input_ignored ? ", input ignored" : "";
	const long pid = (long)attempt->pid;
	char directory[PATH_MAX];

	if (file == NULL) {
		if ((streams->kind[2] & (TERMINAL | HUNG_UP)) != 0 ||
		    streams->input_ignored)
			message("PID %ld%s", pid, ignored);
		return;
	}
	/* Where the working directory has no name, the file's own must do. */
	if (*file == '/' || getcwd(directory, sizeof(directory)) == NULL)
		directory[0] = '\0';
	message("PID %ld, output in '%s%s%s'%s", pid, directory,
	    directory[0] == '\0' || directory[1] == '\0' ? "" : "/", file,
	    ignored);
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
	if (file->home == NULL)
		message("nohup.out: %s; HOME is not set", file->why_not_here);
	else
		message("nohup.out: %s; %s: %s", file->why_not_here, file->home,
		    file->why_not_home);
}

/* The command, which may have a long name, cannot run. */
static void
explain_command(const struct failure *failure)
{
	const char *name = failure->thing, *hint = "";
	const char *cut = strlen(name) > NAME_SHOWN ? "..." : "";
	const char *error = error_text(failure->error);

	if (*name == '\0')
		name = "''";
	if (failure->reason == NULL) {
		if (failure->error == ENOENT && strpbrk(name, " \t\n|") != NULL)
			hint = " (a shell command line needs sh -c)";
		message("%.*s%s: %s%s", NAME_SHOWN, name, cut, error, hint);
	} else if (*failure->reason == '\0')
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
		message("%.*s%s: its start failed, it could not say why",
		    NAME_SHOWN, name, cut);
	else
		message("%.*s%s: killed by signal %d before its exec",
		    NAME_SHOWN, name, cut, failure->number);
}

/* The thing of a failure that has no words but its errno's. */
static const char *
thing_of(const struct attempt *attempt)
{
	const char *pidfile = attempt->plan->pidfile;

	switch (attempt->failure.problem) {
	case DESCRIPTORS_NOT_CLOSED:
		return "/proc/self/fd";
	case NO_PIPE:
		return "pipe";
	case NO_FORK:
		return "fork";
	case NO_SESSION:
		return "setsid";
	case STREAMS_NOT_SET:
		return "dup2";
	case SIGNALS_NOT_BLOCKED:
	case SIGNALS_NOT_SET:
		return "signals";
	case PIDFILE_NOT_WRITTEN:
		return strcmp(pidfile, "-") == 0 ? "standard output" : pidfile;
	default:
		return attempt->failure.thing;
	}
}

/* A file or a call failed, for a reason that an errno tells, or a text. */
static void
explain_thing(const struct attempt *attempt)
{
	const struct failure *failure = &attempt->failure;
	const char *thing = thing_of(attempt);

	message("%.*s%s: %s", NAME_SHOWN, *thing != '\0' ? thing : "''",
	    strlen(thing) > NAME_SHOWN ? "..." : "",
	    failure->reason != NULL ? failure->reason
				    : error_text(failure->error));
}

int
words_explain(const struct attempt *attempt)
{
	const struct failure *failure = &attempt->failure;

	switch (failure->problem) {
	case KEEP_NOT_OPEN:
		message("-k: descriptor %d: %s", failure->number,
		    error_text(failure->error));
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
		explain_command(failure);
		break;
	case KILLED:
		explain_death(failure);
		break;
	case NO_WAIT:
		message("wait for PID %ld: %s", (long)attempt->pid,
		    error_text(failure->error));
		break;
	default:
		explain_thing(attempt);
	}
	return 0;
}
