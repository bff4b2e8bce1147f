/* aarch64.h: arch.h for aarch64. */
#ifndef ARCH_AARCH64_H
#define ARCH_AARCH64_H

/* "svc #0" */
static const unsigned char arch_gate[] = { 0x01, 0x00, 0x00, 0xd4 };

enum {
	ARCH_ALIGNMENT = 4,
	ARCH_WORDS = 34, /* x0 to x30, sp, pc and pstate */
	ARCH_PC = 32,
	ARCH_CALL = 8,
	ARCH_NUMBER = 8,
	ARCH_RESULT = 0,
	/*
	 * PSTATE.BTYPE: no indirect jump came before. After one, the processor
	 * would demand a landing pad (BTI), and the gate is none.
	 */
	ARCH_STATE = 33,
	ARCH_STATE_CLEARED = 0xc00,
	ARCH_MARK_COUNTS = 0,
	/*
	 * NT_ARM_SVE: a system call may clear what a scalable vector has beyond
	 * its first 128 bits. NT_ARM_SSVE: it ends streaming mode.
	 */
	ARCH_VECTORS = 0x405,
	ARCH_VECTORS_STREAMING = 0x40b,
	ARCH_VECTORS_USED = 1, /* SVE_PT_REGS_SVE */
};
static const int arch_argument[] = { 0, 1, 2, 3, 4, 5 };

#define ARCH_UNMARKED SYS_semop, SYS_accept

#endif
