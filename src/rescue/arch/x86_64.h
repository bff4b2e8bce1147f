/* x86_64.h: arch.h for x86_64. */
#ifndef ARCH_X86_64_H
#define ARCH_X86_64_H

#include <sys/user.h>

#include <stddef.h>

/* "syscall" */
static const unsigned char arch_gate[] = { 0x0f, 0x05 };

#define AT(name) (offsetof(struct user_regs_struct, name) / sizeof(long))
enum {
	ARCH_ALIGNMENT = 1,
	ARCH_WORDS = sizeof(struct user_regs_struct) / sizeof(long),
	ARCH_PC = AT(rip),
	ARCH_CALL = AT(rax),
	ARCH_NUMBER = AT(orig_rax),
	ARCH_RESULT = AT(rax),
	ARCH_STATE = AT(eflags),
	ARCH_STATE_CLEARED = 0,
	ARCH_MARK_COUNTS = 1,
	/* A system call leaves all vector registers as they are. */
	ARCH_VECTORS = 0,
	ARCH_VECTORS_STREAMING = 0,
	ARCH_VECTORS_USED = 0,
};
static const int arch_argument[] = { AT(rdi), AT(rsi), AT(rdx), AT(r10), AT(r8),
	AT(r9) };
#undef AT

#define ARCH_UNMARKED SYS_epoll_wait, SYS_semop, SYS_accept

#endif
