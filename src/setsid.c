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
#include "launch/attempt.h"
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

static const struct option names[] = {
	{ "ctty", no_argument, NULL, 'c' },
	{ "fork", no_argument, NULL, 'f' },
	{ "wait", no_argument, NULL, 'w' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* util-linux: what fails is 1. */
static const struct rules told = {
	.status = { [LAUNCHER] = EXIT_FAILURE,
	    [CHILD] = EXIT_FAILURE,
	    [CANNOT_RUN] = STATUS_CANNOT_RUN,
	    [NOT_FOUND] = STATUS_NOT_FOUND },
};

/* After a fork nobody but a waiter is told how the child fared. */
static const struct rules untold = {
	.status = { [LAUNCHER] = EXIT_FAILURE },
};

void
setsid_parse(int argc, char *argv[], struct plan *plan)
{
	struct launch_plan *launch = &plan->launch;
	const char *program = program_invocation_short_name;
	bool fork = false, wait = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+cfwhV", names, NULL)) != -1)
		switch (option) {
		case 'c':
			launch->terminal = true;
			break;
		case 'f':
			fork = true;
			break;
		case 'w':
			wait = true;
			break;
		case 'h':
			gnu_print(program, help, EXIT_FAILURE, true);
		case 'V':
			gnu_print(program,
			    "setsid from detach " PACKAGE_VERSION "\n",
			    EXIT_FAILURE, true);
		default:
			gnu_refused(
			    program_invocation_name, argv[optind - 1], names);
			gnu_try_help(program, EXIT_FAILURE);
		}
	if (optind == argc) {
		fprintf(stderr, "%s: no command specified\n", program);
		gnu_try_help(program, EXIT_FAILURE);
	}
	launch->argv = argv + optind;
	launch->session = true;
	launch->quiet = true;
	/* POSIX: setsid() fails in a process that leads a group. */
	launch->in_place = !fork && getpgrp() != getpid();
	launch->wait = wait && !launch->in_place;
	launch->rules = launch->in_place || launch->wait ? &told : &untold;
}

int
setsid_explain(const struct attempt *attempt)
{
	const struct failure *failure = &attempt->failure;
	const char *error = error_text(failure->error);

	fprintf(stderr, "%s: ", program_invocation_short_name);
	switch (failure->problem) {
	case COMMAND_NOT_RUN:
		fprintf(stderr, "failed to execute %s: %s\n", failure->thing,
		    error);
		break;
	case KILLED:
		fprintf(stderr, "%s: killed by signal %d before its exec\n",
		    failure->thing, failure->number);
		break;
	case NO_WAIT:
		fprintf(stderr, "wait: %s\n", error);
		break;
	case NO_CONTROLLING_TERMINAL:
		fprintf(stderr, "failed to set the controlling terminal: %s\n",
		    error);
		break;
	default:
		fprintf(stderr, "%s: %s\n", failure->thing, error);
	}
	return ferror(stderr) ? -1 : 0;
}
