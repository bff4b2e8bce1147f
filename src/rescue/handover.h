/* handover.c: descriptors of ours cross to a process that is held. */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stddef.h>

#include "rescue/thread.h"

enum {
	HANDOVER_MOST = 2, /* descriptors at a time */
	HANDOVER_SOCKETS = 2, /* which the process needs for that */
	HANDOVER_MEMORY = 512, /* bytes of the process that are needed */
};

/*
 * Give a process that is held copies of our descriptors, on the same open file
 * descriptions, close-on-exec. At the address are HANDOVER_MEMORY bytes of its
 * memory that may be overwritten. Return 0; or -1 and the reason in *why.
 *
 * In either case the caller has it close what it has got: HANDOVER_SOCKETS
 * numbers, and then one for each of ours; -1 for those that it has not.
 */
int handover(struct tracee *tracee, unsigned long address, const int *ours,
    size_t count, long *theirs, const char **why);

/*
 * Have it make a call that must be made, as thread_call(), whatever signals
 * arrive there.
 */
long handover_insist(
    struct tracee *tracee, long number, const unsigned long argument[6]);

/* Have it close descriptors. A negative number is none. */
void handover_close(struct tracee *tracee, const long *fds, size_t count);

#endif
