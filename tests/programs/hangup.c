/*
 * hangup.c copies the FIFO "input" to standard output, and has its own way to
 * deal with SIGHUP.
 *
 *	hangup die	handlers for all signals but those of job control; SIGHUP
 *			ends it, as a Go program
 *	hangup java	a handler wakes a thread, which ends it, as in Java
 *	hangup sigwait	all threads block it, and the second of three is in
 *			sigwait() for it
 *	hangup first	the same by sigtimedwait() in the first thread, before
 *			it copies
 *	hangup signalfd	the same by a descriptor, which a thread polls
 *	hangup apart	only the thread in sigwait() blocks it
 *	hangup sleep	all threads block it, and none waits
 *	hangup other	the same, but a thread is in sigwait() for another signal,
 *			and a descriptor is for that one
 *	hangup exact	a handler with flags and a mask, which must be the same at
 *			the end of the input
 *
 * Before it opens its input it writes its PID to the FIFO "ready". Who waits for
 * SIGHUP makes the file "hung-up" when it comes, and goes on. The exit status is
 * 0 only after the end of the input.
 */
#include <sys/signalfd.h>
#include <sys/syscall.h>

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static sem_t hung_up;
static sigset_t hangup;
static int started[2];

/* For a time that needs 64 bits, 32-bit processors have another call. */
static const struct timespec for_ever = { 5000000000, 0 };

static void
die(int number)
{
	if (number == SIGHUP) {
		signal(SIGHUP, SIG_DFL);
		raise(SIGHUP);
	}
}

static void
post(int number)
{
	(void)number;
	sem_post(&hung_up);
}

static void
note(void)
{
	int fd = open("hung-up", O_WRONLY | O_CREAT, 0600);

	if (fd == -1 || close(fd) == -1)
		err(1, "hung-up");
}

/* The thread is there. It comes to sleep some time after this. */
static void
start(void)
{
	if (write(started[1], "", 1) != 1)
		err(1, "pipe");
}

static void *
end_when_woken(void *argument)
{
	start();
	while (sem_wait(&hung_up) == -1)
		;
	_exit(129);
	return argument;
}

static void *
wait_for_signal(void *argument)
{
	int number;

	pthread_sigmask(SIG_BLOCK, &hangup, NULL);
	start();
	if (sigwait(&hangup, &number) == 0)
		note();
	return argument;
}

static void *
poll_for_signal(void *argument)
{
	struct pollfd source = { .fd = signalfd(-1, &hangup, SFD_CLOEXEC),
		.events = POLLIN };

	if (source.fd == -1)
		err(1, "signalfd");
	start();
	while (poll(&source, 1, -1) != 1)
		;
	note();
	return argument;
}

static void *
wait_for_other(void *argument)
{
	sigset_t other;
	int number;

	sigemptyset(&other);
	sigaddset(&other, SIGUSR1);
	if (signalfd(-1, &other, SFD_CLOEXEC) == -1)
		err(1, "signalfd");
	start();
	sigwait(&other, &number);
	return argument;
}

/* Does not wait for it: the bits that its call points to are no set of signals. */
static void *
sleep_on(void *argument)
{
	struct pollfd nothing = { .fd = -1 };

	start();
	for (;;)
		poll(&nothing, 1, -1);
	return argument;
}

static void
handle(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler,
		.sa_flags = SA_RESTART };

	sigaction(number, &action, NULL);
}

/* What the kernel has, whatever the library thinks. */
static void
get_action(unsigned long action[8])
{
	memset(action, 0, 8 * sizeof(*action));
	if (syscall(SYS_rt_sigaction, SIGHUP, NULL, action, 8) == -1)
		err(1, "rt_sigaction");
}

static void
handle_exactly(void)
{
	struct sigaction action = { .sa_handler = die,
		.sa_flags = SA_RESTART | SA_NODEFER };

	sigaddset(&action.sa_mask, SIGUSR2);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaction(SIGHUP, &action, NULL);
}

static void
prepare(const char *mode)
{
	int number;

	if (strcmp(mode, "sigwait") == 0 || strcmp(mode, "signalfd") == 0 ||
	    strcmp(mode, "first") == 0 || strcmp(mode, "sleep") == 0 ||
	    strcmp(mode, "other") == 0)
		pthread_sigmask(SIG_BLOCK, &hangup, NULL);
	if (strcmp(mode, "die") == 0)
		for (number = 1; number < 32; number++) {
			if (number != SIGTSTP && number != SIGTTIN &&
			    number != SIGTTOU)
				handle(number, die);
		}
	else if (strcmp(mode, "java") == 0)
		handle(SIGHUP, post);
	else if (strcmp(mode, "exact") == 0)
		handle_exactly();
}

static const struct mode {
	const char *name;
	void *(*thread)(void *); /* beside the first */
} modes[] = {
	{ "die", NULL },
	{ "java", end_when_woken },
	{ "sigwait", wait_for_signal },
	{ "signalfd", poll_for_signal },
	{ "apart", wait_for_signal },
	{ "sleep", sleep_on },
	{ "other", wait_for_other },
	{ "exact", NULL },
};

static void
start_thread(void *(*function)(void *))
{
	pthread_t thread;
	char byte;

	if (function == NULL)
		return;
	if (pthread_create(&thread, NULL, function, NULL) != 0 ||
	    read(started[0], &byte, 1) != 1)
		errx(1, "thread");
}

static void
tell_ready(void)
{
	FILE *file = fopen("ready", "w");

	if (file == NULL || fprintf(file, "%ld\n", (long)getpid()) < 0 ||
	    fclose(file) == EOF)
		err(1, "ready");
}

static void
copy(void)
{
	int fd = open("input", O_RDONLY | O_CLOEXEC);
	char bytes[4096];
	ssize_t length;

	if (fd == -1)
		err(1, "input");
	while ((length = read(fd, bytes, sizeof(bytes))) > 0)
		if (write(STDOUT_FILENO, bytes, (size_t)length) != length)
			err(1, "write");
	if (length == -1)
		err(1, "read");
}

int
main(int argc, char *argv[])
{
	unsigned long before[8], after[8];
	size_t i;

	if (argc != 2)
		errx(2, "usage: hangup MODE");
	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	if (sem_init(&hung_up, 0, 0) == -1 || pipe(started) == -1)
		err(1, "pipe");
	prepare(argv[1]);
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			start_thread(modes[i].thread);
	if (strcmp(argv[1], "sigwait") == 0)
		start_thread(sleep_on);
	get_action(before);
	tell_ready();
	if (strcmp(argv[1], "first") == 0 &&
	    sigtimedwait(&hangup, NULL, &for_ever) == SIGHUP)
		note();
	copy();
	get_action(after);
	if (strcmp(argv[1], "exact") == 0 &&
	    memcmp(before, after, sizeof(before)) != 0)
		errx(1, "SIGHUP: another action");
	return 0;
}
