/* x86_64.h: arch.h for x86_64. */
#ifndef ARCH_X86_64_H
#define ARCH_X86_64_H

#include <sys/user.h>

#include <errno.h>
#include <stdbool.h>

struct registers {
	struct user_regs_struct user;
};

/* "syscall" */
static const unsigned char arch_gate[] = { 0x0f, 0x05 };
enum { ARCH_ALIGNMENT = 1 };

#define ARCH_UNMARKED SYS_epoll_wait, SYS_semop
#define ARCH_UNMARKED_ON_SOCKET SYS_accept

enum { ARCH_MARK_COUNTS = 1, ARCH_HIDES_ARGUMENT = 0 };

/* A system call leaves all vector registers as they are. */
enum { ARCH_VECTORS = 0, ARCH_VECTORS_STREAMING = 0 };

static inline void
arch_set_call(struct registers *registers, unsigned long gate, long number,
    const unsigned long argument[6])
{
	registers->user.rip = gate;
	registers->user.rax = (unsigned long)number;
	/* The kernel takes it for no call, and so makes none again first. */
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

static inline long
arch_eintr_call(const struct registers *registers,
    const struct sleeping_call *call, unsigned long *argument)
{
	(void)call;
	*argument = registers->user.rdi;
	return (long)registers->user.rax == -EINTR
		   ? (long)registers->user.orig_rax
		   : -1;
}

static inline void
arch_mark(struct registers *registers)
{
	registers->user.rax = (unsigned long)-RESTART_WITHOUT_HANDLER;
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
