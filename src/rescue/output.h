/* output.c: the files that a rescued job gets in place of its terminal. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>

#include "plan.h"

/* Zeros at first: nothing is open. */
struct output {
	enum { UNTRIED, OPEN, FAILED } state;
	int file; /* ours, close-on-exec; valid if OPEN */
	bool used; /* a process has it in place of its terminal */
	char path[PATH_MAX]; /* of the file; empty while there is none */
	const char *why; /* the reason, if FAILED */
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
 * The /dev/null that all jobs share. Return our descriptor, close-on-exec, which
 * stays open until detach exits, or -1 with errno.
 */
int output_null(void);

#endif
