/*
 * victim-unmarked.c: victims in calls that a stop ends with EINTR, for the kernel
 * does not mark them: those on sockets that have a timeout, and some others.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "victim.h"

/* Linux 5.11; the C library's headers may be older. */
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

static char byte;
static struct iovec part = { &byte, 1 };
static struct mmsghdr message = { { .msg_iov = &part, .msg_iovlen = 1 }, 0 };

static int
timed(int fd)
{
	const struct timeval time = { 1000, 0 };

	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) ==
		-1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)) == -1)
		err(1, "socket");
	return fd;
}

/* --- calls that receive: woken by wake_socket() or wake_accept() ---------- */

void
block_readv_time(void)
{
	int fd = timed(bound_socket(SOCK_DGRAM));

	ready();
	expect(readv(fd, &part, 1), 1);
}

void
block_recvmsg_time(void)
{
	int fd = timed(bound_socket(SOCK_DGRAM));

	ready();
	expect(recvmsg(fd, &message.msg_hdr, 0), 1);
}

void
block_recvmmsg_time(void)
{
	int fd = timed(bound_socket(SOCK_DGRAM));

	ready();
	expect(recvmmsg(fd, &message, 1, 0, NULL), 1);
}

void
block_accept_time(void)
{
	int fd = timed(bound_socket(SOCK_STREAM));

	ready();
	expect(accept(fd, NULL, NULL) >= 3, 1);
}

void
block_accept4_time(void)
{
	int fd = timed(bound_socket(SOCK_STREAM));

	ready();
	expect(accept4(fd, NULL, NULL, SOCK_CLOEXEC) >= 3, 1);
}

/* --- calls that send: another thread makes room, after wake_fifo() -------- */

static int fifo, full_end;

static void *
make_room(void *argument)
{
	static char bytes[65536];

	if (read(fifo, bytes, 1) != 1)
		err(1, "fifo");
	if (accept(full_end, NULL, NULL) == -1)
		while (recv(full_end, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
			;
	return argument;
}

static void
make_room_when_woken(int fd)
{
	full_end = fd;
	fifo = open_fifo();
	start_thread(make_room);
}

/* A socket that can take no byte for now. */
static int
full_socket(void)
{
	static char bytes[4096];
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
		err(1, "socketpair");
	while (send(ends[0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	make_room_when_woken(ends[1]);
	return timed(ends[0]);
}

void
block_write_time(void)
{
	int fd = full_socket();

	ready();
	expect(write(fd, &byte, 1), 1);
}

void
block_writev_time(void)
{
	int fd = full_socket();

	ready();
	expect(writev(fd, &part, 1), 1);
}

void
block_sendto_time(void)
{
	int fd = full_socket();

	ready();
	expect(send(fd, &byte, 1, 0), 1);
}

void
block_sendmsg_time(void)
{
	int fd = full_socket();

	ready();
	expect(sendmsg(fd, &message.msg_hdr, 0), 1);
}

/* The C library may use sendmsg(). */
void
block_sendmmsg_time(void)
{
	int fd = full_socket();

	ready();
	expect(syscall(SYS_sendmmsg, fd, &message, 1, 0), 1);
}

void
block_connect_time(void)
{
	int bound = bound_socket(SOCK_STREAM), fd;

	while (fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0),
	    connect_socket(fd) == 0)
		;
	make_room_when_woken(bound);
	fd = timed(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	ready();
	expect(connect_socket(fd), 0);
}

/* --- calls that wait for the FIFO: woken by wake_fifo() ------------------- */

/* Before Linux 5.11 there is only the older call, which takes the same. */
void
block_epoll_pwait2(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);
	long result;

	if (fd == -1 || epoll_ctl(fd, EPOLL_CTL_ADD, open_fifo(), &event) == -1)
		err(1, "epoll");
	ready();
	result = syscall(SYS_epoll_pwait2, fd, &event, 1, NULL, NULL, 0);
	if (result == -1 && errno == ENOSYS)
		result = epoll_pwait(fd, &event, 1, -1, NULL);
	expect(result, 1);
}

/* As in <linux/aio_abi.h>: a request to poll a descriptor, of Linux 4.18. */
void
block_io_getevents(void)
{
	struct {
		uint64_t data;
		uint32_t key, flags;
		uint16_t opcode;
		int16_t priority;
		uint32_t fd;
		uint64_t events, size, offset, reserved;
		uint32_t more_flags, eventfd;
	} request = { .opcode = 5, .events = POLLIN }, *list = &request;
	uint64_t done[4];
	unsigned long context = 0;

	/* One that is also open for writing has two queues: the kernel refuses. */
	(void)open_fifo();
	request.fd = (uint32_t)open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (syscall(SYS_io_setup, 1, &context) == -1 ||
	    syscall(SYS_io_submit, context, 1, &list) != 1)
		err(1, "io_submit");
	ready();
	expect(syscall(SYS_io_getevents, context, 1, 1, done, NULL), 1);
}
