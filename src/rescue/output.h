/* output.c: the files that a rescued job gets in place of its terminal. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>

#include "plan.h"

/* Zeros at first: nothing is open. */
struct output {
	int file; /* ours, close-on-exec; valid if there is a path */
	bool used; /* a process has it in place of its terminal */
	char path[PATH_MAX]; /* of the file; empty while there is none */
	const char *why; /* the reason, if it cannot be opened */
};

/*
 * Open the output of a job, once: the file that the plan names, as ourselves;
 * or the default file, here or in the home directory, as the user of that
 * process. Return 0; or -1 and the reason, also when it is asked again. The
 * descriptor stays open until detach exits.
 */
int output_open(
    struct output *output, const struct rescue_plan *plan, pid_t process);

/*
 * The /dev/null that all jobs share. The first call also opens those of our own
 * descriptors from 0 to 2 that are closed. Return ours, close-on-exec, which
 * stays open until detach exits, or -1 with errno.
 */
int output_null(void);

#endif
