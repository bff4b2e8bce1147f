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

/* What there is to know of a process of which that was tried. */
struct replaced {
	const char *why; /* it failed; good until detach exits */
	bool was_tied; /* the end of its terminal would have concerned it */
	bool has_pipes; /* it may have some */
};

/*
 * Make a process that is held independent of its terminal: descriptors that are
 * open on the terminal become /dev/null or the job's output, and SIGHUP is
 * ignored. Return 0; or -1, with the process as it was.
 */
int replace_terminals(struct tracee *tracee, const struct process *process,
    const struct source *source, struct replaced *replaced);

#endif
