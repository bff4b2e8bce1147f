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
	STATUS_FAILED = 125, /* the launcher itself failed */
	STATUS_CANNOT_RUN = 126, /* the command was found, but cannot run */
	STATUS_NOT_FOUND = 127, /* the command was not found */
	STATUS_SIGNAL = 128, /* plus N: the job was killed by signal N */
};

/* Why nothing was started, or its start could not be seen through. */
enum failure {
	FAILED = 1, /* before there was a child */
	FAILED_CHILD, /* on the way to the exec */
	CANNOT_RUN,
	NOT_FOUND,
	FAILURES
};

/* What an inherited descriptor is, as far as it matters; bits of a set. */
enum kind {
	CLOSED = 1,
	REGULAR = 2,
	NAMELESS = 4, /* a regular file that has no link any more */
	DEVICE = 8, /* one that is no terminal */
	TERMINAL = 16,
	HUNG_UP = 32, /* what is left of a terminal */
	OTHER = 64, /* pipe, socket, and what may come */
	ANY = 127
};

/* What the job is kept from. */
enum protection {
	FROM_NOTHING,
	FROM_HANGUP, /* SIGHUP is ignored */
	/*
	 * Also from all other signals and from descriptors of the caller, and
	 * from being half started: what can be checked is, before a file is
	 * created.
	 */
	FROM_CALLER
};

/* What the user wants. Filled by a parser, constant for everyone else. */
struct plan {
	char *const *argv; /* the command and its arguments */
	const char *file[3]; /* for descriptors 0-2: NULL, "-" or a path */
	unsigned replace[3]; /* sets of kinds: not to be inherited as 0-2 */
	int null_flags; /* O_WRONLY: reading the /dev/null on 0 fails */
	bool join; /* a replaced stderr goes where stdout goes, always */
	bool follow; /* a default file may be a link, if its place is safe */
	enum protection protect;
	bool in_place; /* the launcher itself becomes the job */
	bool session; /* a new session, and in it */
	bool terminal; /* ... stdin's terminal as the controlling one */
	const char *pidfile; /* NULL, "-" for standard output, or a path */
	int *keep; /* descriptors from 3 up to leave open */
	size_t nkeep;
	bool quiet; /* no message on success */
	bool wait; /* stay until the job ends */
	bool alive; /* stay for alive_ns, to see it live */
	long long alive_ns; /* nanoseconds */
	int status[FAILURES]; /* exit statuses */
	pid_t *rescue; /* processes to rescue, in place of a command */
	size_t nrescue;
};

/*
 * What came of it: the job's PID, or why there is none. The line that says
 * why is "thing: reason", both good until the launcher ends.
 */
struct outcome {
	pid_t pid; /* the job, 0 when nothing was started */
	sigset_t mask; /* the caller's signal mask, for a waiter */
	enum failure failure; /* 0 when all went well */
	int error; /* errno, or 0; of CANNOT_RUN and NOT_FOUND always */
	const char *thing;
	const char *reason;
};

#endif
