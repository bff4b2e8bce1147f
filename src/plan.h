/*
 * plan.h: what a command line asks for, and what each name promises. A command
 * line becomes a plan, a plan becomes a job, an outcome becomes an exit status.
 */
#ifndef PLAN_H
#define PLAN_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

enum {
	STATUS_FAILED = 125, /* the launcher itself failed */
	STATUS_CANNOT_RUN = 126, /* the command was found, but cannot run */
	STATUS_NOT_FOUND = 127, /* the command was not found */
	STATUS_SIGNAL = 128, /* plus N: the job was killed by signal N */
};

/* What an inherited descriptor is; the kinds are bits, to make sets. */
enum kind {
	CLOSED = 1,
	REGULAR = 2,
	NAMELESS = 4, /* a regular file that has no link any more */
	DEVICE = 8, /* one that is no terminal */
	TERMINAL = 16,
	HUNG_UP = 32, /* what is left of a terminal */
	OTHER = 64, /* pipe, socket, and whatever else there is */
	ANY = 127
};

/* What the job is protected from. */
enum protection {
	FROM_NOTHING,
	FROM_HANGUP, /* SIGHUP is ignored */
	/*
	 * From all signals and descriptors of the caller, and from being half
	 * started: what can be checked is checked before a file is created.
	 */
	FROM_CALLER
};

/* Whose failure it is. */
enum blame {
	LAUNCHER, /* before there was a child */
	CHILD, /* on its way to the exec */
	CANNOT_RUN, /* the command was found, but cannot run */
	NOT_FOUND, /* the command was not found */
	BLAMES
};

/* What a name promises, whatever its options are. */
struct rules {
	unsigned replace[3]; /* sets of kinds: not to be inherited as 0-2 */
	int null_flags; /* O_WRONLY: reading the /dev/null on 0 fails */
	bool join; /* a replaced stderr goes where stdout goes, always */
	bool follow; /* a default file may be a link, if its place is safe */
	enum protection protect;
	int status[BLAMES]; /* exit statuses of failures */
};

/* What a launch wants. Filled by a parser, constant for everyone else. */
struct launch_plan {
	const struct rules *rules;
	char *const *argv; /* the command and its arguments */
	const char *file[3]; /* for descriptors 0-2: NULL, "-" or a path */
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
};

/* What a rescue wants. */
struct rescue_plan {
	pid_t *pids; /* as the user named them */
	size_t count; /* 0: no rescue is asked for */
	const char *output; /* a path, or NULL for the default file */
	bool quiet; /* no message on success */
};

/* What a command line asks for: one of the two. */
struct plan {
	struct launch_plan launch;
	struct rescue_plan rescue;
};

#endif
