/* lock.c: one detach at a time rescues a job. */
#ifndef LOCK_H
#define LOCK_H

#include "rescue/process.h"

/* Two files: -1 for one that is closed to us, or that /proc lacks. */
struct lock {
	int group, process;
};

/*
 * Lock the job of a process for us, without waiting. Return 0; or the PID of the
 * detach that rescues it now, which is -1 if that cannot be seen from here. In
 * either case, the caller frees the lock.
 */
pid_t lock_job(const struct process *process, struct lock *lock);

void lock_free(const struct lock *lock);

#endif
