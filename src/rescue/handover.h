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
 * Give a process that is held copies of our descriptors, on the same open file
 * descriptions, close-on-exec. At the address are HANDOVER_MEMORY bytes of its
 * memory that may be overwritten. Return 0 and the numbers there, which are then
 * its own to close; or -1 and the reason in *why. Then nothing is open there that
 * was not before, unless another thread has just unmapped that memory.
 */
int handover(struct tracee *tracee, unsigned long address, const int *ours,
    size_t count, long *theirs, const char **why);

/*
 * Have it make a call that must be made, as thread_call(), whatever signals
 * arrive there.
 */
long handover_insist(
    struct tracee *tracee, long number, const unsigned long argument[6]);

/* Have it close a descriptor, if it is one: a negative number is none. */
void handover_close(struct tracee *, long);

#endif
