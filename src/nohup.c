/*
 * nohup.c owns what is special to the name nohup: its command line and its
 * words. Both are those of GNU coreutils, which has all that POSIX demands.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "gnu.h"
#include "launch/attempt.h"
#include "message.h"
#include "nohup.h"

enum { SHOW_HELP = 256, SHOW_VERSION };

static const char help[] =
    "Usage: nohup COMMAND [ARG]...\n"
    "  or:  nohup OPTION\n"
    "Run COMMAND with SIGHUP ignored. A terminal on stdin is replaced by one\n"
    "that cannot be read, a terminal on stdout by nohup.out (or else\n"
    "$HOME/nohup.out), which is appended to, a terminal on stderr by stdout.\n"
    "\n"
    "      --help           print this and exit\n"
    "      --version        print the version and exit\n"
    "\n"
    "Status: 125 nohup failed (127 under POSIXLY_CORRECT), 126 COMMAND cannot\n"
    "run, 127 not found; otherwise COMMAND's own. See also detach(1).\n";

/* The name that GNU's messages begin with is the whole of argv[0]. */
static void
begin(void)
{
	fprintf(stderr, "%s: ", program_invocation_name);
}

/* Write the lines out. Return 0, or -1 with errno if they cannot be. */
static int
end(void)
{
	return fflush(stderr) == EOF ? -1 : 0;
}

/*
 * What nohup promises. A job that reads its terminal is told by an error, not
 * by an end of file. FAILED is the status of nohup's own failures.
 */
#define RULES(FAILED)                                                          \
	{                                                                      \
		.replace = { TERMINAL, TERMINAL, TERMINAL },                   \
		.null_flags = O_WRONLY, .join = true, .follow = true,          \
		.protect = FROM_HANGUP,                                        \
		.status = { [LAUNCHER] = (FAILED),                             \
			[CHILD] = (FAILED),                                    \
			[CANNOT_RUN] = STATUS_CANNOT_RUN,                      \
			[NOT_FOUND] = STATUS_NOT_FOUND },                      \
	}
static const struct rules gnu_rules = RULES(STATUS_FAILED);
static const struct rules posix_rules = RULES(STATUS_NOT_FOUND);

void
nohup_parse(int argc, char *argv[], struct plan *plan)
{
	static const struct option names[] = {
		{ "help", no_argument, NULL, SHOW_HELP },
		{ "version", no_argument, NULL, SHOW_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	static char buffer[BUFSIZ];
	struct launch_plan *launch = &plan->launch;
	int failed;

	launch->rules =
	    getenv("POSIXLY_CORRECT") != NULL ? &posix_rules : &gnu_rules;
	failed = launch->rules->status[LAUNCHER];
	/* A line is one write: others may write to the same terminal. */
	setvbuf(stderr, buffer, _IOFBF, sizeof(buffer));
	opterr = 0;
	switch (getopt_long(argc, argv, "+", names, NULL)) {
	case -1:
		break;
	case SHOW_HELP:
		gnu_print(program_invocation_name, help, failed, false);
	case SHOW_VERSION:
		gnu_print(program_invocation_name,
		    "nohup (detach) " PACKAGE_VERSION "\n", failed, false);
	default:
		gnu_refused(program_invocation_name, argv[optind - 1], names);
		gnu_try_help(program_invocation_name, failed);
	}
	if (optind == argc) {
		begin();
		fputs("missing operand\n", stderr);
		gnu_try_help(program_invocation_name, failed);
	}
	launch->argv = argv + optind;
	launch->in_place = true;
}

/*
 * Write a word so that a shell reads it as one and a terminal is not confused
 * by it, as GNU tools do: 'a b', "it's", 'a'$'\n''b'.
 */
static void
quote(const char *word)
{
	static const char named[] = "\aa\bb\tt\nn\vv\ff\rr";
	static const char plain[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "%+,-./:@]_ '";
	const char *at = word + (*word == '#' || *word == '~'), *found;
	bool escaped = false;

	if (strchr(word, '\'') != NULL && at[strspn(at, plain)] == '\0') {
		fprintf(stderr, "\"%s\"", word);
		return;
	}
	fputc('\'', stderr);
	for (at = word; *at != '\0'; at++) {
		if (*at >= ' ' && *at <= '~') {
			fputs(escaped && *at != '\'' ? "''" : "", stderr);
			fputs(*at == '\'' ? "'\\'" : "", stderr);
			fputc(*at, stderr);
			escaped = false;
			continue;
		}
		fputs(escaped ? "" : "'$'", stderr);
		for (found = named; *found != '\0' && *found != *at; found += 2)
			;
		if (*found != '\0')
			fprintf(stderr, "\\%c", found[1]);
		else
			fprintf(stderr, "\\%03o", (unsigned)(*at & 0xff));
		escaped = true;
	}
	fputc('\'', stderr);
}

int
nohup_announce(const struct attempt *attempt)
{
	const struct streams *streams = &attempt->streams;
	const bool input = streams->fd[0] != 0;
	const char *ignoring = input ? "ignoring input and " : "";

	if (streams->default_file.path != NULL) {
		begin();
		fprintf(stderr, "%sappending output to ", ignoring);
		quote(streams->default_file.path);
		fputc('\n', stderr);
	}
	if (streams->fd[2] != 2 && streams->fd[1] == 1) {
		begin();
		fprintf(stderr, "%sredirecting stderr to stdout\n", ignoring);
	}
	if (input && streams->fd[1] == 1 && streams->fd[2] == 2) {
		begin();
		fputs("ignoring input\n", stderr);
	}
	return end();
}

/* A file for output cannot be opened. */
static void
explain_file(const char *path, const char *why)
{
	begin();
	fputs("failed to open ", stderr);
	quote(path);
	fprintf(stderr, ": %s\n", why);
}

int
nohup_explain(const struct attempt *attempt)
{
	const struct default_file *file = &attempt->streams.default_file;
	const struct failure *failure = &attempt->failure;
	const char *error = error_text(failure->error);

	switch (failure->problem) {
	case DEFAULT_NOT_OPENED:
		explain_file(FILES_DEFAULT, file->why_not_here);
		if (file->home != NULL)
			explain_file(file->home, file->why_not_home);
		/* GNU: an empty HOME is the working directory, once more. */
		else if (getenv("HOME") != NULL)
			explain_file(FILES_DEFAULT, file->why_not_here);
		break;
	case COMMAND_NOT_RUN:
		begin();
		fputs("failed to run command ", stderr);
		quote(failure->thing);
		fprintf(stderr, ": %s\n", error);
		break;
	case NULL_NOT_OPENED:
		begin();
		fprintf(stderr,
		    "failed to render standard input unusable: %s\n", error);
		break;
	default:
		begin();
		fprintf(stderr, "%s: %s\n", failure->thing, error);
	}
	/* A stderr that was closed from the start has not failed. */
	return end() == -1 && attempt->streams.kind[2] != CLOSED ? -1 : 0;
}
