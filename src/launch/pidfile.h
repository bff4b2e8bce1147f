/* pidfile.c: the file, or standard output, that gets the job's PID. */
#ifndef PIDFILE_H
#define PIDFILE_H

#include <stdbool.h>
#include <stddef.h>

struct attempt;

/*
 * A pidfile holds a number. What is longer than this is something else, and
 * as every file system's block is at least as large, putting old content
 * back needs no new block on a full disk.
 */
enum { PIDFILE_SIZE = 512 };

struct pidfile {
	int fd; /* close-on-exec, from 3 up; 0 for none */
	const char *path; /* NULL for standard output */
	bool created; /* by this launch */
	char old[PIDFILE_SIZE]; /* what it held before */
	size_t length;
};

/*
 * Open the plan's pidfile, if it names one, without changing it. Return 0, or
 * -1 and a failure.
 */
int pidfile_open(struct attempt *);

/*
 * Write the PID of the calling process. Async-signal-safe, for a child after
 * vfork(). Return 0, or -1 with errno.
 */
int pidfile_write(const struct pidfile *);

/*
 * Nothing was started: put the old content back, or remove a new file. One
 * that was not opened is left alone.
 */
void pidfile_undo(const struct pidfile *);

#endif
