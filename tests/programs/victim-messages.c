/*
 * victim-messages.c: victims in calls of sockets and of System V IPC.
 */
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>

#include <err.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"

struct message {
	long type;
	char text[8];
};

static struct sockaddr_un
address(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	strcpy(name.sun_path, "socket");
	return name;
}

int
bound_socket(int type)
{
	struct sockaddr_un name = address();
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd == -1 ||
	    bind(fd, (struct sockaddr *)&name, sizeof(name)) == -1 ||
	    (type == SOCK_STREAM && listen(fd, 1) == -1))
		err(1, "socket");
	return fd;
}

int
connect_socket(int fd)
{
	struct sockaddr_un name = address();

	return connect(fd, (struct sockaddr *)&name, sizeof(name));
}

void
block_accept(void)
{
	int fd = bound_socket(SOCK_STREAM);

	ready();
	expect(accept(fd, NULL, NULL) >= 3, 1);
}

void
wake_accept(pid_t pid)
{
	(void)pid;
	if (connect_socket(socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		err(1, "connect");
}

static int
timed_socket(void)
{
	const struct timeval time = { 1000, 0 };
	int fd = bound_socket(SOCK_DGRAM);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) == -1)
		err(1, "setsockopt");
	return fd;
}

void
block_recv(void)
{
	int fd = bound_socket(SOCK_DGRAM);
	char byte;

	ready();
	expect(recv(fd, &byte, 1, 0), 1);
}

/* Where there are two calls for that, by the one that C libraries used first. */
static long
receive(int fd, char *byte)
{
#ifdef SYS_socketcall
	enum { RECEIVE = 10 }; /* SYS_RECV in <linux/net.h> */
	const unsigned long argument[] = { (unsigned long)fd,
		(unsigned long)byte, 1, 0 };

	return syscall(SYS_socketcall, RECEIVE, argument);
#else
	return recv(fd, byte, 1, 0);
#endif
}

void
block_recv_time(void)
{
	int fd = timed_socket();
	char byte;

	ready();
	expect(receive(fd, &byte), 1);
}

void
block_read_socket_time(void)
{
	int fd = timed_socket();
	char byte;

	ready();
	expect(read(fd, &byte, 1), 1);
}

void
wake_socket(pid_t pid)
{
	struct sockaddr_un name = address();
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)pid;
	if (sendto(fd, "x", 1, 0, (struct sockaddr *)&name, sizeof(name)) != 1)
		err(1, "sendto");
}

void
block_msgrcv(void)
{
	struct message message;
	int queue = msgget(ftok(".", 'm'), IPC_CREAT | 0600);

	if (queue == -1)
		err(1, "msgget");
	ready();
	expect(msgrcv(queue, &message, sizeof(message.text), 0, 0), 8);
	msgctl(queue, IPC_RMID, NULL);
}

void
wake_msgrcv(pid_t pid)
{
	const struct message message = { 1, "wake up" };

	(void)pid;
	if (msgsnd(msgget(ftok(".", 'm'), 0), &message, 8, 0) == -1)
		err(1, "msgsnd");
}

static struct sembuf take = { 0, -1, 0 };

static int
semaphores(void)
{
	int set = semget(ftok(".", 's'), 1, IPC_CREAT | 0600);

	if (set == -1)
		err(1, "semget");
	return set;
}

void
block_semop(void)
{
	int set = semaphores();

	ready();
	expect(semop(set, &take, 1), 0);
	semctl(set, 0, IPC_RMID);
}

void
block_semtimedop(void)
{
	int set = semaphores();

	ready();
	expect(semtimedop(set, &take, 1, &for_ever), 0);
	semctl(set, 0, IPC_RMID);
}

void
wake_semop(pid_t pid)
{
	struct sembuf give = { 0, 1, 0 };

	(void)pid;
	if (semop(semget(ftok(".", 's'), 1, 0), &give, 1) == -1)
		err(1, "semop");
}
