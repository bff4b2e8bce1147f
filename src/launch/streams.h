/* streams.c: the three descriptors that the job gets. */
#ifndef STREAMS_H
#define STREAMS_H

#include "launch/pidfile.h"
#include "plan.h"

struct streams {
	/*
	 * What becomes the job's 0, 1 and 2: the number itself where an
	 * inherited one stays, else a close-on-exec descriptor from 3 up.
	 */
	int fd[3];
	struct pidfile pidfile;
	const char *default_file; /* its path, if it was chosen, or NULL */
	const char *refused[2]; /* why it was not to be had here, at home */
	bool input_ignored; /* a regular file on stdin was dropped */
	bool terminal; /* the launcher's own stderr is a terminal */
	char *home_file; /* the one at home, if it was tried */
};

/*
 * Open all that the job needs. What cannot be had is found out before any
 * file is created; and before that all signals are blocked, and the caller's
 * mask is put into the outcome. The descriptors stay open until the launcher
 * ends. Return 0, or -1 and a filled outcome; then the pidfile is as it was.
 */
int streams_open(const struct plan *, struct streams *, struct outcome *);

#endif
