/*
 * thread.c owns how a thread is held: it stops it, has it make system calls for
 * us, and puts it back where it was.
 *
 * A stopped thread is on its way from the kernel back to its program. Its
 * registers are what the program will find there. To have it make a call, we
 * replace them: by the number and the arguments of the call, and a program
 * counter that points to a system call instruction which its memory has anyway.
 * Nothing of its code, stack or data is touched. The kernel then stops it for
 * us twice, as the call begins and as it ends. All its signals are blocked
 * meanwhile, so that no handler runs in between; they stay pending.
 */
#include <errno.h>
#include <signal.h>

#include "rescue/quirks.h"
#include "rescue/thread.h"

/* Save what will be put back. Return 0, or -1 with errno. */
static int
save_state(struct tracee *tracee)
{
	/*
	 * A thread other than the main one makes a call only to be released, and
	 * only on processors that need that.
	 */
	bool calls = tracee->pid == tracee->process || !ARCH_MARK_COUNTS;
	int error = 0;

	/*
	 * The memory only now, while it is stopped: an open mem file keeps the
	 * one of before an exec().
	 */
	if (calls && (tracee_get_mask(tracee, &tracee->mask) == -1 ||
			 memory_open(&tracee->memory, tracee->pid,
			     tracee->registers.word[ARCH_PC]) == -1 ||
			 quirks_prepare_calls(tracee) == -1))
		error = errno;
	quirks_mark_interrupted(tracee);
	errno = error;
	return error == 0 && tracee->state == TRACEE_HELD ? 0 : -1;
}

int
thread_hold(struct tracee *tracee, pid_t process, pid_t thread, int ms)
{
	int error;

	*tracee = (struct tracee){ .memory.fd = -1 };
	if (quirks_await_exec(thread, ms, &tracee->sleeping) == -1 ||
	    tracee_seize(tracee, process, thread) == -1 ||
	    tracee_interrupt(tracee, ms) == -1)
		return -1;
	if (tracee_get_registers(tracee, &tracee->registers) == 0 &&
	    save_state(tracee) == 0)
		return 0;
	error = errno;
	thread_release_untouched(tracee);
	/* What has just been killed has no memory either. */
	errno = tracee->state == TRACEE_GONE ? ESRCH : error;
	return -1;
}

/* Before its first call: block its signals. Return 0, or -1 with errno. */
static int
block_signals(struct tracee *tracee)
{
	/*
	 * Not SIGSYS: where a call is not allowed, the kernel would kill a
	 * program that blocks it.
	 */
	const uint64_t system = (uint64_t)1 << (SIGSYS - 1);

	if (tracee->has_called)
		return 0;
	tracee->has_called = true;
	return tracee_set_mask(tracee, tracee->mask | ~system);
}

long
thread_call(struct tracee *tracee, long number, const unsigned long argument[6])
{
	struct registers registers = tracee->registers;

	if (tracee->state != TRACEE_HELD)
		return -ESRCH;
	if (block_signals(tracee) == -1)
		return -errno;
	arch_set_call(&registers, tracee->memory.gate, number, argument);
	if (tracee_set_registers(tracee, &registers) == -1 ||
	    tracee_reach_call(tracee) == -1 ||
	    tracee_reach_call(tracee) == -1 ||
	    tracee_get_registers(tracee, &registers) == -1)
		return -errno;
	return (long)registers.word[ARCH_RESULT];
}

/*
 * The kernel looks for the mark of an interrupted call only where it deals with
 * signals, so the thread must get there with its own registers. They are put
 * back at the end of a call; then a new interrupt stops the thread at that
 * place, where its signals are unblocked. Where the kernel has kept the first
 * argument of the interrupted call, and only a call with that argument can put it
 * there again, such a call is made first.
 */
void
thread_release(struct tracee *tracee)
{
	const unsigned long argument[6] = { tracee->sleeping.argument[0] };

	if (!tracee->has_called && ARCH_MARK_COUNTS) {
		thread_release_untouched(tracee);
		return;
	}
	if (!ARCH_MARK_COUNTS)
		(void)thread_call(tracee, SYS_getpid, argument);
	if (tracee->state != TRACEE_HELD ||
	    tracee_set_registers(tracee, &tracee->registers) == -1)
		return;
	quirks_restore_vectors(tracee);
	if (tracee_reach_restart(tracee) == 0 &&
	    tracee_set_mask(tracee, tracee->mask) == 0)
		tracee_detach(tracee, 0);
	if (tracee->lost_sigsys)
		kill(tracee->process, SIGSYS);
}

void
thread_release_untouched(struct tracee *tracee)
{
	if (tracee->state == TRACEE_HELD)
		tracee_detach(tracee, 0);
}

void
thread_release_late(struct tracee *tracee)
{
	int number;

	if (tracee->state != TRACEE_LATE && tracee->state != TRACEE_GONE)
		return;
	if (!tracee_poll_stop(tracee, &number))
		return;
	if (ARCH_MARK_COUNTS && number == 0 &&
	    tracee_get_registers(tracee, &tracee->registers) == 0)
		quirks_mark_interrupted(tracee);
	tracee_detach(tracee, number);
}
