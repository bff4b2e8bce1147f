/* signals.c: masks and dispositions of this process, up to the last number. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>

/*
 * All of these return 0, or -1 with errno, and are async-signal-safe, for a
 * child after vfork(). Sets hold all of the kernel's signals: what the C
 * library keeps for itself is in them.
 */

/* Block all signals. The old mask goes to the set. */
int signals_block_all(sigset_t *);

/* The mask of this process. */
int signals_mask(sigset_t *);

/* Make this the mask. */
int signals_set_mask(const sigset_t *);

/* Ignore one; not one that the C library keeps for itself. */
int signals_ignore(int);

/* Give one its default action; not one that the C library keeps. */
int signals_default(int);

/* Give all their default actions. */
int signals_default_all(void);

/* Throw away all that are pending. All must be blocked. */
int signals_discard_pending(void);

#endif
