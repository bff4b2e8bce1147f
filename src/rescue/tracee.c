/*
 * tracee.c owns ptrace: it stops a thread, lets it make system calls on our
 * behalf, and puts it back where it was.
 *
 * A stopped thread is on its way from the kernel back to its program. Its
 * registers are what the program will find there. To have it make a call, we
 * exchange them for a call's number and arguments, with the program counter on
 * a system call instruction that its memory has anyway; nothing of its code,
 * stack or data is touched. The kernel then stops it twice for us, as the call
 * begins and as it ends. All its signals are blocked meanwhile, so that no
 * handler runs in between; they stay pending.
 */
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "rescue/memory.h"
#include "rescue/process.h"
#include "rescue/tracee.h"

/* Linux 5.1 and 5.11; the C library's headers may be older. */
#ifndef SYS_io_uring_enter
#define SYS_io_uring_enter 426
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

enum {
	/* What PTRACE_O_TRACESYSGOOD makes of a stop at a call. */
	CALL_STOP = SIGTRAP | 0x80,
	FOREVER = -1,
	LOOK_AGAIN_MS = 20, /* for what no signal tells */
	EXEC_MS = 1, /* for exec() to get on */
};

/* In nanoseconds. */
static const long long MILLISECOND = 1000000;

/* Linux 5.13, in <linux/ptrace.h>; the C library's headers may be older. */
struct rseq_configuration {
	uint64_t area;
	uint32_t size, signature, flags, pad;
};

/* The head of an rseq area, and of a critical section, in <linux/rseq.h>. */
struct rseq_area {
	uint32_t cpu_id_start, cpu_id;
	uint64_t section;
};

struct rseq_section {
	uint32_t version, flags;
	uint64_t start, length, abort;
};

/*
 * The calls that return EINTR after every stop, for the kernel does not mark
 * them: signal(7) lists most of them.
 */
static const long unmarked[] = {
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
	SYS_epoll_pwait, SYS_epoll_pwait2, SYS_semop, SYS_semtimedop,
	SYS_rt_sigtimedwait, SYS_io_getevents, SYS_io_uring_enter
};

/* Those that do so on a socket with a timeout; on others, they are marked. */
static const long unmarked_on_socket[] = { SYS_read, SYS_readv, SYS_recvfrom,
	SYS_recvmsg, SYS_recvmmsg, SYS_accept, SYS_accept4, SYS_connect,
	SYS_write, SYS_writev, SYS_sendto, SYS_sendmsg, SYS_sendmmsg };

/* The head of a set of vector registers, in the words of <asm/ptrace.h>. */
struct vectors_head {
	unsigned size, max_size;
	unsigned short length, max_length, flags, pad;
};

/* Note that it can no longer be held. Return -1, always. */
static int
lose(struct tracee *tracee)
{
	tracee->gone = true;
	errno = ESRCH;
	return -1;
}

/*
 * Wait for the next stop, for so many milliseconds at most. SIGCHLD, which is
 * blocked, tells of it; but nothing tells that exec() by another thread has
 * taken the PID, and a waitpid() that slept then would sleep for ever. Return
 * the status, or -1 with errno.
 */
static int
next_stop(struct tracee *tracee, int ms)
{
	const long long deadline = clock_now() + ms * MILLISECOND;
	long long again;
	int status;
	pid_t found;

	for (;;) {
		found = waitpid(tracee->pid, &status, __WALL | WNOHANG);
		if (found > 0 && WIFSTOPPED(status))
			return status;
		if (found != 0)
			return lose(tracee);
		again = clock_now();
		if (ms != FOREVER && again >= deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
		again += LOOK_AGAIN_MS * MILLISECOND;
		(void)clock_wait_for_child(
		    ms == FOREVER || again < deadline ? again : deadline);
	}
}

/* A stop as PTRACE_INTERRUPT and stopping signals make it. */
static bool
is_event_stop(int status)
{
	return status >> 16 == PTRACE_EVENT_STOP;
}

/* The signal that is on its way to it, 0 for a stop of another kind. */
static int
signal_of(int status)
{
	return status >> 16 == 0 ? WSTOPSIG(status) : 0;
}

/*
 * Let it go on, with a signal or 0, until the next stop of whatever kind; one
 * at a call only counts if asked for. Return its status, or -1 with errno.
 */
static int
go_on(struct tracee *tracee, bool calls, int number)
{
	unsigned long with = (unsigned long)number;
	long done = calls ? ptrace(PTRACE_SYSCALL, tracee->pid, NULL, with)
			  : ptrace(PTRACE_CONT, tracee->pid, NULL, with);

	/* After ESRCH, which a SIGKILL makes, the wait finds out. */
	if (done == -1 && errno != ESRCH)
		return -1;
	return next_stop(tracee, FOREVER);
}

/* A SIGSYS that somebody has sent comes again when it is let go. */
static void
note_signal(struct tracee *tracee, int number)
{
	siginfo_t info;

	if (number == SIGSYS &&
	    ptrace(PTRACE_GETSIGINFO, tracee->pid, NULL, &info) == 0 &&
	    info.si_code <= 0)
		tracee->hit = true;
}

/*
 * Let it go on to the begin or the end of a call. Between the two it may stop
 * for SIGSTOP, the one signal that cannot be blocked: it gets it, and as a
 * traced process it still does what we want while its job counts as stopped.
 * Any other signal is a fault of this call, which then fails: SIGSYS, where
 * the kernel has handed it to the program or a filter has stopped it.
 */
static int
reach_call_stop(struct tracee *tracee)
{
	int status, number = 0;

	for (;;) {
		status = go_on(tracee, true, number);
		if (status == -1)
			return -1;
		if (WSTOPSIG(status) == CALL_STOP)
			return 0;
		number = 0;
		if (is_event_stop(status))
			continue;
		if (WSTOPSIG(status) != SIGSTOP) {
			note_signal(tracee, WSTOPSIG(status));
			errno = EOPNOTSUPP;
			return -1;
		}
		number = SIGSTOP;
	}
}

/* Let it go on to the place where an interrupted call is dealt with. */
static int
reach_event_stop(struct tracee *tracee)
{
	int status, number = 0;

	if (ptrace(PTRACE_INTERRUPT, tracee->pid, NULL, NULL) == -1)
		return lose(tracee);
	do {
		status = go_on(tracee, false, number);
		if (status == -1)
			return -1;
		number = signal_of(status);
	} while (!is_event_stop(status));
	return 0;
}

/* The registers; a program of another word size has fewer or smaller ones. */
static int
get_registers(struct tracee *tracee, struct registers *registers)
{
	struct iovec part = { registers, sizeof(*registers) };

	if (ptrace(PTRACE_GETREGSET, tracee->pid, (void *)NT_PRSTATUS, &part) ==
	    -1)
		return lose(tracee);
	if (part.iov_len != sizeof(*registers)) {
		errno = ENOEXEC;
		return -1;
	}
	return 0;
}

static int
set_registers(struct tracee *tracee, struct registers *registers)
{
	struct iovec part = { registers, sizeof(*registers) };

	if (ptrace(PTRACE_SETREGSET, tracee->pid, (void *)NT_PRSTATUS, &part) ==
	    -1)
		return lose(tracee);
	return 0;
}

static int
set_mask(struct tracee *tracee, uint64_t mask)
{
	if (ptrace(PTRACE_SETSIGMASK, tracee->pid, (void *)sizeof(mask),
		&mask) == -1)
		return lose(tracee);
	return 0;
}

/* The call it sleeps in; some processors do not show it at a stop. */
static void
look_at_sleep(struct tracee *tracee)
{
	struct sleeping_call *call = &tracee->sleeping;
	unsigned long *a = call->argument;
	FILE *file = process_open(tracee->pid, "syscall");
	int fields = 0;

	if (file != NULL) {
		fields = fscanf(file, "%ld %lx %lx %lx %lx %lx %lx %*x %lx",
		    &call->number, a, a + 1, a + 2, a + 3, a + 4, a + 5,
		    &call->pc);
		fclose(file);
	}
	if (fields == 8)
		return;
	/* In no call: -1, the stack, the program counter. Or it runs. */
	call->number = -1;
	call->pc = fields == 3 ? a[1] : 0;
}

/*
 * A program may mark a few instructions as a restartable sequence: if anything
 * comes between them, they start again from the section's abort address. Our
 * calls come between, and leave the kernel no way to know it.
 */
static void
leave_section(struct tracee *tracee)
{
	const int get_configuration = 0x420f;
	struct rseq_configuration configuration;
	struct rseq_area area;
	struct rseq_section section;
	const struct memory *memory = &tracee->memory;

	if (ptrace(get_configuration, tracee->pid,
		(void *)sizeof(configuration),
		&configuration) != sizeof(configuration) ||
	    configuration.area == 0 ||
	    memory_read(memory, configuration.area, &area, sizeof(area)) ==
		-1 ||
	    area.section == 0 ||
	    memory_read(memory, area.section, &section, sizeof(section)) == -1)
		return;
	if (arch_pc(&tracee->registers) - section.start < section.length)
		arch_set_pc(&tracee->registers, (unsigned long)section.abort);
}

/*
 * Some calls return EINTR after every stop, where others are made again. No
 * program expects that of a signal that never was: mark those like the others.
 */
static void
mark_interrupted_call(struct tracee *tracee)
{
	unsigned long argument;
	long number =
	    arch_eintr_call(&tracee->registers, &tracee->sleeping, &argument);
	size_t i;

	arch_mark_again(&tracee->registers, &tracee->sleeping,
	    memory_is_gate(&tracee->memory, arch_pc(&tracee->registers)));
	if (number == -1)
		return;
	for (i = 0; i < sizeof(unmarked) / sizeof(long); i++)
		if (number == unmarked[i])
			arch_mark(&tracee->registers);
	for (i = 0; i < sizeof(unmarked_on_socket) / sizeof(long); i++)
		if (number == unmarked_on_socket[i] &&
		    process_is_socket(tracee->pid, (int)argument))
			arch_mark(&tracee->registers);
}

/* Wait for the stop that was asked for, with all else it does on the way. */
static int
await_interrupt(struct tracee *tracee, int ms)
{
	int status;

	while ((status = next_stop(tracee, ms)) != -1) {
		if (is_event_stop(status)) {
			tracee->stopped = WSTOPSIG(status) != SIGTRAP;
			return 0;
		}
		if (ptrace(PTRACE_CONT, tracee->pid, NULL,
			(unsigned long)signal_of(status)) == -1 &&
		    errno != ESRCH)
			return -1;
	}
	return -1;
}

/* Does it have its own system calls handed to itself, as Wine does? */
static bool
dispatches_calls(const struct tracee *tracee)
{
	/* Linux 6.4, in <linux/ptrace.h>. */
	const int get_configuration = 0x4211;
	struct {
		uint64_t mode, selector, offset, length;
	} configuration;

	return ptrace(get_configuration, tracee->pid,
		   (void *)sizeof(configuration), &configuration) == 0 &&
	       configuration.mode != 0;
}

/*
 * Save the vectors, if there are any that a call would clear. Return 0, or -1
 * with errno for those that cannot be put back.
 */
static int
save_vectors(struct tracee *tracee)
{
	const size_t most = 65536;
	struct vectors_head *head;
	struct iovec part;

	if (ARCH_VECTORS == 0)
		return 0;
	head = calloc(1, most);
	tracee->vectors = head;
	if (head == NULL)
		return -1;
	part = (struct iovec){ head, most };
	/* The first flag: the set is in use. Old processors have none. */
	if (ptrace(PTRACE_GETREGSET, tracee->pid,
		(void *)(long)ARCH_VECTORS_STREAMING, &part) == 0 &&
	    (head->flags & 1) != 0) {
		errno = EBUSY;
		return -1;
	}
	part = (struct iovec){ head, most };
	if (ptrace(PTRACE_GETREGSET, tracee->pid, (void *)(long)ARCH_VECTORS,
		&part) == 0 &&
	    (head->flags & 1) != 0)
		tracee->vectors_size = part.iov_len;
	return 0;
}

static void
restore_vectors(struct tracee *tracee)
{
	struct iovec part = { tracee->vectors, tracee->vectors_size };

	if (tracee->vectors_size != 0)
		ptrace(PTRACE_SETREGSET, tracee->pid,
		    (void *)(long)ARCH_VECTORS, &part);
}

/* Learn what else calls must leave as it was. Return 0, or -1 with errno. */
static int
prepare_calls(struct tracee *tracee)
{
	/* Only now: what is opened stays the memory of before an exec. */
	if (memory_open(&tracee->memory, tracee->pid) == -1)
		return -1;
	if (dispatches_calls(tracee)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (save_vectors(tracee) == -1)
		return -1;
	leave_section(tracee);
	return 0;
}

/* Learn what must be put back. Return 0, or -1 with errno. */
static int
take_over(struct tracee *tracee)
{
	bool calls = tracee->pid == tracee->process || !ARCH_MARK_COUNTS;
	int error = 0;

	if (ptrace(PTRACE_GETSIGMASK, tracee->pid, (void *)sizeof(tracee->mask),
		&tracee->mask) == -1)
		return lose(tracee);
	if (calls && prepare_calls(tracee) == -1)
		error = errno;
	mark_interrupted_call(tracee);
	errno = error;
	return error == 0 ? 0 : -1;
}

/* Forget it; what it is doing then does not change. */
static void
forget(struct tracee *tracee)
{
	memory_close(&tracee->memory);
	free(tracee->vectors);
	tracee->vectors = NULL;
	tracee->held = false;
	/* One that has been killed is ours to wait for. */
	if (tracee->gone)
		tracee->late = true;
}

void
tracee_drop(struct tracee *tracee)
{
	if (ARCH_MARK_COUNTS)
		(void)set_registers(tracee, &tracee->registers);
	if (ptrace(PTRACE_DETACH, tracee->pid, NULL, NULL) == -1)
		(void)lose(tracee);
	forget(tracee);
}

/* Does it sleep in exec()? One that is stopped has just left it. */
static bool
sleeps_in_exec(struct tracee *tracee)
{
	struct process now;

	look_at_sleep(tracee);
	return (tracee->sleeping.number == ARCH_CALL(execve) ||
		   tracee->sleeping.number == ARCH_CALL(execveat)) &&
	       process_read(tracee->pid, &now) == 0 &&
	       (now.state == 'S' || now.state == 'D');
}

/*
 * Who is in exec() holds a lock that PTRACE_SEIZE sleeps for, without limit: the
 * program may be on a file server that does not answer. Wait so many
 * milliseconds at most. Return 0, or -1 with errno. (One that calls exec() just
 * then still does it, but most programs are there.)
 */
static int
await_exec(struct tracee *tracee, int ms)
{
	const struct timespec moment = { 0, EXEC_MS * MILLISECOND };

	for (; sleeps_in_exec(tracee); ms -= EXEC_MS) {
		if (ms <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		nanosleep(&moment, NULL);
	}
	return 0;
}

/* Ask it to stop. Return 0, or -1 with errno. */
static int
interrupt(struct tracee *tracee)
{
	/* Without PTRACE_O_EXITKILL: our death must not be its own. */
	if (ptrace(PTRACE_SEIZE, tracee->pid, NULL,
		(void *)PTRACE_O_TRACESYSGOOD) == -1)
		return -1;
	look_at_sleep(tracee);
	if (ptrace(PTRACE_INTERRUPT, tracee->pid, NULL, NULL) == -1)
		return lose(tracee);
	return 0;
}

int
tracee_stop(struct tracee *tracee, pid_t process, pid_t thread, int ms)
{
	int error;

	*tracee = (struct tracee){
		.process = process, .pid = thread, .memory.fd = -1
	};
	/* Until then it is not ours. */
	if (await_exec(tracee, ms) == -1)
		return -1;
	if (interrupt(tracee) == -1 || await_interrupt(tracee, ms) == -1) {
		tracee->late = tracee->gone || errno == ETIMEDOUT;
		return -1;
	}
	if (get_registers(tracee, &tracee->registers) == -1) {
		error = errno;
		if (ptrace(PTRACE_DETACH, thread, NULL, NULL) == -1)
			(void)lose(tracee);
		forget(tracee);
	} else if (take_over(tracee) == 0) {
		tracee->held = true;
		return 0;
	} else {
		error = errno;
		tracee_drop(tracee);
	}
	errno = error;
	return -1;
}

/* What it does now, if it is late: as waitpid(). */
static pid_t
look_at_late(struct tracee *tracee, int *status)
{
	pid_t found = waitpid(tracee->pid, status, __WALL | WNOHANG);

	if (found != -1 || tracee->pid == tracee->process)
		return found;
	/* With exec() it has got the PID of the process, and is still ours. */
	tracee->pid = tracee->process;
	ptrace(PTRACE_INTERRUPT, tracee->pid, NULL, NULL);
	return waitpid(tracee->pid, status, __WALL | WNOHANG);
}

void
tracee_let_go(struct tracee *tracee)
{
	int status, number;
	pid_t found;

	if (!tracee->late)
		return;
	found = look_at_late(tracee, &status);
	if (found == 0)
		return;
	tracee->late = false;
	if (found == -1 || !WIFSTOPPED(status))
		return;
	number = signal_of(status);
	if (ARCH_MARK_COUNTS && number == 0 &&
	    get_registers(tracee, &tracee->registers) == 0) {
		mark_interrupted_call(tracee);
		(void)set_registers(tracee, &tracee->registers);
	}
	/* If it has been killed, it is still ours to wait for. */
	tracee->late = ptrace(PTRACE_DETACH, tracee->pid, NULL,
			   (unsigned long)number) == -1;
}

long
tracee_call(struct tracee *tracee, long number, const unsigned long argument[6])
{
	/*
	 * The kernel would have a program killed that blocks a SIGSYS for a
	 * call that is not allowed.
	 */
	const uint64_t system = (uint64_t)1 << (SIGSYS - 1);
	struct registers registers;
	int tries = 100;
	long result;

	if (!tracee->used) {
		tracee->used = true;
		if (set_mask(tracee, tracee->mask | ~system) == -1)
			return -errno;
	}
	/*
	 * A SIGSTOP can interrupt a call; nobody but us makes it again. But
	 * one that closes has closed, whatever it says.
	 */
	do {
		registers = tracee->registers;
		arch_set_call(
		    &registers, tracee->memory.gate, number, argument);
		if (tracee->gone || set_registers(tracee, &registers) == -1 ||
		    reach_call_stop(tracee) == -1 ||
		    reach_call_stop(tracee) == -1 ||
		    get_registers(tracee, &registers) == -1)
			return -errno;
		result = arch_result(&registers);
	} while (number != ARCH_CALL(close) && tries-- > 0 &&
		 (result == -EINTR || (result <= -RESTART_IF_ALLOWED &&
					  result >= -RESTART_WITH_REST)));
	return result;
}

/*
 * The kernel looks for the mark of an interrupted call only as it deals with
 * signals, so the process must get there with its own registers: at the end of
 * a call they are put back, and a new interrupt stops it at that place, where
 * its signals are unblocked. The call has the first argument of the
 * interrupted one, because on some processors that is where the kernel keeps
 * the argument from.
 */
void
tracee_release(struct tracee *tracee)
{
	const unsigned long argument[6] = { tracee->sleeping.argument[0] };

	if (!tracee->used && ARCH_MARK_COUNTS) {
		tracee_drop(tracee);
		return;
	}
	(void)tracee_call(tracee, ARCH_CALL(getpid), argument);
	if (!tracee->gone && set_registers(tracee, &tracee->registers) == 0) {
		restore_vectors(tracee);
		if (reach_event_stop(tracee) == 0 &&
		    set_mask(tracee, tracee->mask) == 0 &&
		    ptrace(PTRACE_DETACH, tracee->pid, NULL, NULL) == -1)
			(void)lose(tracee);
		if (tracee->hit)
			kill(tracee->process, SIGSYS);
	}
	forget(tracee);
}
