/*
 * quirks.c owns what a stop or a call of ours would disturb in a thread, beyond
 * its registers and signals: calls that return EINTR, restartable sequences,
 * vector registers, calls that are handed to the program itself, and exec().
 */
#include <sys/syscall.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rescue/process.h"
#include "rescue/quirks.h"

/* Linux 5.1 and 5.11; the C library's headers may be older. */
#ifndef SYS_io_uring_enter
#define SYS_io_uring_enter 426
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

enum {
	EXEC_POLL_MS = 1, /* how often to see whether exec() is over */
	MOST_VECTORS = 65536, /* bytes of a set of vector registers */
};

/*
 * Requests of ptrace() and what they tell, from <linux/ptrace.h>: Linux 5.13
 * and 6.4; the C library's headers may be older. Older kernels fail them.
 */
enum { GET_RSEQ = 0x420f, GET_DISPATCH = 0x4211 };

struct rseq_configuration {
	uint64_t area; /* its address, 0 for none */
	uint32_t size, signature, flags, pad;
};

struct dispatch_configuration {
	uint64_t mode; /* 0 for off */
	uint64_t selector, offset, length;
};

/*
 * The calls that return EINTR after a stop, for the kernel does not mark them:
 * signal(7) lists most of them. From SYS_read on, they do so on a socket with a
 * timeout, and on files of FUSE if their server says so.
 */
static const long unmarked[] = { ARCH_UNMARKED, SYS_epoll_pwait,
	SYS_epoll_pwait2, ARCH_TIME64(semtimedop), SYS_rt_sigtimedwait,
	ARCH_TIME64(rt_sigtimedwait), SYS_io_getevents, SYS_io_uring_enter,
	SYS_read, SYS_readv, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg,
	SYS_accept4, SYS_connect, SYS_write, SYS_writev, SYS_sendto,
	SYS_sendmsg, SYS_sendmmsg };

/* The head of an rseq area, and a critical section, in <linux/rseq.h>. */
struct rseq_area {
	uint32_t cpu_id_start, cpu_id;
	uint64_t section; /* its address, 0 for none */
};

struct rseq_section {
	uint32_t version, flags;
	uint64_t start, length, abort;
};

/* The head of a set of vector registers, in the words of <asm/ptrace.h>. */
struct vectors_head {
	unsigned size, max_size;
	unsigned short length, max_length, flags, pad;
};

void
quirks_read_call(pid_t thread, struct sleeping_call *call)
{
	unsigned long *a = call->argument;
	const char *text = process_text(thread, "syscall");
	int fields = 0;

	if (text != NULL)
		fields = sscanf(text, "%ld %lx %lx %lx %lx %lx %lx %*x %lx",
		    &call->number, a, a + 1, a + 2, a + 3, a + 4, a + 5,
		    &call->pc);
	if (fields == 8)
		return;
	/*
	 * In no call, the file has three fields: -1, the stack, the program
	 * counter. Of a thread that runs, it has none.
	 */
	call->number = -1;
	call->pc = fields == 3 ? a[1] : 0;
}

/* One that is stopped in exec() has just left it. */
static bool
sleeps_in_exec(pid_t thread, const struct sleeping_call *call)
{
	struct process now;

	return (call->number == SYS_execve || call->number == SYS_execveat) &&
	       process_read(thread, &now) == 0 &&
	       (now.state == 'S' || now.state == 'D');
}

int
quirks_await_exec(pid_t thread, int ms, struct sleeping_call *call)
{
	const struct timespec moment = { 0, EXEC_POLL_MS * 1000000L };

	quirks_read_call(thread, call);
	for (; sleeps_in_exec(thread, call); ms -= EXEC_POLL_MS) {
		if (ms <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		nanosleep(&moment, NULL);
		quirks_read_call(thread, call);
	}
	return 0;
}

void
quirks_mark_interrupted(struct tracee *tracee)
{
	struct registers *registers = &tracee->registers;
	unsigned long pc = registers->word[ARCH_PC];
	/* Ask first: the registers may change. */
	long number = arch_eintr_call(registers, &tracee->sleeping);
	bool marked = false;
	size_t i;

	if (!ARCH_MARK_COUNTS)
		arch_mark_again(registers, &tracee->sleeping,
		    memory_is_gate(&tracee->memory, pc));
	if (number == -1)
		return;
	for (i = 0; i < sizeof(unmarked) / sizeof(unmarked[0]); i++)
		marked |= number == unmarked[i];
	if (!marked)
		return;
	arch_mark(registers);
	if (ARCH_MARK_COUNTS)
		(void)tracee_set_registers(tracee, registers);
}

/* Does it have its own system calls handed to itself, as Wine does? */
static bool
dispatches_calls(const struct tracee *tracee)
{
	struct dispatch_configuration dispatch;

	return tracee_ask(tracee, GET_DISPATCH, &dispatch, sizeof(dispatch)) &&
	       dispatch.mode != 0;
}

/*
 * A program may mark a few instructions as a restartable sequence (rseq): if
 * anything comes between them, they start again at an abort address. Our calls
 * come between, and the kernel does not notice: so do what it would.
 */
static void
abort_sequence(struct tracee *tracee)
{
	struct rseq_configuration rseq;
	struct rseq_area area;
	struct rseq_section section;
	const struct memory *memory = &tracee->memory;
	unsigned long *pc = &tracee->registers.word[ARCH_PC];

	if (!tracee_ask(tracee, GET_RSEQ, &rseq, sizeof(rseq)) ||
	    rseq.area == 0 ||
	    memory_read(
		memory, (unsigned long)rseq.area, &area, sizeof(area)) == -1 ||
	    area.section == 0 ||
	    memory_read(memory, (unsigned long)area.section, &section,
		sizeof(section)) == -1)
		return;
	if (*pc - section.start < section.length)
		*pc = (unsigned long)section.abort;
}

/* Read a set of vector registers. Return its size, 0 if it is not in use. */
static size_t
read_vectors(const struct tracee *tracee, int set)
{
	const struct vectors_head *head = tracee->vectors;
	size_t size = MOST_VECTORS;

	/* Old processors and kernels have no such set. */
	if (!tracee_get_set(tracee, set, tracee->vectors, &size))
		return 0;
	return (head->flags & ARCH_VECTORS_USED) == ARCH_VECTORS_USED ? size
								      : 0;
}

/*
 * Save the vectors, if there are any that a call would clear. Return 0, or -1
 * with errno for those that cannot be put back.
 */
static int
save_vectors(struct tracee *tracee)
{
	if (ARCH_VECTORS == 0)
		return 0;
	tracee->vectors = calloc(1, MOST_VECTORS);
	if (tracee->vectors == NULL)
		return -1;
	if (read_vectors(tracee, ARCH_VECTORS_STREAMING) != 0) {
		errno = EBUSY;
		return -1;
	}
	tracee->vectors_size = read_vectors(tracee, ARCH_VECTORS);
	return 0;
}

int
quirks_prepare_calls(struct tracee *tracee)
{
	if (dispatches_calls(tracee)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (save_vectors(tracee) == -1)
		return -1;
	abort_sequence(tracee);
	return 0;
}

void
quirks_restore_vectors(const struct tracee *tracee)
{
	if (tracee->vectors_size != 0)
		(void)tracee_write_set(tracee, ARCH_VECTORS, tracee->vectors,
		    tracee->vectors_size);
}
