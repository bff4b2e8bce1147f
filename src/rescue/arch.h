/*
 * arch.h: what a rescue must know of the processor: how a thread makes a system
 * call, and what an interrupted one looks like. Each processor has a header in
 * arch/, with its numbers; arch.c works with these.
 *
 * When something interrupts a system call that sleeps, the kernel marks it by a
 * result that no program ever sees (-ERESTARTSYS and its kin, from
 * include/linux/errno.h). On the way back to the program it acts on the mark:
 * it has the call made again, or turns the result into EINTR if a handler ran.
 */
#ifndef ARCH_H
#define ARCH_H

#include <sys/syscall.h>

#include <stdbool.h>

/*
 * Each header defines:
 *
 * arch_gate, ARCH_ALIGNMENT
 *	the instruction that makes a system call, and how instructions are
 *	aligned.
 * ARCH_WORDS
 *	how many words PTRACE_GETREGSET gives for NT_PRSTATUS. Of these,
 * ARCH_PC
 *	is where the program goes on,
 * ARCH_CALL
 *	has the number of the call that is to be made,
 * ARCH_NUMBER
 *	has that of the one that was made,
 * arch_argument
 *	have its arguments,
 * ARCH_RESULT
 *	has its result,
 * ARCH_STATE, ARCH_STATE_CLEARED
 *	has bits that must be clear at a gate.
 * ARCH_MARK_COUNTS
 *	1 if the kernel looks for a mark only after the stop, so that one given
 *	during the stop counts; 0 if it has looked before, and keeps the first
 *	argument of an interrupted call where no register shows it.
 * ARCH_UNMARKED
 *	calls that not all processors have, for the list in quirks.c.
 * ARCH_VECTORS, ARCH_VECTORS_STREAMING
 *	register sets, in the numbers of <elf.h>: vector registers that a system
 *	call would clear, and those of a mode that a system call would end; 0
 *	for none.
 * ARCH_VECTORS_USED
 *	the flag in struct vectors_head of a set in use, or 0: any there is.
 *
 * configure builds a rescue for the processors that are listed here, and none.c
 * for all others.
 */
#if defined(__x86_64__) && !defined(__ILP32__)
#include "rescue/arch/x86_64.h"
#elif defined(__aarch64__) && !defined(__ILP32__)
#include "rescue/arch/aarch64.h"
#elif defined(__i386__)
#include "rescue/arch/i386.h"
#else
#error "no rescue on this processor"
#endif

/*
 * On 32-bit processors, a call that takes a time has a second number, for a
 * time of 64 bits; and mmap() counts its offset in pages.
 */
#ifdef SYS_mmap2
#define ARCH_TIME64(call) SYS_##call##_time64
enum { ARCH_MMAP = SYS_mmap2 };
#else
#define ARCH_TIME64(call) SYS_##call
enum { ARCH_MMAP = SYS_mmap };
#endif

struct registers {
	unsigned long word[ARCH_WORDS];
};

/* A system call that a thread sleeps in, as /proc/PID/syscall shows it. */
struct sleeping_call {
	long number; /* -1 for none */
	unsigned long argument[6];
	unsigned long pc; /* behind the instruction that made it */
};

/* Make a system call next, by the instruction at that address. */
void arch_set_call(struct registers *registers, unsigned long gate, long number,
    const unsigned long argument[6]);

/*
 * The number of the call that is about to return EINTR to the program, or -1 if
 * none is.
 */
long arch_eintr_call(
    const struct registers *registers, const struct sleeping_call *call);

/* Mark that call: it is made again, unless a handler runs. */
void arch_mark(struct registers *registers);

/*
 * Only where a mark does not count. If the kernel has acted on its mark before the
 * stop, undo that: mark the call again, so that the kernel decides a second time.
 * at_gate says that the next instruction is one that makes a system call. May fill
 * in the call, if it was unknown.
 */
void arch_mark_again(
    struct registers *registers, struct sleeping_call *call, bool at_gate);

#endif
