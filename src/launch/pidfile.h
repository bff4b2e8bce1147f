/* pidfile.c: the file, or standard output, that gets the job's PID. */
#ifndef PIDFILE_H
#define PIDFILE_H

#include <stdbool.h>
#include <stddef.h>

struct attempt;

/* A pidfile holds a number and white space. What is longer is no pidfile. */
enum { PIDFILE_SIZE = 64 };

/* Where the PID goes, and when. */
enum pidfile_state {
	PIDFILE_NONE,
	PIDFILE_NAMED, /* a file that the user named: before the exec */
	PIDFILE_BEFORE, /* stdout, a device: before the exec */
	PIDFILE_AFTER /* any other stdout: after the exec */
};

struct pidfile {
	enum pidfile_state state;
	int fd; /* close-on-exec, from 3 up; 0 for none */
	const char *path; /* of a named one */
	bool created; /* by this launch */
	char old[PIDFILE_SIZE]; /* what a named one held before */
	size_t length;
};

/*
 * Open the plan's pidfile, if it names one, without changing it; see whether
 * standard output, if that is meant, has room. A named one is locked against
 * other launches until it is closed. Return 0, or -1 and a failure.
 */
int pidfile_open(struct attempt *);

/*
 * For the job, before its exec: write the PID of the calling process, unless it
 * is to be printed after that. Async-signal-safe, for a child after vfork().
 * Return 0, or -1 with errno.
 */
int pidfile_write(const struct pidfile *);

/*
 * For the launcher, after the exec: print the job's PID if that is still to be
 * done, and let other launches have the file. Return 0, or -1 and a failure.
 */
int pidfile_finish(struct attempt *);

/*
 * Nothing was started: put the old content back, or remove a new file, unless
 * somebody else has written there; and let other launches have it. One that was
 * not opened is left alone.
 */
void pidfile_undo(const struct attempt *);

#endif
