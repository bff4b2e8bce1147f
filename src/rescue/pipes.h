/* pipes.c: where the pipes of rescued jobs lead. */
#ifndef PIPES_H
#define PIPES_H

#include <sys/types.h>

#include "rescue/members.h"

/* A pipe that breaks when the terminal goes away. */
struct broken_pipe {
	pid_t member; /* a rescued process at one end */
	pid_t other; /* a process at the other end that is lost */
};

/*
 * List the pipes from a rescued process to another process of its session that
 * was not rescued and ends with the terminal. A pipe does not break if that end
 * is also open in a process that stays. Ends that may not be seen are left out.
 * Return how many, or -1 with errno. The caller frees the list.
 */
ssize_t pipes_broken(const struct jobs *jobs, struct broken_pipe **list);

#endif
