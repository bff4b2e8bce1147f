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

#include "gnu.h"
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

void
nohup_plan(int argc, char *argv[], struct plan *plan)
{
	static const struct option names[] = {
		{ "help", no_argument, NULL, SHOW_HELP },
		{ "version", no_argument, NULL, SHOW_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	static char buffer[BUFSIZ];
	int failed = getenv("POSIXLY_CORRECT") != NULL ? STATUS_NOT_FOUND
						       : STATUS_FAILED;
	int n;

	/* A line is one write: others may write to the same terminal. */
	setvbuf(stderr, buffer, _IOFBF, sizeof(buffer));
	opterr = 0;
	switch (getopt_long(argc, argv, "+", names, NULL)) {
	case -1:
		break;
	case SHOW_HELP:
		gnu_print(program_invocation_name, help, failed);
	case SHOW_VERSION:
		gnu_print(program_invocation_name,
		    "nohup (detach) " PACKAGE_VERSION "\n", failed);
	default:
		gnu_refused(program_invocation_name, argv[optind - 1], names);
		gnu_try_help(program_invocation_name, failed);
	}
	if (optind == argc) {
		begin();
		fputs("missing operand\n", stderr);
		gnu_try_help(program_invocation_name, failed);
	}
	plan->argv = argv + optind;
	for (n = 0; n < 3; n++)
		plan->replace[n] = TERMINAL;
	/* A job that reads its terminal is told by an error, not by an end. */
	plan->null_flags = O_WRONLY;
	plan->join = true;
	plan->follow = true;
	plan->protect = FROM_HANGUP;
	plan->in_place = true;
	plan->quiet = true;
	plan->status[FAILED] = plan->status[FAILED_CHILD] = failed;
	plan->status[CANNOT_RUN] = STATUS_CANNOT_RUN;
	plan->status[NOT_FOUND] = STATUS_NOT_FOUND;
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
nohup_announce(const struct streams *streams)
{
	const bool input = streams->fd[0] != 0;
	const char *ignoring = input ? "ignoring input and " : "";

	if (streams->default_file != NULL) {
		begin();
		fprintf(stderr, "%sappending output to ", ignoring);
		quote(streams->default_file);
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

/* Neither place can have a default file. */
static void
explain_default(const struct streams *streams)
{
	int i;

	for (i = 0; i < 2 && streams->refused[i] != NULL; i++) {
		begin();
		fputs("failed to open ", stderr);
		quote(i == 0 ? "nohup.out" : streams->home_file);
		fprintf(stderr, ": %s\n", streams->refused[i]);
	}
}

int
nohup_explain(const struct plan *plan, const struct streams *streams,
    const struct outcome *outcome)
{
	if (outcome->failure == CANNOT_RUN || outcome->failure == NOT_FOUND) {
		begin();
		fputs("failed to run command ", stderr);
		quote(plan->argv[0]);
		fprintf(stderr, ": %s\n", error_text(outcome->error));
	} else if (strcmp(outcome->thing, "nohup.out") == 0)
		explain_default(streams);
	else {
		begin();
		fprintf(stderr, "%s: %s\n",
		    strcmp(outcome->thing, "/dev/null") == 0
			? "failed to render standard input unusable"
			: outcome->thing,
		    outcome->reason);
	}
	/* What was closed from the start has not failed. */
	return end() == -1 && errno != EBADF ? -1 : 0;
}
