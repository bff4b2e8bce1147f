/*
 * attempt.h: what one launch carries with it. Each step fills its own part,
 * from top to bottom, and reads only what earlier steps have filled.
 */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include <limits.h>
#include <signal.h>

#include "launch/pidfile.h"
#include "launch/streams.h"
#include "plan.h"

/*
 * What went wrong. Beside each stands what "thing", "number" and "reason" of
 * the failure are, where they are used. Each name has its own words for these.
 */
enum problem {
	NO_PROBLEM,
	PROCESS_ONE, /* nothing outlives it */
	KEEP_NOT_OPEN, /* number: the descriptor to keep */
	ARGUMENT_CLOSED, /* thing: the argument; number: its descriptor */
	PLACE_NOT_FILLED, /* thing: the path opened on a closed 0, 1 or 2 */
	FILE_NOT_OPENED, /* thing: its path; number: 0, 1 or 2 */
	NULL_NOT_OPENED,
	DEFAULT_NOT_OPENED, /* the streams have the reasons */
	PIDFILE_NO_STDOUT, /* standard output is closed */
	PIDFILE_NOT_OPENED, /* thing: its path; reason */
	SIGNALS_NOT_BLOCKED, /* from here on, thing: the call that failed */
	DESCRIPTORS_NOT_CLOSED,
	NO_PIPE,
	NO_FORK,
	NO_SESSION,
	STREAMS_NOT_SET,
	NO_CONTROLLING_TERMINAL,
	SIGNALS_NOT_SET,
	PIDFILE_NOT_WRITTEN, /* thing: its path */
	NO_EXEC, /* exec failed; command_failed() finds the reason */
	KILLED, /* thing: the command; number: the signal, 0 if not known */
	COMMAND_NOT_RUN, /* thing: the command; reason: see command.c */
	PID_NOT_PRINTED, /* the job runs, but standard output did not take it */
	NO_WAIT, /* the job runs, but cannot be waited for */
};

struct failure {
	enum problem problem;
	enum blame blame;
	int error; /* an errno, or 0 */
	int number;
	const char *thing;
	const char *reason;
};

struct attempt {
	const struct launch_plan *plan;
	const char *path; /* of the command's file */
	struct streams streams; /* the job's 0, 1 and 2 */
	sigset_t mask; /* the caller's signal mask */
	struct pidfile pidfile;
	pid_t pid; /* the job's, 0 while nothing has been started */
	pid_t child; /* that did not become the job; 0 for none */
	bool ended; /* the job was seen to end, */
	int status; /* with this status, as a shell would give it */
	struct failure failure;
	char room[PATH_MAX]; /* for the path */
};

/* Note what went wrong, of the launcher's own making. Return -1, always. */
static inline int
attempt_failed(
    struct attempt *attempt, enum problem problem, const char *thing, int error)
{
	attempt->failure = (struct failure){ .problem = problem,
		.blame = LAUNCHER,
		.error = error,
		.thing = thing };
	return -1;
}

#endif
