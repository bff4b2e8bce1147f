/* aarch64.h: arch.h for aarch64. */
#ifndef ARCH_AARCH64_H
#define ARCH_AARCH64_H

#include <sys/user.h>

#include <errno.h>
#include <stdbool.h>
#include <time.h>

/* Linux 5.3; the C library's headers may be older. */
#ifndef SYS_clone3
#define SYS_clone3 435
#endif

struct registers {
	struct user_regs_struct user;
};

/* "svc #0" */
static const unsigned char arch_gate[] = { 0x01, 0x00, 0x00, 0xd4 };
enum { ARCH_ALIGNMENT = 4 };

#define ARCH_UNMARKED SYS_semop
#define ARCH_UNMARKED_ON_SOCKET SYS_accept

enum { ARCH_MARK_COUNTS = 0, ARCH_HIDES_ARGUMENT = 1 };

/*
 * NT_ARM_SVE: a system call may clear what a scalable vector has beyond its
 * first 128 bits. NT_ARM_SSVE: it ends streaming mode.
 */
enum { ARCH_VECTORS = 0x405, ARCH_VECTORS_STREAMING = 0x40b };

static inline void
arch_set_call(struct registers *registers, unsigned long gate, long number,
    const unsigned long argument[6])
{
	int i;

	registers->user.pc = gate;
	/*
	 * PSTATE.BTYPE: no indirect jump came before. After one, the processor
	 * would demand a landing pad (BTI), and the gate is none.
	 */
	registers->user.pstate &= ~0xc00UL;
	registers->user.regs[8] = (unsigned long)number;
	for (i = 0; i < 6; i++)
		registers->user.regs[i] = argument[i];
}

static inline long
arch_result(const struct registers *registers)
{
	return (long)registers->user.regs[0];
}

static inline unsigned long
arch_pc(const struct registers *registers)
{
	return (unsigned long)registers->user.pc;
}

static inline void
arch_set_pc(struct registers *registers, unsigned long pc)
{
	registers->user.pc = pc;
}

/*
 * x0 is both the first argument and the result. The kernel has kept the
 * argument but does not show it, so take what /proc showed.
 */
static inline long
arch_eintr_call(const struct registers *registers,
    const struct sleeping_call *call, unsigned long *argument)
{
	*argument = call->argument[0];
	return (long)registers->user.regs[0] == -EINTR &&
		       (long)registers->user.regs[8] == call->number &&
		       registers->user.pc == call->pc
		   ? call->number
		   : -1;
}

static inline void
arch_mark(struct registers *registers)
{
	registers->user.regs[0] = (unsigned long)-RESTART_WITHOUT_HANDLER;
}

/* The mark that the kernel gives to a call of futex(). */
static inline int
arch_mark_of_futex(const struct sleeping_call *call)
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
static inline int
arch_mark_of(const struct sleeping_call *call)
{
	switch (call->number) {
	case SYS_nanosleep:
		return RESTART_WITH_REST;
	case SYS_clock_nanosleep:
		return (call->argument[1] & TIMER_ABSTIME) == 0
			   ? RESTART_WITH_REST
			   : RESTART_WITHOUT_HANDLER;
	case SYS_futex:
		return arch_mark_of_futex(call);
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
 * Before the stop shows the registers, the kernel has removed its mark and set
 * them back to make the call again. If job control had stopped the thread
 * already, /proc did not even show which call it was. But then the next
 * instruction makes that call, and the registers hold its number and
 * arguments.
 */
static inline void
arch_mark_again(
    struct registers *registers, struct sleeping_call *call, bool at_gate)
{
	int i;

	if (call->number == -1 && at_gate && registers->user.pc == call->pc) {
		call->number = (long)registers->user.regs[8];
		for (i = 0; i < 6; i++)
			call->argument[i] = registers->user.regs[i];
		call->pc += sizeof(arch_gate);
	}
	if (registers->user.pc != call->pc - sizeof(arch_gate) ||
	    (long)registers->user.regs[8] != call->number ||
	    registers->user.regs[0] != call->argument[0])
		return;
	registers->user.pc = call->pc;
	registers->user.regs[0] = (unsigned long)-(long)arch_mark_of(call);
}

#endif
