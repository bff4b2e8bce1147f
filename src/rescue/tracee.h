/* tracee.c: a thread that is held still, and makes system calls for us. */
#ifndef TRACEE_H
#define TRACEE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "rescue/arch.h"
#include "rescue/memory.h"

struct tracee {
	pid_t process;
	pid_t pid; /* of the thread, that of the process for the main one */
	bool held; /* stopped by us */
	struct memory memory; /* open while it is held */
	struct sleeping_call sleeping; /* what it was seen in */
	struct registers registers; /* as they were, */
	uint64_t mask; /* as are the blocked signals, */
	void *vectors; /* and the vectors that a call would clear */
	size_t vectors_size; /* 0 for none */
	bool stopped; /* it was already, by job control */
	bool used; /* it has made a call */
	bool hit; /* by a SIGSYS that somebody sent */
	bool gone; /* it has ended, or another thread of it called exec */
	bool late; /* we still trace it, though we do not hold it */
};

/*
 * Stop a thread of a process, within so many milliseconds. Nothing of it is
 * changed until tracee_release(). Only the main one may be asked for calls. All
 * signals must be blocked in the caller, and SIGCHLD not be ignored.
 *
 * Return 0; or -1 with errno and the thread as it was: EPERM, ESRCH for one that
 * has ended, ENOEXEC for a program of another word size, ENOSYS where no way
 * into the kernel is found, EOPNOTSUPP for one that dispatches its own system
 * calls, EBUSY for one whose registers could not be put back; or ETIMEDOUT for
 * one that does not stop, but may do so yet.
 *
 * One thread of a process at a time, and none while one is late: exec() in
 * another waits until we let go those that we trace, and we would wait for exec
 * (the kernel's cred_guard_mutex).
 */
int tracee_stop(struct tracee *, pid_t, pid_t, int);

/*
 * Have it make a system call with these arguments. Return the result, or the
 * negative errno; -ESRCH with tracee->gone set when there is nobody left.
 */
long tracee_call(struct tracee *, long, const unsigned long[6]);

/*
 * Let it go on where it was stopped, without any call: for one that must not be
 * touched after all.
 */
void tracee_drop(struct tracee *);

/*
 * Let one go on that is late, for it did not stop in time or was killed while it
 * was held, if that is possible by now. At the latest the kernel does so when we
 * exit.
 */
void tracee_let_go(struct tracee *);

/*
 * Let it go on where it was stopped, as if nothing had happened: a call that
 * it slept in is made again by the kernel, unless a signal has come.
 */
void tracee_release(struct tracee *);

#endif
