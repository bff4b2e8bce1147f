/* replace.c: the terminals of a process that is held become files. */
#ifndef REPLACE_H
#define REPLACE_H

#include "rescue/members.h"

/* Where the processes of a job get their files from. */
struct source {
	const struct rescue_plan *plan;
	struct output *output; /* the job's, opened when it is first needed */
	pid_t user; /* the process whose user a default file is opened as */
};

/*
 * Make a member that is held independent of its terminal: descriptors that are
 * open on the terminal become /dev/null or the job's output, and SIGHUP is
 * ignored. It is REPLACED then; or REFUSED, as it was; or GONE.
 */
void replace_terminals(struct member *member, const struct source *source);

#endif
