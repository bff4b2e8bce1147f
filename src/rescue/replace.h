/* replace.c: the terminals of a process that is held become files. */
#ifndef REPLACE_H
#define REPLACE_H

#include <limits.h>

#include "plan.h"
#include "rescue/process.h"
#include "rescue/thread.h"

/* A file that the output of a job goes to. */
struct output {
	char path[PATH_MAX]; /* empty for none */
	dev_t device;
	ino_t inode;
};

/*
 * Make a process that is held independent of its terminal: SIGHUP is ignored
 * unless it has a handler, descriptors that are open on the terminal become
 * /dev/null or the output, which the process opens itself: the first one given
 * if it can, else one of its own, which then is the second. Return 0; or -1,
 * the process as it was, and its outcome filled if it still exists.
 */
int replace_terminals(struct tracee *, const struct process *,
    const struct rescue_plan *, const struct output *, struct output *,
    const char **);

#endif
