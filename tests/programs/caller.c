/*
 * caller.c is a careless caller: it runs a command that inherits more than it
 * should.
 *
 *	caller signals COMMAND [ARG]...
 *		Every signal is ignored and blocked, also those that the C
 *		library keeps for itself.
 *	caller descriptors COUNT COMMAND [ARG]...
 *		So many descriptors from 3 up are open.
 *	caller port PORT [COMMAND [ARG]...]
 *		A socket listens on that port of 127.0.0.1, or on a free one for
 *		port 0. The port is printed. Waits for the command's end.
 *		The status is 1 if the port is in use.
 */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAILED = 125 };

static void
block_and_ignore_signals(void)
{
	/* The kernel's struct begins with the handler, but for MIPS. */
	void (*ignore[16])(int) = { SIG_IGN };
	unsigned char all[_NSIG / 8];
	int number;

	for (number = 1; number < _NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP &&
		    syscall(SYS_rt_sigaction, number, ignore, NULL,
			sizeof(all)) == -1)
			err(FAILED, "signal %d", number);
	memset(all, 0xff, sizeof(all));
	if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, NULL, sizeof(all)) ==
	    -1)
		err(FAILED, "rt_sigprocmask");
}

static void
open_descriptors(long count)
{
	for (; count > 0; count--)
		if (open("/dev/null", O_RDONLY) == -1)
			err(FAILED, "/dev/null");
}

static void
listen_on(unsigned short port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1 ||
	    listen(fd, 1) == -1 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) == -1)
		err(errno == EADDRINUSE ? 1 : FAILED, "port %d", port);
	printf("%d\n", ntohs(address.sin_port));
	if (fflush(stdout) == EOF)
		err(FAILED, "standard output");
}

static _Noreturn void
run(char *argv[])
{
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

static int
run_and_wait(char *argv[])
{
	pid_t pid = fork();
	int status;

	if (pid == -1)
		err(FAILED, "fork");
	if (pid == 0)
		run(argv);
	if (waitpid(pid, &status, 0) == -1)
		err(FAILED, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
}

int
main(int argc, char *argv[])
{
	const char *what = argc > 2 ? argv[1] : "";

	if (strcmp(what, "signals") == 0) {
		block_and_ignore_signals();
		run(argv + 2);
	} else if (strcmp(what, "descriptors") == 0 && argc > 3) {
		open_descriptors(atol(argv[2]));
		run(argv + 3);
	} else if (strcmp(what, "port") == 0) {
		listen_on((unsigned short)atoi(argv[2]));
		return argc > 3 ? run_and_wait(argv + 3) : 0;
	}
	errx(FAILED, "usage: caller signals|descriptors COUNT|port PORT "
		     "[COMMAND [ARG]...]");
}
