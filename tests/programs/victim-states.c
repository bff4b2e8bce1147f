/*
 * victim-states.c: victims that a rescue finds in an unusual state. Most of
 * them sleep in read(2).
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "victim.h"

/* Its child holds it in vfork(2), in state D: no signal can stop it. */
void
block_vfork(void)
{
	int fd = open_fifo();
	volatile ssize_t length = 0;
	char byte;

	ready();
	if (vfork() == 0) {
		length = read(fd, &byte, 1);
		_exit(0);
	}
	expect(length, 1);
}

/* After that it says "ready" again, and reads. */
void
block_vfork_read(void)
{
	block_vfork();
	block_read();
}

/* Its child kills it, and lives on. */
void
block_vfork_kill(void)
{
	int fd = open_fifo();
	char byte;

	ready();
	if (vfork() == 0) {
		if (read(fd, &byte, 1) == 1)
			kill(getppid(), SIGKILL);
		for (;;)
			pause();
	}
}

/* One of its descriptors is above its limit. */
void
block_limit(void)
{
	const struct rlimit limit = { 50, 50 };

	/* Another one goes first, which a program that it starts does not get. */
	if (dup2(1, 100) == -1 || dup3(1, 20, O_CLOEXEC) == -1 ||
	    setrlimit(RLIMIT_NOFILE, &limit) == -1)
		err(1, "limit");
	block_read();
}

/*
 * Like sudo: has the master of a second terminal, whose session a child of it
 * leads, and the first one open by the name /dev/tty.
 */
void
block_relay(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	if (master == -1 || grantpt(master) == -1 || unlockpt(master) == -1 ||
	    open("/dev/tty", O_RDWR) == -1)
		err(1, "terminal");
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		if (setsid() == -1 || open(ptsname(master), O_RDWR) == -1)
			err(1, "session");
		tell("relayed", "up\n");
		for (;;)
			pause();
	}
	block_read();
}

/* Its system calls are handed to itself where a byte says so; here it does not. */
void
block_dispatch(void)
{
	enum { SET_DISPATCH = 59, ON = 1 }; /* Linux 5.11, in <linux/prctl.h> */
	static const char selector = 0;

	if (prctl(SET_DISPATCH, ON, 0UL, 0UL, &selector) == -1)
		err(1, "prctl");
	block_read();
}

/* Three signals are blocked, and two of them pending. */
void
block_pending(void)
{
	hold(SIGUSR2);
	hold(SIGWINCH);
	hold(SIGRTMIN + 3);
	raise(SIGUSR2);
	raise(SIGRTMIN + 3);
	block_read();
}

/* And two more, which would stop it; one is for the process. */
void
block_pending_stop(void)
{
	hold(SIGTTIN);
	hold(SIGTSTP);
	raise(SIGTTIN);
	kill(getpid(), SIGTSTP);
	block_pending();
}

static void *
read_in_thread(void *argument)
{
	(void)argument;
	block_read();
	finish();
}

/* Its first thread has ended: the process is a zombie, and yet lives. */
void
block_without_main(void)
{
	start_thread(read_in_thread);
	pthread_exit(NULL);
}

/* More descriptors: a master, two terminals, flags, duplicates, a file. */
void
block_descriptors(void)
{
	const char *name = ttyname(0);
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	if (name == NULL || master == -1 || grantpt(master) == -1 ||
	    unlockpt(master) == -1)
		err(1, "terminal");
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (dup2(master, 20) == -1 || dup2(slave, 21) == -1 ||
	    dup2(open(name, O_RDONLY), 22) == -1 ||
	    dup2(open("/dev/tty", O_RDWR), 23) == -1 ||
	    dup3(1, 24, O_CLOEXEC) == -1 || dup2(1, 25) == -1 ||
	    dup2(open(name, O_PATH), 27) == -1 ||
	    dup2(open("kept", O_RDWR | O_CREAT, 0600), 26) == -1)
		err(1, "descriptors");
	block_read();
}

/* A shell that blocks SIGCHLD, and may wait for its job. The job reads. */
static void
be_shell(bool waits)
{
	const sigset_t set = hold(SIGCHLD);
	siginfo_t info;

	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		if (setpgid(0, 0) == -1)
			err(1, "setpgid");
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		block_read();
		return;
	}
	if (waits)
		waitid(P_ALL, 0, &info, WEXITED);
	for (;;)
		pause();
}

/* It cannot see what becomes of its job. */
void
block_blind_shell(void)
{
	be_shell(false);
}

void
block_waitid_shell(void)
{
	be_shell(true);
}

/* Its child is in the process group that the variable GROUP names. */
void
block_lend_child(void)
{
	const char *group = getenv("GROUP");
	pid_t child = fork();

	if (child == -1)
		err(1, "fork");
	if (child > 0) {
		if (group == NULL || setpgid(child, atoi(group)) == -1)
			err(1, "setpgid");
		ready();
	}
	for (;;)
		pause();
}
