/* streams.c: the three descriptors that the job gets. */
#ifndef STREAMS_H
#define STREAMS_H

#include <stdbool.h>

#include "plan.h"

struct attempt;

/* The file that output goes to if nobody chose one. */
struct default_file {
	const char *path; /* the one that was opened, or NULL */
	const char *why_not_here; /* why the one here was not used, or NULL */
	const char *home; /* the path of the other one, or NULL: no HOME */
	const char *why_not_home; /* why that was not opened either, or NULL */
};

struct streams {
	enum kind kind[3]; /* what the launcher's own 0, 1 and 2 are */
	bool
	    input_ignored; /* a file, or bytes in a pipe, on stdin are dropped */
	/*
	 * What becomes the job's 0, 1 and 2: the number itself where an
	 * inherited one stays, else a close-on-exec descriptor from 3 up.
	 */
	int fd[3];
	struct default_file default_file;
};

/*
 * Each of these returns 0, or -1 and a failure. The descriptors stay open until
 * the launcher ends.
 */

/*
 * Find out what 0, 1 and 2 are, and fill those that are closed: no file that is
 * opened later can land there.
 */
int streams_inspect(struct attempt *);

/*
 * Open all that can be opened without creating anything. What cannot be had is
 * found out here, before any file is created.
 */
int streams_open(struct attempt *);

/* Create and open the rest. All signals must be blocked. */
int streams_create(struct attempt *);

#endif
