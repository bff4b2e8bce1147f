/*
 * setsid.c owns what is special to the name setsid: its command line and its
 * words. Both are those of util-linux.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gnu.h"
#include "message.h"
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
	const char *program = program_invocation_short_name;
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
			gnu_print(program, help, EXIT_FAILURE);
		case 'V':
			gnu_print(program,
			    "setsid from detach " PACKAGE_VERSION "\n",
			    EXIT_FAILURE);
		default:
			gnu_refused(
			    program_invocation_name, argv[optind - 1], names);
			gnu_try_help(program, EXIT_FAILURE);
		}
	if (optind == argc) {
		fprintf(stderr, "%s: no command specified\n", program);
		gnu_try_help(program, EXIT_FAILURE);
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
