/*
 * victim-files.c: victims in calls that wait for a file, or for many.
 */
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "victim.h"

/* The rescue replaces the terminal by /dev/null, which is at its end. */
void
block_read_terminal(void)
{
	char byte;

	ready();
	expect(read(0, &byte, 1), 0);
}

void
block_read(void)
{
	char byte;
	int fd = open_fifo();

	ready();
	expect(read(fd, &byte, 1), 1);
}

void
block_write(void)
{
	static char bytes[4096];
	int fd = open_fifo(), flags = fcntl(fd, F_GETFL);

	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		err(1, "fcntl");
	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
	if (fcntl(fd, F_SETFL, flags) == -1)
		err(1, "fcntl");
	ready();
	expect(write(fd, "x", 1), 1);
}

void
wake_write(pid_t pid)
{
	static char bytes[65536];
	int fd = open("fifo", O_RDONLY);

	(void)pid;
	if (fd == -1 || read(fd, bytes, sizeof(bytes)) == -1)
		err(1, "fifo");
}

void
block_open(void)
{
	if (mkfifo("fifo", 0600) == -1)
		err(1, "fifo");
	ready();
	expect(open("fifo", O_RDONLY | O_CLOEXEC) >= 3, 1);
}

void
block_poll(void)
{
	struct pollfd source = { .fd = open_fifo(), .events = POLLIN };

	ready();
	expect(poll(&source, 1, 1000000), 1);
}

void
block_ppoll(void)
{
	struct pollfd source = { .fd = open_fifo(), .events = POLLIN };
	sigset_t none;

	sigemptyset(&none);
	ready();
	expect(ppoll(&source, 1, NULL, &none), 1);
}

void
block_select(void)
{
	struct timeval time = { 1000, 0 };
	int fd = open_fifo();
	fd_set set;

	FD_ZERO(&set);
	FD_SET((unsigned)fd, &set);
	ready();
	expect(select(fd + 1, &set, NULL, NULL, &time), 1);
}

static int
epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd == -1 || epoll_ctl(fd, EPOLL_CTL_ADD, open_fifo(), &event) == -1)
		err(1, "epoll");
	return fd;
}

/* In musl, epoll_wait() is the call that the next one makes. */
void
block_epoll_wait(void)
{
	struct epoll_event event;
	int fd = epoll();

	ready();
#ifdef SYS_epoll_wait
	expect(syscall(SYS_epoll_wait, fd, &event, 1, -1), 1);
#else
	expect(epoll_wait(fd, &event, 1, -1), 1);
#endif
}

void
block_epoll_pwait(void)
{
	struct epoll_event event;
	int fd = epoll();
	sigset_t none;

	sigemptyset(&none);
	ready();
	expect(epoll_pwait(fd, &event, 1, 1000000, &none), 1);
}

/* A handler interrupts epoll_wait(2), even with SA_RESTART. */
void
block_epoll_signal(void)
{
	struct epoll_event event;
	int fd = epoll();

	handle(SIGUSR1, 0);
	ready();
	expect_interrupted(epoll_wait(fd, &event, 1, -1));
}

/* A child holds the lock until it has read a byte. */
void
block_flock(void)
{
	int locked = open("lock", O_RDWR | O_CREAT, 0600);
	int fd = open_fifo(), mine;
	char byte;

	if (locked == -1 || flock(locked, LOCK_EX) == -1)
		err(1, "lock");
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		_exit(read(fd, &byte, 1) == 1 ? 0 : 1);
	}
	close(locked);
	mine = open("lock", O_RDWR);
	ready();
	expect(flock(mine, LOCK_EX), 0);
}
