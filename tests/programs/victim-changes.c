/*
 * victim-changes.c: victims that change something of their own when a test
 * tells them to, in the middle of a rescue.
 */
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "victim.h"

/* Linux 5.9; the C library's headers may be older. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/*
 * Be rescued many times. A byte from the FIFO "again" undoes a rescue: the
 * terminal comes back on descriptors 0, 1 and a third, SIGHUP gets its default
 * action, and "done" says "ok". The byte x ends it.
 */
static void
be_again(int third)
{
	int again = open("again", O_RDWR | O_CLOEXEC), fd;
	const char *name = ttyname(0);
	char byte;

	if (again == -1 || name == NULL)
		err(1, "again");
	name = strdup(name);
	ready();
	while (read(again, &byte, 1) == 1 && byte != 'x') {
		signal(SIGHUP, SIG_DFL);
		fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (fd == -1 || dup2(fd, 0) == -1 || dup2(fd, 1) == -1 ||
		    dup2(fd, third) == -1)
			err(1, "%s", name);
		close(fd);
		tell("done", "ok\n");
	}
	expect(byte, 'x');
	if (handled != 0)
		fail("handled %d", (int)handled);
}

void
block_again(void)
{
	handle(SIGUSR1, SA_RESTART);
	handle(SIGSYS, SA_RESTART);
	be_again(1);
}

/* In another thread: at each SIGUSR1, descriptor 50 becomes a file. */
static void *
exchange(void *argument)
{
	const sigset_t set = hold(SIGUSR1);
	int kept = open("kept", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)argument;
	for (;;)
		if (sigwaitinfo(&set, NULL) == -1 || dup2(kept, 50) == -1)
			err(1, "exchange");
}

/* Here descriptor 50 is the terminal until then. */
void
block_exchange(void)
{
	hold(SIGUSR1);
	start_thread(exchange);
	be_again(50);
}

/* At SIGUSR1, call exec and become the victim "read". */
void
block_exec(void)
{
	const sigset_t set = hold(SIGUSR1);

	ready();
	expect(sigwaitinfo(&set, NULL), SIGUSR1);
	execl("/proc/self/exe", "victim", "read", (char *)NULL);
	err(1, "exec");
}

/* What the process and its tracer tell each other. */
static int to_tracer[2], from_tracer[2];

/*
 * Hold one thread at its end, until somebody opens the FIFO "go". That it has come
 * there is what "held" tells.
 */
static _Noreturn void
trace_spinner(void)
{
	const pid_t process = getppid();
	char text[32];
	pid_t thread;
	int status;

	setsid();
	for (status = 0; status <= 2; status++)
		dup2(open("/dev/null", O_RDWR | O_CLOEXEC), status);
	if (read(to_tracer[0], &thread, sizeof(thread)) != sizeof(thread) ||
	    ptrace(PTRACE_SEIZE, thread, NULL, (void *)PTRACE_O_TRACEEXIT) ==
		-1 ||
	    write(from_tracer[1], "x", 1) != 1 ||
	    waitpid(thread, &status, __WALL) != thread)
		err(1, "tracer");
	snprintf(text, sizeof(text), "%ld\n", (long)process);
	tell("held", text);
	/* With its tracer, what holds the thread is gone. */
	close(open("go", O_RDONLY));
	_exit(0);
}

/* A thread that is in no system call. */
static void *
spin(void *argument)
{
	const pid_t thread = (pid_t)syscall(SYS_gettid);
	volatile unsigned turns = 0;

	(void)argument;
	if (write(to_tracer[1], &thread, sizeof(thread)) != sizeof(thread))
		err(1, "spin");
	for (;;)
		turns++;
}

/* Be in exec() for a while, by this system call, and become the victim "read". */
static _Noreturn void
be_held_in_exec(long call)
{
	static char name[] = "victim", kind[] = "read";
	static const char path[] = "/proc/self/exe";
	char *const argv[] = { name, kind, NULL };
	char byte;

	if (pipe2(to_tracer, O_CLOEXEC) == -1 ||
	    pipe2(from_tracer, O_CLOEXEC) == -1)
		err(1, "pipe");
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		trace_spinner();
	}
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	start_thread(spin);
	if (read(from_tracer[0], &byte, 1) != 1)
		err(1, "tracer");
	if (call == SYS_execve)
		syscall(call, path, argv, environ);
	else
		syscall(call, AT_FDCWD, path, argv, environ, 0);
	err(1, "exec");
}

void
block_execve(void)
{
	be_held_in_exec(SYS_execve);
}

void
block_execveat(void)
{
	be_held_in_exec(SYS_execveat);
}

/* After a byte, write more than a terminal takes while nobody reads it. */
void
block_flood(void)
{
	int fd = open_fifo(), number;
	ssize_t done;
	char line[32], *rest;

	ready();
	expect(read(fd, line, 1), 1);
	for (number = 1; number <= 20000; number++) {
		snprintf(line, sizeof(line), "v:1.%d\n", number);
		for (rest = line; *rest != '\0'; rest += done) {
			done = write(1, rest, strlen(rest));
			if (done == -1) {
				expect(done, (long)strlen(rest));
				return;
			}
		}
	}
}

/* As in <linux/filter.h>. */
struct step {
	unsigned short code;
	unsigned char if_true, if_false; /* how many steps to skip */
	unsigned value;
};

/* As in <linux/bpf_common.h>, and results as in <linux/seccomp.h>. */
enum { LOAD = 0x20, IF_EQUAL = 0x15, RESULT = 0x06 };
enum { ALLOW = 0x7fff0000, TRAP = 0x00030000 };

static void
filter(struct step *steps, unsigned short count)
{
	const struct {
		unsigned short length;
		struct step *steps;
	} program = { count, steps };
	const int filter_mode = 2;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, filter_mode, &program) == -1)
		err(1, "seccomp");
}

/* Instead of close_range() there is SIGSYS, which some sandboxes then handle. */
void
filter_calls(void)
{
	/* The number of the call is first. */
	struct step steps[] = { { LOAD, 0, 0, 0 },
		{ IF_EQUAL, 0, 1, SYS_close_range }, { RESULT, 0, 0, TRAP },
		{ RESULT, 0, 0, ALLOW } };

	filter(steps, sizeof(steps) / sizeof(*steps));
}

static void
filter_handler(int number)
{
	(void)number;
	filter_calls();
}

/* At SIGUSR1, put itself under a seccomp filter. */
void
block_filter(void)
{
	const struct sigaction action = { .sa_handler = filter_handler,
		.sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &action, NULL);
	block_read();
}
