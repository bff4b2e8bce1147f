/* thread.c: a thread is held, makes system calls for us, and is let go. */
#ifndef THREAD_H
#define THREAD_H

#include <sys/syscall.h>

#include "rescue/tracee.h"

/*
 * Stop a thread of a process, within so many milliseconds. Nothing of it
 * changes until it is released. Only the main thread may be asked for calls. The
 * caller must block all signals, and must not ignore SIGCHLD.
 *
 * Return 0 if the thread is held; or -1, and the thread as it was, with errno:
 *	EPERM		we may not
 *	ESRCH		it has ended
 *	ENOEXEC		a program of another word size
 *	ENOSYS		no instruction that makes a system call was found
 *	EOPNOTSUPP	it has its own system calls handed to itself
 *	EBUSY		it uses registers that could not be put back
 *	ETIMEDOUT	it has not stopped; it is late if it still may
 * After an error, it is free, late or gone.
 *
 * Hold one thread of a process at a time, and none while another is late or
 * gone: exec() in one thread waits until we have released all that we trace,
 * and to hold one would wait for that exec() (the kernel's cred_guard_mutex).
 */
int thread_hold(struct tracee *tracee, pid_t process, pid_t thread, int ms);

/*
 * Have a thread that is held make a system call: one that never waits, for what
 * a stop interrupts would not be made again. Return the result, or the negative
 * errno; -ESRCH if the thread is gone.
 */
long thread_call(
    struct tracee *tracee, long number, const unsigned long argument[6]);

/*
 * Let one that is held go on as if nothing had happened: the kernel makes the
 * call that it slept in again, unless a signal has come. It is free then, or
 * gone. One that is not held stays as it is.
 */
void thread_release(struct tracee *tracee);

/*
 * The same without any call, for one that must not be touched after all. (On
 * some processors, a call that it slept in may then return EINTR.)
 */
void thread_release_untouched(struct tracee *tracee);

/*
 * Release one that is late or gone, if the kernel permits that by now. When we
 * exit, the kernel does it. Others stay as they are.
 */
void thread_release_late(struct tracee *tracee);

#endif
