/* i386.h: arch.h for i386, whether its kernel has 32 bits or 64. */
#ifndef ARCH_I386_H
#define ARCH_I386_H

#include <sys/user.h>

#include <stddef.h>

/*
 * "int $0x80". In the vDSO it follows the sysenter or syscall that the C library
 * reaches. Whichever of the three was used, the kernel returns behind this one,
 * and so makes the call again by this one.
 */
static const unsigned char arch_gate[] = { 0xcd, 0x80 };

#define AT(name) (offsetof(struct user_regs_struct, name) / sizeof(long))
enum {
	ARCH_ALIGNMENT = 1,
	ARCH_WORDS = sizeof(struct user_regs_struct) / sizeof(long),
	ARCH_PC = AT(eip),
	ARCH_CALL = AT(eax),
	ARCH_NUMBER = AT(orig_eax),
	ARCH_RESULT = AT(eax),
	ARCH_STATE = AT(eflags),
	ARCH_STATE_CLEARED = 0,
	ARCH_MARK_COUNTS = 1,
	/* A system call leaves all vector registers as they are. */
	ARCH_VECTORS = 0,
	ARCH_VECTORS_STREAMING = 0,
	ARCH_VECTORS_USED = 0,
};
static const int arch_argument[] = { AT(ebx), AT(ecx), AT(edx), AT(esi),
	AT(edi), AT(ebp) };
#undef AT

/* ipc() returns an unmarked EINTR only if it is semop(). */
#define ARCH_UNMARKED                                                          \
	SYS_epoll_wait, SYS_ipc, SYS_socketcall, SYS_recvmmsg_time64

#endif
