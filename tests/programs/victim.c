/*
 * victim.c is a job that sleeps in a system call while it is rescued, and then
 * tells whether the call did what it was asked for.
 *
 *	victim KIND		sleep in a call of that kind
 *	victim thread-KIND	the same, in another thread than the first
 *	victim -w KIND PID	have the thing happen that this victim waits for
 *	victim -l		list the kinds of which each call is tried
 *	victim -u		list more of them, that the kernel does not mark
 *	victim -s COMMAND...	run the command under a seccomp filter
 *	victim -t SIGNAL PID	send a signal to the first thread alone
 *
 * Before the call it writes its PID to the FIFO "ready", and the PID of the
 * thread that calls to the file "thread"; after the call it writes "ok" or what
 * went wrong to the FIFO "done". The lines "v:1" and "v:2" on standard output
 * are one before and one after the call. Its files are in the working directory.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "victim.h"

static const struct kind {
	const char *name;
	void (*block)(void);
	void (*wake)(pid_t);
	enum { ORDINARY, UNMARKED, SPECIAL } sort;
} kinds[] = {
	{ "read-terminal", block_read_terminal, wake_nothing, ORDINARY },
	{ "read", block_read, wake_fifo, ORDINARY },
	{ "write", block_write, wake_write, ORDINARY },
	{ "open", block_open, wake_fifo, ORDINARY },
	{ "nanosleep", block_nanosleep, wake_nothing, ORDINARY },
	{ "clock_nanosleep", block_clock_nanosleep, wake_nothing, ORDINARY },
	{ "poll", block_poll, wake_fifo, ORDINARY },
	{ "ppoll", block_ppoll, wake_fifo, ORDINARY },
	{ "select", block_select, wake_fifo, ORDINARY },
	{ "epoll_wait", block_epoll_wait, wake_fifo, ORDINARY },
	{ "epoll_pwait", block_epoll_pwait, wake_fifo, ORDINARY },
	{ "epoll-signal", block_epoll_signal, wake_signal, ORDINARY },
	{ "futex", block_futex, wake_futex, ORDINARY },
	{ "futex-time", block_futex_time, wake_futex, ORDINARY },
	{ "wait", block_wait, wake_fifo, ORDINARY },
	{ "pause", block_pause, wake_signal, ORDINARY },
	{ "sigsuspend", block_sigsuspend, wake_signal, ORDINARY },
	{ "sigwait", block_sigwait, wake_signal, ORDINARY },
	{ "sigtimedwait", block_sigtimedwait, wake_signal, ORDINARY },
	{ "accept", block_accept, wake_accept, ORDINARY },
	{ "recv", block_recv, wake_socket, ORDINARY },
	{ "recv-time", block_recv_time, wake_socket, ORDINARY },
	{ "read-socket-time", block_read_socket_time, wake_socket, ORDINARY },
	{ "flock", block_flock, wake_fifo, ORDINARY },
	{ "msgrcv", block_msgrcv, wake_msgrcv, ORDINARY },
	{ "semop", block_semop, wake_semop, ORDINARY },
	{ "semtimedop", block_semtimedop, wake_semop, ORDINARY },
	{ "compute", block_compute, wake_compute, ORDINARY },

	{ "readv_time", block_readv_time, wake_socket, UNMARKED },
	{ "recvmsg_time", block_recvmsg_time, wake_socket, UNMARKED },
	{ "recvmmsg_time", block_recvmmsg_time, wake_socket, UNMARKED },
	{ "accept_time", block_accept_time, wake_accept, UNMARKED },
	{ "accept4_time", block_accept4_time, wake_accept, UNMARKED },
	{ "write_time", block_write_time, wake_fifo, UNMARKED },
	{ "writev_time", block_writev_time, wake_fifo, UNMARKED },
	{ "sendto_time", block_sendto_time, wake_fifo, UNMARKED },
	{ "sendmsg_time", block_sendmsg_time, wake_fifo, UNMARKED },
	{ "sendmmsg_time", block_sendmmsg_time, wake_fifo, UNMARKED },
	{ "connect_time", block_connect_time, wake_fifo, UNMARKED },
	{ "epoll_pwait2", block_epoll_pwait2, wake_fifo, UNMARKED },
	{ "io_getevents", block_io_getevents, wake_fifo, UNMARKED },

	{ "again", block_again, wake_nothing, SPECIAL },
	{ "blind-shell", block_blind_shell, wake_fifo, SPECIAL },
	{ "compute-alone", block_compute_alone, wake_compute, SPECIAL },
	{ "descriptors", block_descriptors, wake_fifo, SPECIAL },
	{ "dispatch", block_dispatch, wake_fifo, SPECIAL },
	{ "exchange", block_exchange, wake_nothing, SPECIAL },
	{ "exec", block_exec, wake_signal, SPECIAL },
	{ "execve", block_execve, wake_fifo, SPECIAL },
	{ "execveat", block_execveat, wake_fifo, SPECIAL },
	{ "filter", block_filter, wake_fifo, SPECIAL },
	{ "flood", block_flood, wake_fifo, SPECIAL },
	{ "lend-child", block_lend_child, wake_nothing, SPECIAL },
	{ "limit", block_limit, wake_fifo, SPECIAL },
	{ "pending", block_pending, wake_fifo, SPECIAL },
	{ "pending-stop", block_pending_stop, wake_fifo, SPECIAL },
	{ "relay", block_relay, wake_fifo, SPECIAL },
	{ "rseq", block_rseq, wake_compute, SPECIAL },
	{ "vfork", block_vfork, wake_fifo, SPECIAL },
	{ "vfork-kill", block_vfork_kill, wake_fifo, SPECIAL },
	{ "vfork-read", block_vfork_read, wake_fifo, SPECIAL },
	{ "waitid-shell", block_waitid_shell, wake_fifo, SPECIAL },
	{ "without-main", block_without_main, wake_fifo, SPECIAL },
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

volatile sig_atomic_t handled;
static char verdict[256] = "ok\n";

/* The file is complete when it is closed. */
static void
write_number(const char *path, long number)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fprintf(file, "%ld\n", number) < 0 ||
	    fclose(file) == EOF)
		err(1, "%s", path);
}

void
tell(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd == -1 || write(fd, text, strlen(text)) == -1 || close(fd) == -1)
		err(1, "%s", path);
}

static void
write_line(const char *text)
{
	if (puts(text) == EOF || fflush(stdout) == EOF)
		err(1, "standard output");
}

void
ready(void)
{
	char text[32];

	write_line("v:1");
	write_number("thread", syscall(SYS_gettid));
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	tell("ready", text);
}

void
fail(const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(verdict, sizeof(verdict) - 1, format, list);
	va_end(list);
	if (length >= 0)
		strcat(verdict, "\n");
}

void
expect(long result, long expected)
{
	if (result != expected)
		fail("%ld, not %ld: %s", result, expected, strerror(errno));
}

void
expect_interrupted(long result)
{
	expect(result, -1);
	if (errno != EINTR || handled != 1)
		fail("errno %d, handled %d", errno, (int)handled);
}

_Noreturn void
finish(void)
{
	write_line("v:2");
	tell("done", verdict);
	exit(0);
}

static void
count_signal(int number)
{
	(void)number;
	handled = handled + 1;
}

void
handle(int number, int flags)
{
	const struct sigaction action = { .sa_handler = count_signal,
		.sa_flags = flags };

	if (sigaction(number, &action, NULL) == -1)
		err(1, "sigaction");
}

sigset_t
hold(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return set;
}

int
open_fifo(void)
{
	int fd;

	if (mkfifo("fifo", 0600) == -1 && errno != EEXIST)
		err(1, "fifo");
	fd = open("fifo", O_RDWR | O_CLOEXEC);
	if (fd == -1)
		err(1, "fifo");
	return fd;
}

void
start_thread(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL) != 0)
		errx(1, "pthread_create");
}

void
wake_fifo(pid_t pid)
{
	(void)pid;
	tell("fifo", "x");
}

void
wake_signal(pid_t pid)
{
	if (kill(pid, SIGUSR1) == -1)
		err(1, "kill");
}

void
wake_nothing(pid_t pid)
{
	(void)pid;
}

static const struct kind *
find_kind(const char *name)
{
	int i;

	for (i = 0; i < KINDS; i++)
		if (strcmp(name, kinds[i].name) == 0)
			return &kinds[i];
	errx(2, "%s: no such kind", name);
}

static void
list_kinds(int sort)
{
	int i;

	for (i = 0; i < KINDS; i++)
		if ((int)kinds[i].sort == sort)
			puts(kinds[i].name);
}

static _Noreturn void
run_filtered(char *argv[])
{
	filter_calls();
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

static const struct kind *mine;
static sigset_t mask_at_start;

static void *
live(void *argument)
{
	(void)argument;
	pthread_sigmask(SIG_SETMASK, &mask_at_start, NULL);
	mine->block();
	finish();
}

/*
 * Leave the tests' signals to the other thread. No more than these: a signal
 * that is ignored, but blocked in the first thread, is not dropped by the
 * kernel, and wakes the other one.
 */
static _Noreturn void
live_in_thread(void)
{
	hold(SIGUSR1);
	hold(SIGTSTP);
	hold(SIGTTIN);
	hold(SIGTTOU);
	start_thread(live);
	for (;;)
		pause();
}

/* Is there the prefix for another thread? Take it off then. */
static bool
take_prefix(const char **name)
{
	static const char prefix[] = "thread-";

	if (strncmp(*name, prefix, sizeof(prefix) - 1) != 0)
		return false;
	*name += sizeof(prefix) - 1;
	return true;
}

int
main(int argc, char *argv[])
{
	const char *name = argv[argc > 3 ? 2 : 1];
	bool threaded;

	if (argc < 2)
		errx(2, "usage: victim KIND");
	threaded = take_prefix(&name);
	pthread_sigmask(SIG_BLOCK, NULL, &mask_at_start);
	if (strcmp(argv[1], "-l") == 0)
		list_kinds(ORDINARY);
	else if (strcmp(argv[1], "-u") == 0)
		list_kinds(UNMARKED);
	else if (strcmp(argv[1], "-s") == 0 && argc > 2)
		run_filtered(argv + 2);
	else if (strcmp(argv[1], "-t") == 0 && argc == 4)
		return (int)syscall(
		    SYS_tgkill, atoi(argv[3]), atoi(argv[3]), atoi(argv[2]));
	else if (strcmp(argv[1], "-w") == 0 && argc == 4)
		find_kind(name)->wake((pid_t)atoi(argv[3]));
	else {
		mine = find_kind(name);
		if (threaded)
			live_in_thread();
		live(NULL);
	}
	return 0;
}
