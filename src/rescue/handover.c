/*
 * handover.c owns how descriptors of ours cross to a process that is held. The
 * process makes a pair of sockets, we take one of the two (pidfd_getfd) and send
 * through it what the process then receives from the other (SCM_RIGHTS). So it
 * needs no path, and no rights but those that we had: not in another root
 * directory, in another namespace or as another user.
 */
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "rescue/handover.h"

/* Linux 5.3, 5.6 and 5.9; the C library's headers may be older. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* What crosses, as it is here and there. */
struct parcel {
	struct msghdr message;
	struct iovec part;
	_Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(
	    HANDOVER_MOST * sizeof(int))];
	char byte; /* a stream sends no descriptors without at least one */
	int sockets[2];
};

_Static_assert(sizeof(struct parcel) <= HANDOVER_MEMORY, "no room");

/* Fill in the addresses as they are where the parcel is. */
static void
fill_addresses(struct parcel *parcel, unsigned long at, size_t count)
{
	parcel->part.iov_base = (void *)(at + offsetof(struct parcel, byte));
	parcel->part.iov_len = 1;
	parcel->message.msg_iov = (void *)(at + offsetof(struct parcel, part));
	parcel->message.msg_iovlen = 1;
	parcel->message.msg_control =
	    (void *)(at + offsetof(struct parcel, control));
	parcel->message.msg_controllen =
	    (socklen_t)CMSG_SPACE(count * sizeof(int));
}

/*
 * SIGSYS cannot be blocked there. If one arrives before the call, the call is
 * not made, so try again.
 */
long
handover_insist(
    struct tracee *tracee, long number, const unsigned long argument[6])
{
	int tries = 10;
	long result;

	do
		result = thread_call(tracee, number, argument);
	while (result == -EOPNOTSUPP && --tries > 0);
	return result;
}

/* How many of the numbers, from the first on, follow one another? */
static size_t
count_run(const long *fds, size_t count)
{
	size_t run = 1;

	while (run < count && fds[run] == fds[run - 1] + 1)
		run++;
	return run;
}

/* In one call if it can be: each takes the process two stops. */
void
handover_close(struct tracee *tracee, const long *fds, size_t count)
{
	unsigned long argument[6] = { 0 };
	size_t run, i;

	for (; count > 0; fds += run, count -= run) {
		run = *fds < 0 ? 1 : count_run(fds, count);
		argument[0] = (unsigned long)fds[0];
		argument[1] = (unsigned long)fds[run - 1];
		if (run > 1 &&
		    handover_insist(tracee, SYS_close_range, argument) == 0)
			continue;
		for (i = 0; i < run && *fds >= 0; i++) {
			argument[0] = (unsigned long)fds[i];
			(void)handover_insist(tracee, SYS_close, argument);
		}
	}
}

/* A copy of a descriptor of the process. Return it, or -1 with errno. */
static int
take(pid_t process, int fd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, process, 0), copy, error;

	if (pidfd == -1)
		return -1;
	copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	error = errno;
	close(pidfd);
	errno = error;
	return copy;
}

/* Why that failed. Docker's filter forbids it where it allows ptrace(). */
static const char *
take_error(int error)
{
	switch (error) {
	case ENOSYS:
		return "need Linux 5.6 to be handed over";
	case EPERM:
		return "cannot be handed over: pidfd_getfd is not permitted";
	default:
		return error_text(error);
	}
}

/* Send our descriptors. Return -1, with errno, if that fails. */
static int
send_to(int socket, const int *ours, size_t count)
{
	struct parcel parcel = { 0 };
	struct cmsghdr *head = (void *)parcel.control;

	fill_addresses(&parcel, (unsigned long)&parcel, count);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = (socklen_t)CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(head), ours, count * sizeof(int));
	/* It takes all of the one byte, or nothing. */
	return (int)sendmsg(
	    socket, &parcel.message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/*
 * The descriptors that came with a message. Return how many; on a process that
 * had no room for all of them, or where a security policy forbids it to receive
 * some, the kernel leaves these out.
 */
static size_t
unpack(const struct parcel *parcel, int *fds)
{
	const struct cmsghdr *head = (const void *)parcel->control;
	size_t length;

	if (parcel->message.msg_controllen < CMSG_LEN(sizeof(int)) ||
	    head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
	    head->cmsg_len < CMSG_LEN(0) ||
	    head->cmsg_len > sizeof(parcel->control))
		return 0;
	length = head->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(head), length);
	return length / sizeof(int);
}

/* Have it receive so many. Return 0, or a negative errno: -EMFILE for fewer. */
static long
receive(struct tracee *tracee, unsigned long at, int socket, size_t count,
    long *theirs)
{
	const unsigned long argument[6] = { (unsigned long)socket,
		at + offsetof(struct parcel, message),
		MSG_CMSG_CLOEXEC | MSG_DONTWAIT };
	struct parcel parcel = { 0 };
	int fds[sizeof(parcel.control) / sizeof(int)];
	size_t found, i;
	long result;

	fill_addresses(&parcel, at, count);
	if (memory_write(&tracee->memory, at, &parcel, sizeof(parcel)) == -1)
		return -errno;
	result = thread_call(tracee, SYS_recvmsg, argument);
	if (result < 0)
		return result;
	if (memory_read(&tracee->memory, at, &parcel, sizeof(parcel)) == -1)
		return -errno;
	found = unpack(&parcel, fds);
	for (i = 0; i < found && i < count; i++)
		theirs[i] = fds[i];
	return found != count ? -EMFILE : 0;
}

/* Have it make the sockets. Return 0, or a negative errno. */
static long
make_sockets(struct tracee *tracee, unsigned long at, long *theirs)
{
	const size_t there = offsetof(struct parcel, sockets);
	const unsigned long argument[6] = { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC,
		0, at + there };
	long result = thread_call(tracee, SYS_socketpair, argument);
	int sockets[HANDOVER_SOCKETS];

	if (result < 0)
		return result;
	if (memory_read(
		&tracee->memory, at + there, sockets, sizeof(sockets)) == -1)
		return -errno;
	theirs[0] = sockets[0];
	theirs[1] = sockets[1];
	return 0;
}

int
handover(struct tracee *tracee, unsigned long at, const int *ours, size_t count,
    long *theirs, const char **why)
{
	long result;
	size_t i;
	int end;

	for (i = 0; i < HANDOVER_SOCKETS + count; i++)
		theirs[i] = -1;
	*why = NULL;
	result = make_sockets(tracee, at, theirs);
	if (result < 0) {
		*why = error_text((int)-result);
		return -1;
	}
	end = take(tracee->process, (int)theirs[1]);
	if (end == -1)
		*why = take_error(errno);
	else if (send_to(end, ours, count) == -1)
		*why = error_text(errno);
	else {
		result = receive(tracee, at, (int)theirs[0], count,
		    theirs + HANDOVER_SOCKETS);
		if (result == -EMFILE)
			*why = "no room for more, or a security policy";
		else if (result < 0)
			*why = error_text((int)-result);
	}
	if (end != -1)
		close(end);
	return *why == NULL ? 0 : -1;
}
