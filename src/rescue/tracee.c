/*
 * tracee.c owns ptrace: whether a thread is traced, where it stops, and what
 * the kernel tells about it then. Nothing else calls ptrace().
 */
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "clock.h"
#include "rescue/tracee.h"

/* What ptrace() takes: glibc has an enumeration for it, musl an int. */
#ifdef __GLIBC__
#define REQUEST enum __ptrace_request
#else
#define REQUEST int
#endif

enum {
	/* What PTRACE_O_TRACESYSGOOD makes of a stop at a call. */
	CALL_STOP = SIGTRAP | 0x80,
	FOREVER = -1,
	POLL_MS = 20, /* for what no signal tells of */
};

/* In nanoseconds. */
static const long long MILLISECOND = 1000000;
static const long long MOMENT = 10000, MOMENTS = 50000;

/* What was saved to be put back is of no use any more. */
static void
clear_saved(struct tracee *tracee)
{
	memory_close(&tracee->memory);
	free(tracee->vectors);
	tracee->vectors = NULL;
}

/* Note that it is gone. Return -1, always. */
static int
mark_gone(struct tracee *tracee)
{
	clear_saved(tracee);
	tracee->state = TRACEE_GONE;
	errno = ESRCH;
	return -1;
}

int
tracee_seize(struct tracee *tracee, pid_t process, pid_t thread)
{
	/* Without PTRACE_O_EXITKILL: if we die, it must not. */
	if (ptrace(PTRACE_SEIZE, thread, NULL, (void *)PTRACE_O_TRACESYSGOOD) ==
	    -1)
		return -1;
	tracee->process = process;
	tracee->pid = thread;
	tracee->state = TRACEE_LATE;
	return 0;
}

void
tracee_detach(struct tracee *tracee, int number)
{
	if (ptrace(PTRACE_DETACH, tracee->pid, NULL, (unsigned long)number) ==
	    -1) {
		/* By a SIGKILL just now; it must still be waited for. */
		(void)mark_gone(tracee);
		return;
	}
	clear_saved(tracee);
	tracee->state = TRACEE_FREE;
}

/* Is there a processor for others while we have one? */
static bool
has_other_processor(void)
{
	static int count;
	cpu_set_t set;

	if (count == 0)
		count = sched_getaffinity(0, sizeof(set), &set) == -1
			    ? 1
			    : CPU_COUNT(&set);
	return count > 1;
}

/*
 * Ask for a stop; where the thread can run meanwhile, again and again for some
 * moments. It takes some 20 us to come; but if we sleep, our processor may need 50
 * us more to wake up, in a virtual machine above all. Return what waitpid() does.
 */
static pid_t
poll_stop(pid_t thread, int *status)
{
	const long long end =
	    clock_now() + (has_other_processor() ? MOMENTS : 0);
	long long next = 0;
	pid_t found;

	do {
		while (clock_now() < next)
			;
		next = clock_now() + MOMENT;
		found = waitpid(thread, status, __WALL | WNOHANG);
	} while (found == 0 && next < end);
	return found;
}

/*
 * Wait for the next stop, for so many milliseconds at most. SIGCHLD, which is
 * blocked, tells of a stop. But nothing tells that exec() in another thread has
 * taken the PID: so ask again after a while. Return the status, or -1 with errno.
 */
static int
await_stop(struct tracee *tracee, int ms)
{
	const long long deadline = clock_now() + ms * MILLISECOND;
	long long again;
	int status;
	pid_t found;

	for (;;) {
		found = poll_stop(tracee->pid, &status);
		if (found > 0 && WIFSTOPPED(status))
			return status;
		if (found != 0)
			return mark_gone(tracee);
		again = clock_now();
		if (ms != FOREVER && again >= deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
		again += POLL_MS * MILLISECOND;
		(void)clock_wait_for_child(
		    ms == FOREVER || again < deadline ? again : deadline);
	}
}

/* Is it a stop that PTRACE_INTERRUPT or a stopping signal makes? */
static bool
is_event_stop(int status)
{
	return status >> 16 == PTRACE_EVENT_STOP;
}

/* The signal that it is about to get, 0 at a stop of another kind. */
static int
arriving_signal(int status)
{
	return status >> 16 == 0 ? WSTOPSIG(status) : 0;
}

int
tracee_interrupt(struct tracee *tracee, int ms)
{
	int status;

	if (ptrace(PTRACE_INTERRUPT, tracee->pid, NULL, NULL) == -1)
		return mark_gone(tracee);
	/* On the way to that stop, it gets each signal that comes. */
	while ((status = await_stop(tracee, ms)) != -1) {
		if (is_event_stop(status)) {
			tracee->was_stopped = WSTOPSIG(status) != SIGTRAP;
			tracee->state = TRACEE_HELD;
			return 0;
		}
		if (ptrace(PTRACE_CONT, tracee->pid, NULL,
			(unsigned long)arriving_signal(status)) == -1 &&
		    errno != ESRCH)
			return -1;
	}
	return -1;
}

bool
tracee_poll_stop(struct tracee *tracee, int *number)
{
	int status;
	pid_t found = waitpid(tracee->pid, &status, __WALL | WNOHANG);

	if (found == -1) {
		/* By exec() it may have got the PID of the process, still traced. */
		tracee->pid = tracee->process;
		ptrace(PTRACE_INTERRUPT, tracee->pid, NULL, NULL);
		found = waitpid(tracee->pid, &status, __WALL | WNOHANG);
	}
	if (found > 0 && WIFSTOPPED(status)) {
		*number = arriving_signal(status);
		return true;
	}
	/* It has ended, or is not ours. */
	if (found != 0)
		tracee->state = TRACEE_FREE;
	return false;
}

/*
 * Let it go on, with a signal that it is to get, or 0, until the next stop of
 * whatever kind; PTRACE_SYSCALL also stops it at calls, PTRACE_CONT does not.
 * Return the status, or -1 with errno.
 */
static int
resume(struct tracee *tracee, int request, int number)
{
	/* ESRCH means that a SIGKILL came, and await_stop() sees that. */
	if (ptrace((REQUEST)request, tracee->pid, NULL,
		(unsigned long)number) == -1 &&
	    errno != ESRCH)
		return -1;
	return await_stop(tracee, FOREVER);
}

/* If somebody has sent it this SIGSYS, note that: it must get it later. */
static void
note_sigsys(struct tracee *tracee)
{
	siginfo_t info;

	if (ptrace(PTRACE_GETSIGINFO, tracee->pid, NULL, &info) == 0 &&
	    info.si_code <= 0)
		tracee->lost_sigsys = true;
}

/*
 * Before the call, it may stop for SIGSTOP, which cannot be blocked: it gets
 * that. Its job then counts as stopped, but the thread still does what its
 * tracer wants. The only other signal that is not blocked is SIGSYS, and it means
 * that the call fails: the kernel has turned the call into one for the program, or
 * a filter has, or somebody has sent it.
 */
int
tracee_reach_call(struct tracee *tracee)
{
	int status, number = 0;

	for (;;) {
		status = resume(tracee, PTRACE_SYSCALL, number);
		if (status == -1)
			return -1;
		if (WSTOPSIG(status) == CALL_STOP)
			return 0;
		number = 0;
		if (is_event_stop(status))
			continue;
		if (WSTOPSIG(status) != SIGSTOP) {
			note_sigsys(tracee);
			errno = EOPNOTSUPP;
			return -1;
		}
		number = SIGSTOP;
	}
}

int
tracee_reach_restart(struct tracee *tracee)
{
	int status, number = 0;

	if (ptrace(PTRACE_INTERRUPT, tracee->pid, NULL, NULL) == -1)
		return mark_gone(tracee);
	do {
		status = resume(tracee, PTRACE_CONT, number);
		if (status == -1)
			return -1;
		number = arriving_signal(status);
	} while (!is_event_stop(status));
	return 0;
}

bool
tracee_get_set(const struct tracee *tracee, int set, void *bytes, size_t *size)
{
	struct iovec part = { bytes, *size };

	if (ptrace(PTRACE_GETREGSET, tracee->pid, (void *)(long)set, &part) ==
	    -1)
		return false;
	*size = part.iov_len;
	return true;
}

bool
tracee_write_set(
    const struct tracee *tracee, int set, const void *bytes, size_t size)
{
	/* ptrace() only reads them, but an iovec cannot say so. */
	struct iovec part = { (void *)(uintptr_t)bytes, size };

	return ptrace(PTRACE_SETREGSET, tracee->pid, (void *)(long)set,
		   &part) != -1;
}

int
tracee_get_registers(struct tracee *tracee, struct registers *registers)
{
	/*
	 * Room for twice as many: the kernel fills whole ones of its program's
	 * size, and what fits must not look like ours.
	 */
	struct registers all[2];
	size_t size = sizeof(all);

	if (!tracee_get_set(tracee, NT_PRSTATUS, all, &size))
		return mark_gone(tracee);
	/* A program of another word size has fewer or more. */
	if (size != sizeof(*registers)) {
		errno = ENOEXEC;
		return -1;
	}
	*registers = all[0];
	return 0;
}

int
tracee_set_registers(struct tracee *tracee, const struct registers *registers)
{
	if (!tracee_write_set(
		tracee, NT_PRSTATUS, registers, sizeof(*registers)))
		return mark_gone(tracee);
	return 0;
}

bool
tracee_ask(const struct tracee *tracee, int request, void *answer, size_t size)
{
	return ptrace((REQUEST)request, tracee->pid, (void *)size, answer) !=
	       -1;
}

int
tracee_get_mask(struct tracee *tracee, uint64_t *mask)
{
	if (!tracee_ask(tracee, PTRACE_GETSIGMASK, mask, sizeof(*mask)))
		return mark_gone(tracee);
	return 0;
}

int
tracee_set_mask(struct tracee *tracee, uint64_t mask)
{
	if (ptrace(PTRACE_SETSIGMASK, tracee->pid, (void *)sizeof(mask),
		&mask) == -1)
		return mark_gone(tracee);
	return 0;
}
