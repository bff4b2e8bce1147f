/* pipes.c: where the pipes of rescued jobs lead. */
#ifndef PIPES_H
#define PIPES_H

#include <sys/types.h>

#include "rescue/members.h"

/* A pipe that will break. */
struct broken_pipe {
	pid_t member; /* who was rescued */
	pid_t other; /* and who was not, at the other end */
};

/*
 * List the pipes between one that was rescued with these jobs, so many, and
 * another of their sessions that ends with its terminal; unless the other end is
 * also somebody else's, who stays. What may not be looked at is left out. Return
 * how many, or -1 with errno; the list is the caller's to free.
 */
ssize_t pipes_broken(const struct job *, size_t, struct broken_pipe **);

#endif
