/*
 * The types that the parts of detach hand to each other, and nothing else.
 * A command line becomes a plan, a plan becomes a job, an outcome becomes an
 * exit status.
 */
#ifndef PLAN_H
#define PLAN_H

#include <sys/types.h>

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	STATUS_FAILED = 125, /* detach itself failed */
	STATUS_CANNOT_RUN = 126, /* the command was found, but cannot run */
	STATUS_NOT_FOUND = 127, /* the command was not found */
	STATUS_SIGNAL = 128, /* plus N: the job was killed by signal N */
};

/* What the user wants. Filled by a parser, constant for everyone else. */
struct plan {
	char *const *argv; /* the command and its arguments */
	const char *file[3]; /* for descriptors 0-2: NULL, "-" or a path */
	const char *pidfile; /* NULL, "-" for standard output, or a path */
	int *keep; /* descriptors from 3 up to leave open */
	size_t nkeep;
	bool quiet; /* no message on success */
	bool wait; /* stay until the job ends */
	bool alive; /* stay for alive_ns, to see it live */
	long long alive_ns; /* nanoseconds */
};

/*
 * What came of it: the job's PID, or why there is none. The line that says
 * why is "thing: reason", both good until the launcher ends.
 */
struct outcome {
	pid_t pid; /* the job, 0 when nothing was started */
	sigset_t mask; /* the caller's signal mask, for a waiter */
	int status; /* one of STATUS_ when nothing was started */
	const char *thing;
	const char *reason;
};

#endif
