/*
 * arch.c owns what is done with the registers of a thread: it makes system calls
 * of them, and tells and marks interrupted ones.
 */
#include <errno.h>
#include <time.h>

#include "rescue/arch.h"

/* Linux 5.3; the C library's headers may be older. */
#ifndef SYS_clone3
#define SYS_clone3 435
#endif

/* The marks. */
enum {
	RESTART_IF_ALLOWED = 512, /* ERESTARTSYS: SA_RESTART decides */
	RESTART_ALWAYS = 513, /* ERESTARTNOINTR */
	RESTART_WITHOUT_HANDLER = 514, /* ERESTARTNOHAND */
	/* ERESTART_RESTARTBLOCK: for what is left of its time */
	RESTART_WITH_REST = 516,
};

void
arch_set_call(struct registers *registers, unsigned long gate, long number,
    const unsigned long argument[6])
{
	unsigned long *word = registers->word;
	int i;

	word[ARCH_STATE] &= ~(unsigned long)ARCH_STATE_CLEARED;
	word[ARCH_PC] = gate;
	word[ARCH_CALL] = (unsigned long)number;
	for (i = 0; i < 6; i++)
		word[arch_argument[i]] = argument[i];
}

/*
 * Where a mark counts, only a call has a number. Elsewhere there is always one: so
 * it must be the call that /proc showed.
 */
long
arch_eintr_call(
    const struct registers *registers, const struct sleeping_call *call)
{
	const unsigned long *word = registers->word;
	long number = (long)word[ARCH_NUMBER];

	if ((long)word[ARCH_RESULT] != -EINTR ||
	    (!ARCH_MARK_COUNTS &&
		(number != call->number || word[ARCH_PC] != call->pc)))
		return -1;
	return number;
}

static void
set_mark(struct registers *registers, int mark)
{
	registers->word[ARCH_RESULT] = (unsigned long)-(long)mark;
}

void
arch_mark(struct registers *registers)
{
	set_mark(registers, RESTART_WITHOUT_HANDLER);
}

/* The mark that the kernel gives to a call of futex(). */
static int
mark_of_futex(const struct sleeping_call *call)
{
	enum {
		WAIT = 0,
		LOCK_PI = 6,
		WAIT_BITSET = 9,
		LOCK_PI2 = 13,
		COMMAND = 0x7f
	};

	switch (call->argument[1] & COMMAND) {
	case WAIT:
	case WAIT_BITSET:
		return call->argument[3] != 0 ? RESTART_WITH_REST
					      : RESTART_IF_ALLOWED;
	case LOCK_PI:
	case LOCK_PI2:
		return RESTART_ALWAYS;
	default:
		return RESTART_IF_ALLOWED;
	}
}

/* The mark that the kernel gives to this call. */
static int
mark_of(const struct sleeping_call *call)
{
	switch (call->number) {
	case SYS_nanosleep:
		return RESTART_WITH_REST;
	case ARCH_TIME64(clock_nanosleep):
		return (call->argument[1] & TIMER_ABSTIME) == 0
			   ? RESTART_WITH_REST
			   : RESTART_WITHOUT_HANDLER;
	case SYS_futex:
		return mark_of_futex(call);
	case SYS_clone:
	case SYS_clone3:
		return RESTART_ALWAYS;
	case SYS_ppoll:
	case SYS_pselect6:
	case SYS_rt_sigsuspend:
	case SYS_msgrcv:
	case SYS_msgsnd:
		return RESTART_WITHOUT_HANDLER;
	default:
		return RESTART_IF_ALLOWED;
	}
}

/*
 * The kernel has removed its own mark before the stop shows the registers, and
 * set them back to make the call again. If job control had stopped the thread
 * already, /proc did not even show which call it was. But then the next
 * instruction makes that call, and the registers hold its number and arguments.
 */
void
arch_mark_again(
    struct registers *registers, struct sleeping_call *call, bool at_gate)
{
	unsigned long *word = registers->word;
	int i;

	if (call->number == -1 && at_gate && word[ARCH_PC] == call->pc) {
		call->number = (long)word[ARCH_NUMBER];
		for (i = 0; i < 6; i++)
			call->argument[i] = word[arch_argument[i]];
		call->pc += sizeof(arch_gate);
	}
	if (word[ARCH_PC] != call->pc - sizeof(arch_gate) ||
	    (long)word[ARCH_NUMBER] != call->number ||
	    word[arch_argument[0]] != call->argument[0])
		return;
	word[ARCH_PC] = call->pc;
	set_mark(registers, mark_of(call));
}
