/* search.c: who belongs to a job. */
#ifndef SEARCH_H
#define SEARCH_H

#include "rescue/members.h"

/*
 * List the processes of the job that may not be known yet, and some that are.
 * Return how many. The caller frees the list.
 */
size_t search_members(struct job *job, struct process **list);

/* Is a process with this PID in the list? */
bool search_is_listed(const struct process *list, size_t count, pid_t pid);

#endif
