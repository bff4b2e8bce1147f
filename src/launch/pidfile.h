/* pidfile.c: the file, or standard output, that gets the job's PID. */
#ifndef PIDFILE_H
#define PIDFILE_H

#include "plan.h"

/*
 * A pidfile holds a number. What is longer than this is something else, and
 * as every file system's block is at least as large, putting old content
 * back needs no new block on a full disk.
 */
enum { PIDFILE_SIZE = 512 };

struct pidfile {
	int fd; /* close-on-exec, or -1 for none */
	const char *path; /* NULL for standard output */
	bool created; /* by this launch */
	char old[PIDFILE_SIZE]; /* what it held before */
	size_t length;
};

/*
 * Open the plan's pidfile, without changing it. Return 0, or -1 and a filled
 * outcome.
 */
int pidfile_open(const struct plan *, struct pidfile *, struct outcome *);

/*
 * Write the PID of the calling process. Async-signal-safe, for a child after
 * vfork(). Return 0, or -1 with errno.
 */
int pidfile_write(const struct pidfile *);

/* Nothing was started: put the old content back, or remove a new file. */
void pidfile_undo(const struct pidfile *);

#endif
