/* handover.c: descriptors of ours cross to a process that is held. */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stddef.h>

#include "rescue/thread.h"

enum {
	HANDOVER_MOST = 2, /* descriptors at a time */
	HANDOVER_MEMORY = 512, /* bytes of the process that are needed */
};

/*
 * Give a process that is held copies of these descriptors of ours, as open as
 * ours are and close-on-exec, by means of memory of its own at that address.
 * Return 0 and their numbers there, which are then its own to close; or -1,
 * nothing of it open that was not before, and the reason in *why.
 */
int handover(struct tracee *, unsigned long, const int *ours, size_t count,
    long *theirs, const char **why);

/* Have it close a descriptor, if it is one: a negative number is none. */
void handover_close(struct tracee *, long);

#endif
