/*
 * arch.h: what is different on each processor: how a system call is made, and
 * what one that a stop has interrupted looks like. It is the only file that
 * asks for the processor.
 *
 * The kernel marks an interrupted call by a result that no program ever sees
 * (-ERESTARTSYS and its kin, from include/linux/errno.h) and acts on it as the
 * process goes back to its program: it makes the call again, or returns EINTR
 * if a handler ran.
 */
#ifndef ARCH_H
#define ARCH_H

#include <sys/syscall.h>
#include <sys/user.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Results of an interrupted call. */
enum {
	RESTART_IF_ALLOWED = 512, /* ERESTARTSYS: SA_RESTART decides */
	RESTART_ALWAYS = 513, /* ERESTARTNOINTR */
	RESTART_WITHOUT_HANDLER = 514, /* ERESTARTNOHAND */
	RESTART_WITH_REST =
	    516, /* ERESTART_RESTARTBLOCK: the rest of its time */
};

/* A system call that a process sleeps in, as /proc/PID/syscall shows it. */
struct sleeping_call {
	long number; /* -1 for none */
	unsigned long argument[6];
	unsigned long pc; /* behind the instruction that made it */
};

/* The head of a set of vector registers, in the words of <asm/ptrace.h>. */
struct vectors_head {
	unsigned size, max_size;
	unsigned short length, max_length, flags, pad;
};

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(__ILP32__)

enum { ARCH_SUPPORTED = 1 };
#define ARCH_CALL(name) SYS_##name

/* Linux 5.1, 5.3 and 5.11; the C library's headers may be older. */
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_io_uring_enter
#define SYS_io_uring_enter 426
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

/*
 * The calls that return EINTR after every stop, without the kernel's mark:
 * signal(7) lists most of them.
 */
static const long arch_unmarked[] = {
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
	SYS_epoll_pwait, SYS_epoll_pwait2, SYS_semop, SYS_semtimedop,
	SYS_rt_sigtimedwait, SYS_io_getevents, SYS_io_uring_enter
};

/* Those that do so on a socket with a timeout. */
static const long arch_unmarked_on_socket[] = { SYS_read, SYS_readv,
	SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg, SYS_accept, SYS_accept4,
	SYS_connect, SYS_write, SYS_writev, SYS_sendto, SYS_sendmsg,
	SYS_sendmmsg };

struct registers {
	struct user_regs_struct user;
};

#endif

#if defined(__x86_64__) && !defined(__ILP32__)

/* The instruction "syscall", and the alignment of instructions. */
static const unsigned char arch_gate[] = { 0x0f, 0x05 };
enum { ARCH_ALIGNMENT = 1 };

/* A mark may be given during the stop: the kernel looks for it afterwards. */
enum { ARCH_LATE_MARK = 1 };

/* A call leaves all vector registers as they are. */
enum { ARCH_VECTORS = 0, ARCH_VECTORS_STREAMING = 0 };

static inline void
arch_set_call(struct registers *registers, unsigned long gate, long number,
    const unsigned long argument[6])
{
	registers->user.rip = gate;
	registers->user.rax = (unsigned long)number;
	/* Not in a call: nothing is to be made again on the way there. */
	registers->user.orig_rax = ~0UL;
	registers->user.rdi = argument[0];
	registers->user.rsi = argument[1];
	registers->user.rdx = argument[2];
	registers->user.r10 = argument[3];
	registers->user.r8 = argument[4];
	registers->user.r9 = argument[5];
}

static inline long
arch_result(const struct registers *registers)
{
	return (long)registers->user.rax;
}

static inline unsigned long
arch_pc(const struct registers *registers)
{
	return registers->user.rip;
}

static inline void
arch_set_pc(struct registers *registers, unsigned long pc)
{
	registers->user.rip = pc;
}

/*
 * The call from which EINTR is on its way to the program, or -1; and its first
 * argument.
 */
static inline long
arch_eintr(const struct registers *registers, const struct sleeping_call *call,
    unsigned long *argument)
{
	(void)call;
	*argument = registers->user.rdi;
	return (long)registers->user.rax == -EINTR
		   ? (long)registers->user.orig_rax
		   : -1;
}

/* Give that call a mark. */
static inline void
arch_mark(struct registers *registers)
{
	registers->user.rax = (unsigned long)-RESTART_WITHOUT_HANDLER;
}

/* The kernel's own mark is in the registers. */
static inline void
arch_remark(struct registers *registers, struct sleeping_call *call, bool again)
{
	(void)registers;
	(void)call;
	(void)again;
}

#elif defined(__aarch64__) && !defined(__ILP32__)

/* The instruction "svc #0", and the alignment of instructions. */
static const unsigned char arch_gate[] = { 0x01, 0x00, 0x00, 0xd4 };
enum { ARCH_ALIGNMENT = 4 };

/* The kernel has looked for a mark before the stop. */
enum { ARCH_LATE_MARK = 0 };

/*
 * A call may clear what of the scalable vectors is beyond the first 128 bits.
 * NT_ARM_SVE, and NT_ARM_SSVE for the mode that a call ends.
 */
enum { ARCH_VECTORS = 0x405, ARCH_VECTORS_STREAMING = 0x40b };

static inline void
arch_set_call(struct registers *registers, unsigned long gate, long number,
    const unsigned long argument[6])
{
	int i;

	registers->user.pc = gate;
	/* Not after an indirect jump: the gate is no landing pad (BTI). */
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
 * Here x0 is both the first argument and the result, and the kernel does not
 * show the argument that it has kept: what the process was seen in must tell.
 */
static inline long
arch_eintr(const struct registers *registers, const struct sleeping_call *call,
    unsigned long *argument)
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
 * The kernel has taken its mark away before the stop shows the registers, set
 * back to make the call again: undo that, so that it decides once more. Of one
 * that was stopped before, it even hides which call it was; but then the
 * instruction to make it again is next, and the registers are ready for it.
 */
static inline void
arch_remark(struct registers *registers, struct sleeping_call *call, bool again)
{
	int i;

	if (call->number == -1 && again && registers->user.pc == call->pc) {
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

#else

enum { ARCH_SUPPORTED = 0 };
#define ARCH_CALL(name) (-1L)

static const long arch_unmarked[] = { -1 };
static const long arch_unmarked_on_socket[] = { -1 };

static const unsigned char arch_gate[] = { 0 };
enum { ARCH_ALIGNMENT = 1 };
enum { ARCH_LATE_MARK = 0 };
enum { ARCH_VECTORS = 0, ARCH_VECTORS_STREAMING = 0 };

/* Nothing of this is ever called. */
struct registers {
	long none;
};

static inline void
arch_set_call(struct registers *registers, unsigned long gate, long number,
    const unsigned long argument[6])
{
	(void)registers;
	(void)gate;
	(void)number;
	(void)argument;
}

static inline long
arch_result(const struct registers *registers)
{
	return registers->none;
}

static inline unsigned long
arch_pc(const struct registers *registers)
{
	return (unsigned long)registers->none;
}

static inline void
arch_set_pc(struct registers *registers, unsigned long pc)
{
	registers->none = (long)pc;
}

static inline long
arch_eintr(const struct registers *registers, const struct sleeping_call *call,
    unsigned long *argument)
{
	(void)registers;
	*argument = 0;
	return call->number;
}

static inline void
arch_mark(struct registers *registers)
{
	(void)registers;
}

static inline void
arch_remark(struct registers *registers, struct sleeping_call *call, bool again)
{
	(void)registers;
	(void)call;
	(void)again;
}

#endif
#endif
