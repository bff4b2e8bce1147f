/* quirks.c: what a stop or a call of ours would disturb in a thread. */
#ifndef QUIRKS_H
#define QUIRKS_H

#include "rescue/tracee.h"

/* Fill in the call that a thread sleeps in. */
void quirks_read_call(pid_t thread, struct sleeping_call *call);

/*
 * Wait until a thread no longer sleeps in exec(), at most so many milliseconds,
 * and fill in the call that it sleeps in then. Return 0, or -1 with ETIMEDOUT in
 * errno.
 *
 * In exec() it holds a lock (the kernel's cred_guard_mutex) that PTRACE_SEIZE
 * waits for without limit, and the program may be on a file server that does
 * not answer. A thread that calls exec() just after this still makes us wait,
 * but most are seen in time. And at a stop, some processors no longer show the
 * call.
 */
int quirks_await_exec(pid_t thread, int ms, struct sleeping_call *call);

/*
 * Of a thread that has just stopped, whose registers have been read: if the
 * stop has interrupted a call, have the kernel make it again. Changes the
 * registers that will be put back, and where ARCH_MARK_COUNTS, its own.
 *
 * Some calls return EINTR after every stop, though no signal came, and no
 * program expects that: they get a mark as other calls have. Where the kernel
 * has already acted on its own mark, this undoes it.
 */
void quirks_mark_interrupted(struct tracee *tracee);

/*
 * Prepare a thread that is held, and whose memory is open, for calls. Changes
 * nothing but what will be put back. Return 0, or -1 with errno: EOPNOTSUPP for
 * one that has its own calls handed to itself, EBUSY for one with registers
 * that could not be put back.
 */
int quirks_prepare_calls(struct tracee *tracee);

/* Put back the vector registers that calls have cleared. */
void quirks_restore_vectors(const struct tracee *tracee);

#endif
