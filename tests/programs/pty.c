/*
 * pty.c runs a command on a terminal of its own, as the leader of a new
 * session, like a terminal window or sshd does.
 *
 *	pty [-012] COMMAND [ARG]...
 *
 * What comes on standard input is typed, what the command writes goes to
 * standard output, without echo and carriage returns. -0, -1 and -2: that
 * descriptor of the command is not the terminal, but pty's own. pty exits when
 * the command has ended, with its status (128 + N for signal N).
 *
 *	pty -l
 *
 * A free terminal line, with nothing on it: its name goes to standard output,
 * and what comes on standard input is typed there, until it ends.
 *
 * Killing pty hangs the terminal up: once it can be waited for, the kernel has
 * closed the master side, and so has sent SIGHUP to the session.
 */
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { MASTER, INPUT, CHILD, SOURCES };

static int
open_master(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master == -1 || grantpt(master) == -1 || unlockpt(master) == -1)
		err(125, "no pseudo-terminal");
	return master;
}

static int
open_slave(int master)
{
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (slave == -1)
		err(125, "terminal");
	return slave;
}

/* In the child: make the slave side the controlling terminal and 0-2. */
static void
enter(int slave, const bool own[3])
{
	struct termios settings;
	int n;

	/* As a login does: the shell that starts us in the background has not. */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	if (setsid() == -1)
		err(125, "setsid");
	if (ioctl(slave, TIOCSCTTY, 0) == -1 ||
	    tcgetattr(slave, &settings) == -1)
		err(125, "terminal");
	settings.c_oflag &= ~(tcflag_t)OPOST;
	settings.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(slave, TCSANOW, &settings) == -1)
		err(125, "tcsetattr");
	for (n = 0; n < 3; n++)
		if (!own[n] && dup2(slave, n) == -1)
			err(125, "dup2");
}

static void
put(int to, const char *bytes, ssize_t length)
{
	ssize_t done, n;

	for (done = 0; done < length; done += n)
		if ((n = write(to, bytes + done, (size_t)(length - done))) ==
		    -1)
			err(125, "write");
}

/* Copy what there is. Return false at the end of it. */
static bool
copy(int from, int to)
{
	char bytes[4096];
	ssize_t length = read(from, bytes, sizeof(bytes));

	put(to, bytes, length);
	return length > 0;
}

/*
 * Copy what the command wrote before its end. A terminal keeps the order of
 * what is written to it, so all of that comes before the NUL.
 */
static void
drain(int master, int slave)
{
	char bytes[4096], *end = NULL;
	ssize_t length;

	put(slave, "", 1);
	while (
	    end == NULL && (length = read(master, bytes, sizeof(bytes))) > 0) {
		end = memchr(bytes, '\0', (size_t)length);
		put(STDOUT_FILENO, bytes, end != NULL ? end - bytes : length);
	}
}

static int
offer_line(void)
{
	int master = open_master(), slave = open_slave(master);
	const char *name = ptsname(master);

	put(STDOUT_FILENO, name, (ssize_t)strlen(name));
	put(STDOUT_FILENO, "\n", 1);
	while (copy(STDIN_FILENO, master))
		;
	close(slave);
	return 0;
}

int
main(int argc, char *argv[])
{
	const struct sigaction ended = { .sa_handler = SIG_DFL,
		.sa_flags = SA_NOCLDSTOP };
	struct pollfd sources[SOURCES] = { { 0 } };
	bool own[3] = { false };
	sigset_t child, before;
	int option, status, master, slave, i;
	pid_t pid;

	while ((option = getopt(argc, argv, "+012l")) != -1) {
		if (option == '?')
			return 125;
		if (option == 'l')
			return offer_line();
		own[option - '0'] = true;
	}
	if (optind == argc)
		errx(125, "usage: pty [-012] COMMAND [ARG]...");
	/* Of the end alone: a command that is stopped may go on. */
	sigaction(SIGCHLD, &ended, NULL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	master = open_master();
	slave = open_slave(master);
	pid = fork();
	if (pid == -1)
		err(125, "fork");
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		enter(slave, own);
		execvp(argv[optind], argv + optind);
		err(127, "%s", argv[optind]);
	}
	sources[MASTER].fd = master;
	sources[INPUT].fd = own[0] ? -1 : STDIN_FILENO;
	sources[CHILD].fd = signalfd(-1, &child, SFD_CLOEXEC);
	for (i = 0; i < SOURCES; i++)
		sources[i].events = POLLIN;
	while (sources[CHILD].revents == 0) {
		if (poll(sources, SOURCES, -1) == -1 && errno != EINTR)
			err(125, "poll");
		if (sources[MASTER].revents != 0 &&
		    !copy(master, STDOUT_FILENO))
			sources[MASTER].fd = -1;
		if (sources[INPUT].revents != 0 && !copy(STDIN_FILENO, master))
			sources[INPUT].fd = -1;
	}
	drain(master, slave);
	if (waitpid(pid, &status, 0) == -1)
		err(125, "waitpid");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}
