/* replace.c: the terminals of a process that is held become files. */
#ifndef REPLACE_H
#define REPLACE_H

#include "rescue/output.h"
#include "rescue/process.h"
#include "rescue/thread.h"

/* Where the processes of a job get their files from. */
struct source {
	const struct rescue_plan *plan;
	struct output *output; /* the job's, opened when it is first needed */
	pid_t user; /* the process whose user a default file is opened as */
};

/*
 * Make a process that is held independent of its terminal: descriptors that are
 * open on the terminal become /dev/null or the job's output, and SIGHUP is
 * ignored. Return 1 if the end of its terminal would have concerned it, else 0;
 * or -1, the process as it was, and the reason in *why, good until detach exits,
 * if the process still exists.
 */
int replace_terminals(struct tracee *tracee, const struct process *process,
    const struct source *source, const char **why);

#endif
