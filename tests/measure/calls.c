/*
 * calls.c makes the system calls that the promises of a launch demand, and does
 * nothing else: no parsing, no formatting, no decision but the one between the
 * default file and an output that stays. What detach takes longer than this is
 * its own.
 */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

static char **command;
static int fds[3] = { 0, 1, 2 };
static sigset_t all, none;

extern char **environ;

static int
be_job(void *unused)
{
	static const long zeros[16];
	const struct sigaction ignored = { .sa_handler = SIG_IGN };
	const struct timespec now = { 0, 0 };
	int number;

	(void)unused;
	setsid();
	for (number = 0; number < 3; number++)
		if (fds[number] != number)
			dup2(fds[number], number);
	sigtimedwait(&all, NULL, &now);
	for (number = 1; number < 65; number++)
		if (number != SIGKILL && number != SIGSTOP)
			syscall(SYS_rt_sigaction, number, zeros, NULL, 8);
	sigaction(SIGHUP, &ignored, NULL);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
	execve(command[0], command, environ);
	return 127;
}

int
main(int argc, char *argv[])
{
	static char stack[16384] __attribute__((aligned(16)));
	static char directory[4096];
	struct pollfd ready = { .fd = 2, .events = POLLOUT };
	struct termios settings;
	struct stat st;
	int ends[2], n;
	pid_t pid;
	siginfo_t info;

	if (argc < 2)
		return 125;
	command = argv + 1;
	memset(&all, 0xff, sizeof(all));
	(void)getppid(); /* is this process 1? */
	syscall(SYS_faccessat2, AT_FDCWD, argv[1], X_OK, AT_EACCESS);
	stat(argv[1], &st);
	for (n = 0; n < 3; n++) {
		fstat(n, &st);
		if (S_ISCHR(st.st_mode))
			tcgetattr(n, &settings);
	}
	fds[0] = open("/dev/null", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	fstat(fds[0], &st);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
	fstat(1, &st);
	if (S_ISFIFO(st.st_mode)) {
		fds[1] = fds[2] =
		    open("nohup.out", O_WRONLY | O_APPEND | O_NOFOLLOW |
					  O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		fstat(fds[1], &st);
		fcntl(fds[1], F_SETFL, O_APPEND);
	}
	syscall(SYS_close_range, fds[1] > 2 ? fds[1] + 1 : fds[0] + 1, ~0U, 0);
	pipe2(ends, O_CLOEXEC);
	pid =
	    clone(be_job, stack + sizeof(stack), CLONE_VM | CLONE_VFORK, NULL);
	waitid(P_PID, (id_t)pid, &info,
	    WEXITED | WNOHANG | WNOWAIT | (int)__WCLONE);
	if (fds[1] > 2) {
		(void)!getcwd(directory, sizeof(directory));
		poll(&ready, 1, 1000);
		(void)!write(2, directory, 48);
	}
	return 0;
}
