/*
 * faults.c makes every system call of a launch fail, one at a time, and judges
 * what comes of it: all or nothing.
 *
 *	faults [-msw] [-p PIDFILE] LAUNCHER [ARG]...
 *
 * The launcher is to start tests/programs/probe with "facts" as its argument, and with
 * -w to wait for it. With -m its memory is left alone, for a sanitizer gives
 * up when it gets none. With -s the PIDFILE, an empty file or a FIFO, is its
 * standard output. It runs once without a fault, and then once for each of
 * its calls and each error in faults.table. Its calls are those that follow
 * libc's start-up, which in turn are those that a launch has in common with a
 * command line that is refused by the parser, the first thing main() does; and
 * those of its child, up to the execve() that becomes the job. The job itself
 * is not traced.
 *
 * The facts of the job without a fault are left in "got", for the caller to
 * judge; those of all others must be the same. A file that a launch makes is
 * removed before the next, one that was there stays; an old PIDFILE has its
 * old content before each.
 */
#if !defined(__x86_64__) && !defined(__aarch64__)
#include <err.h>

int
main(void)
{
	errx(77, "the registers of this processor are not known");
}

#else
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts.h"

enum { NONE_ELSE = 0 }; /* ends a list in the table */

enum {
	LAUNCHER, /* the processes of a launch */
	CHILD,
	PROCESSES,
	CALLS_MAX = 1024,
	ERRORS_MAX = 32,
	TEXT_SIZE = 16 * 1024,
	PATIENCE = 30 /* seconds; what takes longer hangs */
};

static const struct call {
	long number;
	const char *name;
	const char *no_fault; /* why it is left alone */
	bool done; /* although it fails */
	int errors[ERRORS_MAX];
} table[] = {
#define FAILS(call, ...)                                                       \
	{ .number = SYS_##call,                                                \
		.name = #call,                                                 \
		.errors = { ENOSYS, EPERM, __VA_ARGS__ } },
#define DONE_BUT_FAILS(call, ...)                                              \
	{ .number = SYS_##call,                                                \
		.name = #call,                                                 \
		.done = true,                                                  \
		.errors = { __VA_ARGS__ } },
#define NO_FAULT(call, reason)                                                 \
	{ .number = SYS_##call, .name = #call, .no_fault = reason },
#include "faults.table"
};

/* Make this call of this process fail. */
struct fault {
	const struct call *call; /* NULL for none */
	int process;
	size_t index;
	int error;
};

/* What came of a launch. */
struct run {
	long calls[PROCESSES][CALLS_MAX];
	size_t ncalls[PROCESSES];
	pid_t pids[PROCESSES];
	bool failing[PROCESSES]; /* between entry and exit of the call */
	bool reached, hung;
	pid_t job; /* 0 if there was no exec */
	int status; /* the launcher's */
	char said[TEXT_SIZE]; /* on stdout and stderr */
};

/* The promises of a command line, beside those of all. */
static struct {
	bool waits;
	const char *pidfile;
	int output; /* open on the pidfile if that is stdout, or -1 */
	char old[64]; /* its content before the launch */
	ssize_t old_length; /* -1 for no file */
} promised = { .output = -1 };

static bool spare_memory;

/* What a launch may make. */
static struct {
	const char *name;
	bool stays; /* it was there before the first */
} files[] = { { "facts", false }, { "nohup.out", false },
	{ "home/nohup.out", false }, { "out", false }, { "err", false } };

enum { FILES = sizeof(files) / sizeof(*files) };

/* --- what depends on the processor ---------------------------------------- */

#if defined(__x86_64__)

static void
set_number(pid_t pid, long number)
{
	ptrace(
	    PTRACE_POKEUSER, pid, offsetof(struct user, regs.orig_rax), number);
}

static void
set_result(pid_t pid, long result)
{
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rax), result);
}

#else /* aarch64 */

static void
set_number(pid_t pid, long number)
{
	int value = (int)number;
	struct iovec io = { &value, sizeof(value) };

	ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &io);
}

static void
set_result(pid_t pid, long result)
{
	struct user_regs_struct regs;
	struct iovec io = { &regs, sizeof(regs) };

	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io);
	regs.regs[0] = (unsigned long)result;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
}

#endif

/* --- one launch ----------------------------------------------------------- */

static size_t
read_file(const char *name, char *text, size_t size)
{
	/* A FIFO that is empty must not hold us. */
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = fd == -1 ? -1 : read(fd, text, size - 1);

	if (fd != -1)
		close(fd);
	text[length > 0 ? length : 0] = '\0';
	return length > 0 ? (size_t)length : 0;
}

/* Bring back the state before a launch. */
static void
clean_up(void)
{
	char rest[TEXT_SIZE];
	int i, fd;

	for (i = 0; i < FILES; i++)
		if (!files[i].stays)
			unlink(files[i].name);
	if (promised.pidfile == NULL)
		return;
	if (promised.old_length == -1) {
		unlink(promised.pidfile);
		return;
	}
	if (promised.output != -1) {
		read_file(promised.pidfile, rest, sizeof(rest));
		(void)!ftruncate(promised.output, 0);
		return;
	}
	fd = open(promised.pidfile, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd == -1 || write(fd, promised.old, (size_t)promised.old_length) !=
			    promised.old_length)
		err(1, "%s", promised.pidfile);
	close(fd);
}

/*
 * Start a traced launcher that waits at the gate until it is seized. Without
 * random addresses, so that all runs make the same calls.
 */
static pid_t
start(char *const argv[], int output)
{
	int gate[2];
	char byte;
	pid_t pid;

	if (pipe2(gate, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0) {
		close(gate[1]);
		personality(ADDR_NO_RANDOMIZE);
		dup2(promised.output != -1 ? promised.output : output,
		    STDOUT_FILENO);
		dup2(output, STDERR_FILENO);
		if (read(gate[0], &byte, 1) == 0)
			execv(argv[0], argv);
		_exit(1);
	}
	close(gate[0]);
	if (ptrace(PTRACE_SEIZE, pid, NULL,
		PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
		    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		    PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL) == -1)
		err(1, "ptrace");
	close(gate[1]);
	return pid;
}

/* Note a call at its entry; at the faulted one, set its error at its exit. */
static void
on_call(struct run *run, int process, const struct fault *fault)
{
	struct __ptrace_syscall_info info;
	pid_t pid = run->pids[process];
	size_t index;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) == -1)
		return; /* killed meanwhile */
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && run->failing[process]) {
		set_result(pid, -fault->error);
		run->failing[process] = false;
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	index = run->ncalls[process]++;
	if (index < CALLS_MAX)
		run->calls[process][index] = (long)info.entry.nr;
	if (fault->call == NULL || run->reached || process != fault->process ||
	    index != fault->index || (long)info.entry.nr != fault->call->number)
		return;
	run->reached = true;
	run->failing[process] = true;
	if (!fault->call->done)
		set_number(pid, -1);
}

/* Let a stopped process go on. */
static void
on_stop(struct run *run, pid_t pid, int status, const struct fault *fault)
{
	int event = status >> 16, signal = WSTOPSIG(status);
	int process = pid == run->pids[LAUNCHER] ? LAUNCHER : CHILD;

	run->pids[process] = pid;
	if (event == PTRACE_EVENT_EXEC && process == CHILD) {
		run->job = pid;
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
		return;
	}
	if (signal == (SIGTRAP | 0x80))
		on_call(run, process, fault);
	/* Before its exec the launcher is us. */
	if (event == PTRACE_EVENT_EXEC)
		run->ncalls[process] = 0;
	ptrace(PTRACE_SYSCALL, pid, NULL,
	    event != 0 || signal == (SIGTRAP | 0x80) ? 0L : (long)signal);
}

/*
 * Until none of our descendants is left: orphans are ours, because we are a
 * subreaper, so the job has ended as well.
 */
static void
follow(struct run *run, const struct fault *fault)
{
	int status, i;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) != -1 || errno == EINTR)
		if (pid == -1) {
			run->hung = true;
			for (i = 0; i < PROCESSES; i++)
				if (run->pids[i] > 0)
					kill(run->pids[i], SIGKILL);
		} else if (WIFSTOPPED(status))
			on_stop(run, pid, status, fault);
		else if (pid == run->pids[LAUNCHER])
			run->status = status;
}

static void
launch(char *const argv[], const struct fault *fault, struct run *run)
{
	const struct itimerval patience = { { 1, 0 }, { PATIENCE, 0 } };
	const struct itimerval none = { { 0, 0 }, { 0, 0 } };
	int output[2];
	ssize_t length;

	memset(run, 0, sizeof(*run));
	clean_up();
	if (pipe2(output, O_CLOEXEC) == -1)
		err(1, "pipe");
	run->pids[LAUNCHER] = start(argv, output[1]);
	close(output[1]);
	setitimer(ITIMER_REAL, &patience, NULL);
	follow(run, fault);
	setitimer(ITIMER_REAL, &none, NULL);
	/* All writers are dead: this is all of it. */
	length = read(output[0], run->said, sizeof(run->said) - 1);
	run->said[length > 0 ? length : 0] = '\0';
	close(output[0]);
}

/* --- the verdict ---------------------------------------------------------- */

/* Does the pidfile hold what it should? */
static bool
pidfile_is(pid_t pid)
{
	char text[sizeof(promised.old)], number[32];
	size_t length = read_file(promised.pidfile, text, sizeof(text));

	if (pid == 0 && promised.old_length == -1)
		return access(promised.pidfile, F_OK) == -1;
	if (pid == 0)
		return length == (size_t)promised.old_length &&
		       memcmp(text, promised.old, length) == 0;
	snprintf(number, sizeof(number), "%ld\n", (long)pid);
	return strcmp(text, number) == 0;
}

static bool
starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Nothing was started. What is wrong with that? NULL for nothing. */
static const char *
judge_refusal(const struct run *run)
{
	if (WEXITSTATUS(run->status) < 125 || WEXITSTATUS(run->status) > 127)
		return "nothing started, and no status of 125 to 127";
	if (!starts_with(run->said, "detach: "))
		return "nothing started, and no word about it";
	if (access("facts", F_OK) == 0)
		return "nothing started, and yet there are facts";
	if (promised.pidfile != NULL && !pidfile_is(0))
		return "nothing started, and the pidfile is not as it was";
	return NULL;
}

/*
 * The job was started. A waiter that loses sight of it says so: nobody can
 * know the status then.
 */
static const char *
judge_start(const struct run *run, const struct fault *fault,
    const char *golden_facts, const struct run *golden)
{
	char facts[FACTS_SIZE];
	bool lost =
	    promised.waits && starts_with(run->said, "detach: wait for PID ");
	bool unprinted = starts_with(run->said, "detach: -p - for PID ");
	bool mute =
	    strcmp(fault->call->name, "write") == 0 && run->said[0] == '\0';

	facts_read(run->job, facts);
	if (strcmp(facts, golden_facts) != 0)
		return "a job with other facts";
	if (promised.pidfile != NULL && !unprinted && !pidfile_is(run->job))
		return "a job, and not its PID in the pidfile";
	if (WEXITSTATUS(run->status) != (lost ? 125 : 0))
		return "a job, and a status that denies it";
	if (!lost && !mute && !unprinted &&
	    strncmp(run->said, golden->said, strlen("detach: PID ")) != 0)
		return "a job, and another message than without a fault";
	return NULL;
}

static const char *
judge(const struct run *run, const struct fault *fault,
    const char *golden_facts, const struct run *golden)
{
	const char *end = strchr(run->said, '\n');

	if (run->hung)
		return "hangs";
	if (!run->reached)
		return "not reached";
	if (!WIFEXITED(run->status))
		return "crashed";
	if (run->said[0] != '\0' && (end == NULL || end[1] != '\0'))
		return "not one line";
	return run->job == 0 ? judge_refusal(run)
			     : judge_start(run, fault, golden_facts, golden);
}

/* --- all faults ----------------------------------------------------------- */

static struct {
	size_t tried, ran, refused, lost, violations;
} count;

static const struct call *
look_up(long number)
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].number == number)
			return &table[i];
	return NULL;
}

static void
try_fault(char *const argv[], const struct fault *fault,
    const char *golden_facts, const struct run *golden)
{
	static struct run run;
	const char *violation;

	launch(argv, fault, &run);
	violation = judge(&run, fault, golden_facts, golden);
	count.tried++;
	if (run.job == 0)
		count.refused++;
	else if (WEXITSTATUS(run.status) == 0)
		count.ran++;
	else
		count.lost++;
	if (violation == NULL)
		return;
	count.violations++;
	printf("%s, call %zu, %s: %s: %s (status 0x%x) %s\n",
	    fault->process == LAUNCHER ? "launcher" : "child", fault->index,
	    fault->call->name, strerror(fault->error), violation,
	    (unsigned)run.status, run.said);
}

/* Complain of a call that the table lacks, once for each. */
static void
not_in_table(long number)
{
	static long told[CALLS_MAX];
	static size_t ntold;
	size_t i;

	for (i = 0; i < ntold; i++)
		if (told[i] == number)
			return;
	if (ntold < CALLS_MAX)
		told[ntold++] = number;
	count.violations++;
	printf("not in the table: system call %ld\n", number);
}

/* The calls of one process, from the first that is not libc's. */
static void
try_calls(char *const argv[], int process, size_t first,
    const char *golden_facts, const struct run *golden)
{
	struct fault fault = { .process = process };
	const int *error;

	for (fault.index = first; fault.index < golden->ncalls[process];
	     fault.index++) {
		fault.call = look_up(golden->calls[process][fault.index]);
		if (fault.call == NULL) {
			not_in_table(golden->calls[process][fault.index]);
			continue;
		}
		if (fault.call->no_fault != NULL ||
		    (spare_memory && (fault.call->number == SYS_mmap ||
					 fault.call->number == SYS_munmap)))
			continue;
		for (error = fault.call->errors; *error != 0; error++) {
			fault.error = *error;
			try_fault(argv, &fault, golden_facts, golden);
		}
	}
}

/* How many calls does libc make before main()? */
static size_t
start_up(char *launcher, const struct run *golden)
{
	static struct run refused;
	char *argv[] = { launcher, NULL };
	const struct fault none = { .call = NULL };
	size_t same = 0;

	launch(argv, &none, &refused);
	if (!starts_with(refused.said, "detach: no command"))
		errx(1, "no command: %s", refused.said);
	while (same < refused.ncalls[LAUNCHER] &&
	       refused.calls[LAUNCHER][same] == golden->calls[LAUNCHER][same])
		same++;
	return same;
}

/* Note what is there, for each launch to find the same. */
static void
look_around(void)
{
	int i;

	for (i = 0; i < FILES; i++)
		files[i].stays = access(files[i].name, F_OK) == 0;
	if (promised.pidfile == NULL)
		return;
	promised.old_length = access(promised.pidfile, F_OK) == -1
				  ? -1
				  : (ssize_t)read_file(promised.pidfile,
					promised.old, sizeof(promised.old));
}

static void
wake(int signal)
{
	(void)signal; /* waitpid() ends with EINTR, that is all */
}

int
main(int argc, char *argv[])
{
	static struct run golden;
	static char facts[FACTS_SIZE];
	const struct fault none = { .call = NULL };
	const struct sigaction interrupt = { .sa_handler = wake };
	bool stdout_is_pidfile = false;
	size_t first;
	int option;

	while ((option = getopt(argc, argv, "+mswp:")) != -1) {
		if (option == '?')
			return 1;
		if (option == 'm')
			spare_memory = true;
		else if (option == 's')
			stdout_is_pidfile = true;
		else if (option == 'w')
			promised.waits = true;
		else
			promised.pidfile = optarg;
	}
	argv += optind;
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGALRM, &interrupt, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (stdout_is_pidfile &&
	    (promised.output = open(promised.pidfile,
		 O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK)) == -1)
		err(1, "%s", promised.pidfile);
	look_around();
	launch(argv, &none, &golden);
	if (golden.status != 0 || golden.job == 0 ||
	    golden.ncalls[LAUNCHER] > CALLS_MAX)
		errx(1, "does not start: %s", golden.said);
	facts_read(golden.job, facts);
	if (rename("facts", "got") == -1)
		err(1, "facts");
	first = start_up(argv[0], &golden);
	try_calls(argv, LAUNCHER, first, facts, &golden);
	try_calls(argv, CHILD, 0, facts, &golden);
	printf("%zu calls of the launcher after %zu of libc's start-up, %zu of "
	       "its child: %zu faults, %zu jobs, %zu refusals, %zu jobs out of "
	       "sight, %zu violations\n",
	    golden.ncalls[LAUNCHER] - first, first, golden.ncalls[CHILD],
	    count.tried, count.ran, count.refused, count.lost,
	    count.violations);
	return count.violations == 0 && count.tried > 0 ? 0 : 1;
}

#endif
