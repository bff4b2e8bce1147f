/* tracee.c: a process that is held still, and makes system calls for us. */
#ifndef TRACEE_H
#define TRACEE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "arch.h"

struct tracee {
	pid_t pid;
	int memory; /* /proc/PID/mem */
	unsigned long gate; /* address of an instruction for system calls */
	struct sleeping_call sleeping; /* what it was seen in */
	struct registers registers; /* as they were, */
	uint64_t mask; /* as are the blocked signals, */
	void *vectors; /* and the vectors that a call would clear */
	size_t vectors_size; /* 0 for none */
	bool stopped; /* it was already, by job control */
	bool used; /* it has made a call */
	bool hit; /* by a SIGSYS that somebody sent */
	bool gone; /* it has ended, or another thread of it called exec */
	bool late; /* it did not stop in time, but still may */
};

/*
 * Stop the main thread of a process, within so many milliseconds. Nothing of
 * it is changed until tracee_release(). All signals must be blocked in the
 * caller, and SIGCHLD not be ignored. Return 0; or -1 with errno and the
 * process left as it was: EPERM, ESRCH for one that has ended, ETIMEDOUT for
 * one that does not stop, ENOEXEC for a program of another word size, ENOSYS
 * where no way into the kernel is found, EOPNOTSUPP for one that dispatches its
 * own system calls, EBUSY for one whose registers could not be put back.
 */
int tracee_stop(struct tracee *, pid_t, int);

/*
 * Have it make a system call with these arguments. Return the result, or the
 * negative errno; -ESRCH with tracee->gone set when there is nobody left.
 */
long tracee_call(struct tracee *, long, const unsigned long[6]);

/* Write to its memory. Return 0, or -1 with errno. */
int tracee_write(struct tracee *, unsigned long, const void *, size_t);

/*
 * Let it go on where it was stopped, without any call: for one that must not be
 * touched after all.
 */
void tracee_drop(struct tracee *);

/*
 * Let one go on that did not stop in time, if it has stopped by now. It cannot
 * be let go before; at the latest the kernel does so when we exit.
 */
void tracee_let_go(struct tracee *);

/*
 * Let it go on where it was stopped, as if nothing had happened: a call that
 * it slept in is made again by the kernel, unless a signal has come.
 */
void tracee_release(struct tracee *);

#endif
