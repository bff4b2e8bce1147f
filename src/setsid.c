/*
 * setsid.c owns what is special to the name setsid: its command line and its
 * words. Both are those of util-linux.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "message.h"
#include "options.h"
#include "setsid.h"

static const char help[] =
    "Usage: setsid [OPTION]... COMMAND [ARG]...\n"
    "Run COMMAND in a new session.\n"
    "\n"
    "  -c, --ctty           make stdin's terminal its controlling terminal\n"
    "  -f, --fork           always fork; return when COMMAND runs\n"
    "  -w, --wait           wait for COMMAND and exit with its status\n"
    "  -h, --help           print this and exit\n"
    "  -V, --version        print the version and exit\n"
    "\n"
    "Without -f setsid forks if it leads a process group. See also "
    "detach(1).\n";

/* Write text to standard output and exit. */
static _Noreturn void
print(const char *text)
{
	if (fputs(text, stdout) != EOF && fflush(stdout) != EOF)
		exit(EXIT_SUCCESS);
	fprintf(stderr, "%s: write error: %s\n", program_invocation_short_name,
	    error_text(errno));
	exit(EXIT_FAILURE);
}

static _Noreturn void
try_help(void)
{
	fprintf(stderr, "Try '%s --help' for more information.\n",
	    program_invocation_short_name);
	exit(EXIT_FAILURE);
}

void
setsid_plan(int argc, char *argv[], struct plan *plan)
{
	static const struct option names[] = {
		{ "ctty", no_argument, NULL, 'c' },
		{ "fork", no_argument, NULL, 'f' },
		{ "wait", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	bool fork = false, wait = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+cfwhV", names, NULL)) != -1)
		switch (option) {
		case 'c':
			plan->terminal = true;
			break;
		case 'f':
			fork = true;
			break;
		case 'w':
			wait = true;
			break;
		case 'h':
			print(help);
		case 'V':
			print("setsid from detach " PACKAGE_VERSION "\n");
		default:
			options_refused(argv[optind - 1], names);
			try_help();
		}
	if (optind == argc) {
		fprintf(stderr, "%s: no command specified\n",
		    program_invocation_short_name);
		try_help();
	}
	plan->argv = argv + optind;
	plan->session = true;
	plan->quiet = true;
	/* POSIX: setsid() fails in a process that leads a group. */
	plan->in_place = !fork && getpgrp() != getpid();
	plan->wait = wait && !plan->in_place;
	plan->status[FAILED] = EXIT_FAILURE;
	/* After a fork nobody but a waiter is told how the child fared. */
	if (plan->in_place || plan->wait) {
		plan->status[FAILED_CHILD] = EXIT_FAILURE;
		plan->status[CANNOT_RUN] = STATUS_CANNOT_RUN;
		plan->status[NOT_FOUND] = STATUS_NOT_FOUND;
	}
}

int
setsid_explain(const struct plan *plan, const struct streams *streams,
    const struct outcome *outcome)
{
	const char *name = program_invocation_short_name;

	(void)streams;
	if (outcome->failure == CANNOT_RUN || outcome->failure == NOT_FOUND)
		fprintf(stderr, "%s: failed to execute %s: %s\n", name,
		    plan->argv[0], error_text(outcome->error));
	else
		fprintf(stderr, "%s: %s: %s\n", name, outcome->thing,
		    outcome->reason);
	return ferror(stderr) ? -1 : 0;
}
