/*
 * tracee.c owns ptrace: it stops a process, lets it make system calls on our
 * behalf, and puts it back where it was.
 *
 * A stopped process is on its way from the kernel back to its program. Its
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
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "tracee.h"

enum {
	/* What PTRACE_O_TRACESYSGOOD makes of a stop at a call. */
	CALL_STOP = SIGTRAP | 0x80,
	FOREVER = -1,
};

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

/* Note that the process is no longer ours. Return -1, always. */
static int
lose(struct tracee *tracee)
{
	tracee->gone = true;
	errno = ESRCH;
	return -1;
}

static long long
now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/*
 * Wait for the next stop, for so many milliseconds at most. SIGCHLD, which is
 * blocked, tells of it. Return the status, or -1 with errno.
 */
static int
next_stop(struct tracee *tracee, int ms)
{
	const long long deadline = now_ms() + ms;
	struct timespec rest;
	sigset_t child;
	long long left;
	int status;
	pid_t found;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		found = waitpid(tracee->pid, &status,
		    __WALL | (ms == FOREVER ? 0 : WNOHANG));
		if (found > 0 && WIFSTOPPED(status))
			return status;
		/* ECHILD: exec by another thread has taken its place. */
		if (found != 0)
			return lose(tracee);
		left = deadline - now_ms();
		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		rest.tv_sec = (time_t)(left / 1000);
		rest.tv_nsec = (long)(left % 1000 * 1000000);
		sigtimedwait(&child, NULL, &rest);
	}
}

/* A stop as PTRACE_INTERRUPT and stopping signals make it. */
static bool
is_event_stop(int status)
{
	return status >> 16 == PTRACE_EVENT_STOP;
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
		number = is_event_stop(status) ? 0 : WSTOPSIG(status);
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
 * Find the instruction between two addresses. Return its address, or 0. Not all
 * of a large mapping is read: it need not be a program's.
 */
static unsigned long
find_gate_in(struct tracee *tracee, unsigned long from, unsigned long to)
{
	const unsigned long most = 16UL << 20;
	unsigned char bytes[65536];
	const size_t size = sizeof(arch_gate);
	ssize_t length;
	size_t i;

	if (to - from > most)
		to = from + most;
	for (; from < to; from += (size_t)length - size + 1) {
		length =
		    pread(tracee->memory, bytes, sizeof(bytes), (off_t)from);
		if (length < (ssize_t)size)
			return 0;
		for (i = 0; i + size <= (size_t)length && from + i < to; i++)
			if ((from + i) % ARCH_ALIGNMENT == 0 &&
			    memcmp(bytes + i, arch_gate, size) == 0)
				return from + i;
	}
	return 0;
}

/*
 * A mapping that may have one, from a line of the maps file: the vDSO, which is
 * the kernel's own part of every program, or else code from a file. (What is in
 * [vsyscall] is emulated, not executed.)
 */
static bool
is_code(const char *line, bool any, unsigned long *from, unsigned long *to)
{
	char rights[5], name[16] = "";
	unsigned long inode;

	if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %lu %15s", from, to, rights,
		&inode, name) < 4 ||
	    rights[0] != 'r' || rights[2] != 'x')
		return false;
	return any ? inode != 0 : inode == 0 && strcmp(name, "[vdso]") == 0;
}

/* Find a system call instruction in its memory. Return 0, or -1 with errno. */
static int
find_gate(struct tracee *tracee)
{
	FILE *maps = process_open(tracee->pid, "maps");
	unsigned long from, to;
	size_t room = 0;
	char *line = NULL;
	int any;

	tracee->gate = 0;
	for (any = 0; maps != NULL && any < 2; any++) {
		rewind(maps);
		while (tracee->gate == 0 && getline(&line, &room, maps) != -1)
			if (is_code(line, any, &from, &to))
				tracee->gate = find_gate_in(tracee, from, to);
	}
	free(line);
	if (maps != NULL)
		fclose(maps);
	errno = ENOSYS;
	return tracee->gate == 0 ? -1 : 0;
}

/* Is there such an instruction at that address? */
static bool
is_gate(const struct tracee *tracee, unsigned long address)
{
	unsigned char bytes[sizeof(arch_gate)];

	return pread(tracee->memory, bytes, sizeof(bytes), (off_t)address) ==
		   sizeof(bytes) &&
	       memcmp(bytes, arch_gate, sizeof(bytes)) == 0;
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
	int memory = tracee->memory;

	if (ptrace(get_configuration, tracee->pid,
		(void *)sizeof(configuration),
		&configuration) != sizeof(configuration) ||
	    configuration.area == 0 ||
	    pread(memory, &area, sizeof(area), (off_t)configuration.area) !=
		sizeof(area) ||
	    area.section == 0 ||
	    pread(memory, &section, sizeof(section), (off_t)area.section) !=
		sizeof(section))
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
	    arch_eintr(&tracee->registers, &tracee->sleeping, &argument);
	size_t i;

	arch_remark(&tracee->registers, &tracee->sleeping,
	    is_gate(tracee, arch_pc(&tracee->registers)));
	if (number == -1)
		return;
	for (i = 0; i < sizeof(arch_unmarked) / sizeof(long); i++)
		if (number == arch_unmarked[i])
			arch_mark(&tracee->registers);
	for (i = 0; i < sizeof(arch_unmarked_on_socket) / sizeof(long); i++)
		if (number == arch_unmarked_on_socket[i] &&
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
		/* A signal was just on its way to it. */
		if (ptrace(PTRACE_CONT, tracee->pid, NULL,
			(unsigned long)WSTOPSIG(status)) == -1 &&
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

/* Learn what must be put back. */
static int
take_over(struct tracee *tracee)
{
	char path[64];
	int error;

	if (ptrace(PTRACE_GETSIGMASK, tracee->pid, (void *)sizeof(tracee->mask),
		&tracee->mask) == -1)
		return lose(tracee);
	/* Only now: what is opened stays the memory of before an exec. */
	snprintf(path, sizeof(path), "/proc/%ld/mem", (long)tracee->pid);
	tracee->memory = open(path, O_RDWR | O_CLOEXEC);
	error = errno;
	mark_interrupted_call(tracee);
	if (tracee->memory == -1) {
		errno = error;
		return -1;
	}
	if (find_gate(tracee) == -1)
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

/* Forget it; what it is doing then does not change. */
static void
forget(struct tracee *tracee)
{
	if (tracee->memory != -1)
		close(tracee->memory);
	tracee->memory = -1;
	free(tracee->vectors);
	tracee->vectors = NULL;
}

void
tracee_drop(struct tracee *tracee)
{
	if (ARCH_LATE_MARK)
		(void)set_registers(tracee, &tracee->registers);
	ptrace(PTRACE_DETACH, tracee->pid, NULL, NULL);
	forget(tracee);
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
tracee_stop(struct tracee *tracee, pid_t pid, int ms)
{
	int error;

	*tracee = (struct tracee){ .pid = pid, .memory = -1 };
	if (interrupt(tracee) == -1)
		return -1;
	if (await_interrupt(tracee, ms) == -1) {
		tracee->late = errno == ETIMEDOUT;
		return -1;
	}
	if (get_registers(tracee, &tracee->registers) == -1) {
		error = errno;
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	} else if (take_over(tracee) == 0)
		return 0;
	else {
		error = errno;
		tracee_drop(tracee);
	}
	errno = error;
	return -1;
}

void
tracee_let_go(struct tracee *tracee)
{
	int status, number;
	pid_t found = 0;

	if (tracee->late)
		found = waitpid(tracee->pid, &status, __WALL | WNOHANG);
	if (found == 0)
		return;
	tracee->late = false;
	if (found == -1 || !WIFSTOPPED(status))
		return;
	number = is_event_stop(status) ? 0 : WSTOPSIG(status);
	if (ARCH_LATE_MARK && number == 0 &&
	    get_registers(tracee, &tracee->registers) == 0) {
		mark_interrupted_call(tracee);
		(void)set_registers(tracee, &tracee->registers);
	}
	ptrace(PTRACE_DETACH, tracee->pid, NULL, (unsigned long)number);
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
		arch_set_call(&registers, tracee->gate, number, argument);
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

int
tracee_write(struct tracee *tracee, unsigned long address, const void *bytes,
    size_t length)
{
	ssize_t written = pwrite(tracee->memory, bytes, length, (off_t)address);

	if (written == (ssize_t)length)
		return 0;
	if (written != -1)
		errno = EIO;
	return -1;
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

	if (!tracee->used && ARCH_LATE_MARK) {
		tracee_drop(tracee);
		return;
	}
	(void)tracee_call(tracee, ARCH_CALL(getpid), argument);
	if (!tracee->gone && set_registers(tracee, &tracee->registers) == 0) {
		restore_vectors(tracee);
		if (reach_event_stop(tracee) == 0 &&
		    set_mask(tracee, tracee->mask) == 0)
			ptrace(PTRACE_DETACH, tracee->pid, NULL, NULL);
		if (tracee->hit)
			kill(tracee->pid, SIGSYS);
	}
	forget(tracee);
}
