/*
 * arch.h: what a rescue must know of the processor: how a thread makes a system
 * call, and what an interrupted one looks like. This file holds what all
 * processors share; each has a header of its own in arch/.
 *
 * When something interrupts a system call that sleeps, the kernel marks it by a
 * result that no program ever sees (-ERESTARTSYS and its kin, from
 * include/linux/errno.h). On the way back to the program it acts on the mark:
 * it has the call made again, or turns the result into EINTR if a handler ran.
 */
#ifndef ARCH_H
#define ARCH_H

#include <sys/syscall.h>

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

/* The marks. */
enum {
	RESTART_IF_ALLOWED = 512, /* ERESTARTSYS: SA_RESTART decides */
	RESTART_ALWAYS = 513, /* ERESTARTNOINTR */
	RESTART_WITHOUT_HANDLER = 514, /* ERESTARTNOHAND */
	/* ERESTART_RESTARTBLOCK: for what is left of its time */
	RESTART_WITH_REST = 516,
};

/* A system call that a thread sleeps in, as /proc/PID/syscall shows it. */
struct sleeping_call {
	long number; /* -1 for none */
	unsigned long argument[6];
	unsigned long pc; /* behind the instruction that made it */
};

/*
 * Each header defines struct registers, as PTRACE_GETREGSET gives them for
 * NT_PRSTATUS, and:
 *
 * arch_gate, ARCH_ALIGNMENT
 *	the instruction that makes a system call, and how instructions are
 *	aligned.
 * ARCH_UNMARKED, ARCH_UNMARKED_ON_SOCKET
 *	calls that not all processors have, for the lists in quirks.c.
 * ARCH_MARK_COUNTS
 *	1 if the kernel looks for a mark only after the stop, so that one given
 *	during the stop counts; 0 if it has looked before.
 * ARCH_HIDES_ARGUMENT
 *	1 if the kernel keeps the first argument of an interrupted call where no
 *	register shows it.
 * ARCH_VECTORS, ARCH_VECTORS_STREAMING
 *	register sets, in the numbers of <elf.h>: vector registers that a system
 *	call would clear, and those of a mode that a system call would end; 0
 *	for none. Both begin with a struct vectors_head.
 * arch_set_call(registers, gate, number, argument)
 *	make a system call next, by the instruction at that address.
 * arch_result(registers)
 *	what the call returned.
 * arch_pc(registers), arch_set_pc(registers, pc)
 *	where the program goes on.
 * arch_eintr_call(registers, call, argument)
 *	the number of the call that is about to return EINTR to the program, or
 *	-1 if none is; and its first argument.
 * arch_mark(registers)
 *	mark that call RESTART_WITHOUT_HANDLER.
 * arch_mark_again(registers, call, at_gate)
 *	if the kernel has acted on its mark before the stop, undo that: mark the
 *	call again, so that the kernel decides a second time. at_gate says that
 *	the next instruction is one that makes a system call. May fill in the
 *	call, if it was unknown.
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

#endif
