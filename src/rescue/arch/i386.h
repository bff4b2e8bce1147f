/* i386.h: arch.h for i386, whether its kernel has 32 bits or 64. */
#ifndef ARCH_I386_H
#define ARCH_I386_H

#include <sys/user.h>

#include <errno.h>
#include <stdbool.h>

struct registers {
	struct user_regs_struct user;
};

/*
 * "int $0x80". In the vDSO it follows the sysenter or syscall that the C library
 * reaches. Whichever of the three was used, the kernel returns behind this one,
 * and so makes the call again by this one.
 */
static const unsigned char arch_gate[] = { 0xcd, 0x80 };
enum { ARCH_ALIGNMENT = 1 };

/*
 * ipc() returns an unmarked EINTR only if it is semop(); and socketcall() is
 * always on a socket.
 */
#define ARCH_UNMARKED SYS_epoll_wait, SYS_ipc, SYS_socketcall
#define ARCH_UNMARKED_ON_SOCKET SYS_recvmmsg_time64

enum { ARCH_MARK_COUNTS = 1, ARCH_HIDES_ARGUMENT = 0 };

/* A system call leaves all vector registers as they are. */
enum { ARCH_VECTORS = 0, ARCH_VECTORS_STREAMING = 0 };

static inline void
arch_set_call(struct registers *registers, unsigned long gate, long number,
    const unsigned long argument[6])
{
	registers->user.eip = (long)gate;
	registers->user.eax = number;
	/* The kernel takes it for no call, and so makes none again first. */
	registers->user.orig_eax = -1;
	registers->user.ebx = (long)argument[0];
	registers->user.ecx = (long)argument[1];
	registers->user.edx = (long)argument[2];
	registers->user.esi = (long)argument[3];
	registers->user.edi = (long)argument[4];
	registers->user.ebp = (long)argument[5];
}

static inline long
arch_result(const struct registers *registers)
{
	return registers->user.eax;
}

static inline unsigned long
arch_pc(const struct registers *registers)
{
	return (unsigned long)registers->user.eip;
}

static inline void
arch_set_pc(struct registers *registers, unsigned long pc)
{
	registers->user.eip = (long)pc;
}

static inline long
arch_eintr_call(const struct registers *registers,
    const struct sleeping_call *call, unsigned long *argument)
{
	(void)call;
	*argument = (unsigned long)registers->user.ebx;
	return registers->user.eax == -EINTR ? registers->user.orig_eax : -1;
}

static inline void
arch_mark(struct registers *registers)
{
	registers->user.eax = -RESTART_WITHOUT_HANDLER;
}

/* The registers still have the kernel's own mark. */
static inline void
arch_mark_again(
    struct registers *registers, struct sleeping_call *call, bool at_gate)
{
	(void)registers;
	(void)call;
	(void)at_gate;
}

#endif
