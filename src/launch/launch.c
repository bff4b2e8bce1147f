/*
 * launch.c starts the job: the only file that forks, changes the session and
 * execs. Whatever can fail in an ordinary way has been done by then.
 */
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "launch/command.h"
#include "launch/descriptors.h"
#include "launch/launch.h"
#include "message.h"

#ifndef _NSIG
#define _NSIG 65
#endif

/* How far an attempt came: the step that failed, and its errno. */
enum step {
	RUNNING,
	CLOSE,
	PIPE,
	FORK,
	SESSION,
	STREAMS,
	CONTROL,
	SIGNALS,
	PIDFILE,
	EXEC,
	DEATH
};

struct report {
	enum step step;
	int error; /* for DEATH a signal number */
};

struct child {
	const struct plan *plan;
	const struct streams *streams;
	const char *path;
	sigset_t mask; /* the job's */
	int report; /* write end of the pipe, close-on-exec */
};

extern char **environ;

static int
put_streams(const int fd[3])
{
	int n;

	for (n = 0; n < 3; n++)
		if (fd[n] != n && dup2(fd[n], n) == -1)
			return -1;
	return 0;
}

/*
 * Take away what was sent to the launcher's group between the fork and
 * setsid(); a new process has no other. Every signal is blocked here, so
 * pending ones can be taken one by one.
 */
static int
discard_signals(void)
{
	const struct timespec now = { 0, 0 };
	sigset_t all;

	memset(&all, 0xff, sizeof(all)); /* sigfillset() leaves out some */
	while (sigtimedwait(&all, NULL, &now) != -1 || errno == EINTR)
		;
	return errno == EAGAIN ? 0 : -1;
}

/* The dispositions that the plan's job gets. */
static int
set_signals(enum protection protect)
{
	static const long zeros[16]; /* the kernel's struct for SIG_DFL */
	const struct sigaction ignored = { .sa_handler = SIG_IGN };
	int number;

	/*
	 * Up to the last real-time signal, by the system call itself: the C
	 * library keeps some for its own use and refuses them (EINVAL), but
	 * passes them on ignored.
	 */
	if (protect == FROM_CALLER)
		for (number = 1; number < _NSIG; number++)
			if (number != SIGKILL && number != SIGSTOP &&
			    syscall(SYS_rt_sigaction, number, zeros, NULL,
				_NSIG / 8) == -1)
				return -1;
	return protect == FROM_NOTHING ? 0 : sigaction(SIGHUP, &ignored, NULL);
}

/* The arguments with which /bin/sh runs a script without "#!", or NULL. */
static char **
arguments_of_shell(const char *path, char *const *argv)
{
	static char shell[] = "/bin/sh";
	size_t count = 0;
	char **shell_argv;

	while (argv[count] != NULL)
		count++;
	shell_argv = malloc((count + 2) * sizeof(*shell_argv));
	if (shell_argv == NULL)
		return NULL;
	shell_argv[0] = shell;
	shell_argv[1] = (char *)path;
	memcpy(shell_argv + 2, argv + 1, count * sizeof(*argv));
	return shell_argv;
}

/*
 * Execute the command's file; if it is a script without "#!", by /bin/sh. To
 * allocate in a child is safe here: the launcher has no other thread that could
 * have been at it.
 */
static void
execute(const char *path, char *const *argv)
{
	char **shell_argv;
	int error;

	execve(path, argv, environ);
	if (errno != ENOEXEC)
		return;
	if (!command_is_script(path)) {
		errno = ENOEXEC;
		return;
	}
	shell_argv = arguments_of_shell(path, argv);
	if (shell_argv == NULL)
		return;
	execve(shell_argv[0], shell_argv, environ);
	error = errno;
	free(shell_argv);
	errno = error;
}

/* Be the job, or return why not. */
static struct report
become_job(const struct child *child)
{
	const struct plan *plan = child->plan;
	enum step step = EXEC;

	if (plan->session && setsid() == -1)
		step = SESSION;
	else if (put_streams(child->streams->fd) == -1)
		step = STREAMS;
	else if (plan->terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 1) == -1)
		step = CONTROL;
	else if (!plan->in_place && discard_signals() == -1)
		step = SIGNALS;
	else if (set_signals(plan->protect) == -1)
		step = SIGNALS;
	/* Before the mask: a write that fails may raise SIGXFSZ, SIGPIPE. */
	else if (pidfile_write(&child->streams->pidfile) == -1)
		step = PIDFILE;
	else if (sigprocmask(SIG_SETMASK, &child->mask, NULL) == -1)
		step = SIGNALS;
	else
		execute(child->path, plan->argv);
	return (struct report){ step, errno };
}

/* The same in a child. Its stack is its own, its memory is ours. */
static int
become_job_in_child(void *argument)
{
	const struct child *child = argument;
	const struct report report = become_job(child);

	while (write(child->report, &report, sizeof(report)) == -1 &&
	       errno == EINTR)
		;
	return STATUS_FAILED;
}

/*
 * The same in this process. A stderr that was replaced comes back to take the
 * reason why not; if it cannot, nothing else must get it.
 */
static struct report
become_job_in_place(const struct child *child)
{
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	const struct report report = become_job(child);

	if (child->streams->fd[2] != 2 && dup2(saved, STDERR_FILENO) == -1)
		close(STDERR_FILENO);
	return report;
}

/*
 * Clone a child that shares our memory and holds us until it execs or dies.
 * Its exit signal is 0: until exec makes that SIGCHLD, before it lets us go, it
 * is what the kernel calls a clone child, which wait finds with __WCLONE alone.
 * Emulators may know no such child (EINVAL), or turn it into a plain fork:
 * nothing here relies on the shared memory. There, a child that is killed before
 * its exec is taken for a job that was killed after it.
 */
static pid_t
clone_child(struct child *child, int *exit_signal)
{
	/* For that child alone; no processor but hppa grows it upwards. */
	static char stack[64 * 1024] __attribute__((aligned(16)));
	char *top = stack + sizeof(stack);
	pid_t pid;

	*exit_signal = 0;
	pid = clone(become_job_in_child, top, CLONE_VM | CLONE_VFORK, child);
	if (pid == -1 && errno == EINVAL) {
		*exit_signal = SIGCHLD;
		pid = clone(become_job_in_child, top,
		    CLONE_VM | CLONE_VFORK | *exit_signal, child);
	}
	return pid;
}

/*
 * Has the child not come to its exec? Wait knows no clone child after it
 * (ECHILD). Return 1 or 0, or -1 if wait cannot tell.
 */
static int
is_clone_child(pid_t pid)
{
	const int options = WEXITED | WNOHANG | WNOWAIT | (int)__WCLONE;
	siginfo_t info;
	int found;

	do
		found = waitid(P_PID, (id_t)pid, &info, options);
	while (found == -1 && errno == EINTR);
	if (found == 0)
		return 1;
	return errno == ECHILD ? 0 : -1;
}

/*
 * What became of a child that may not have come to its exec? The pipe has the
 * reason; its end means exec, or a death before it.
 */
static struct report
hear(pid_t pid, int pipe)
{
	struct report report;
	ssize_t length;
	int status = 0;

	do
		length = read(pipe, &report, sizeof(report));
	while (length == -1 && errno == EINTR);
	if (length != sizeof(report)) {
		if (is_clone_child(pid) != 1)
			return (struct report){ RUNNING, 0 };
		report.step = DEATH;
	}
	waitpid(pid, &status, __WALL);
	if (report.step == DEATH)
		report.error = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return report;
}

/*
 * Start the child. After vfork, wait alone can tell that it runs; the pipe is
 * then left to the launcher's end.
 */
static struct report
start_child(struct child *child, pid_t *pid)
{
	struct report report;
	int ends[2], exit_signal;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return (struct report){ PIPE, errno };
	child->report = ends[1];
	*pid = clone_child(child, &exit_signal);
	if (*pid == -1)
		report = (struct report){ FORK, errno };
	else if (exit_signal == 0 && is_clone_child(*pid) == 0)
		return (struct report){ RUNNING, 0 };
	else {
		close(ends[1]);
		report = hear(*pid, ends[0]);
	}
	close(ends[0]);
	return report;
}

/* Fill the outcome with the reason of a failed attempt. Return -1. */
static int
explain(struct report report, const struct plan *plan, const char *path,
    struct outcome *outcome)
{
	static const char *const calls[] = {
		[CLOSE] = "/proc/self/fd",
		[PIPE] = "pipe",
		[FORK] = "fork",
		[SESSION] = "setsid",
		[STREAMS] = "dup2",
		[CONTROL] = "failed to set the controlling terminal",
		[SIGNALS] = "signals",
	};
	const char *thing = plan->argv[0];

	outcome->error = report.error;
	if (report.step == EXEC)
		return command_refused(thing, path, report.error, outcome);
	if (report.step == DEATH)
		return failure(outcome, FAILED_CHILD, thing,
		    report.error == 0 ? "its start failed, it could not say why"
				      : "killed by signal %d before its exec",
		    report.error);
	if (report.step == PIDFILE)
		thing = strcmp(plan->pidfile, "-") == 0 ? "standard output"
							: plan->pidfile;
	else
		thing = calls[report.step];
	return failure(outcome, report.step > FORK ? FAILED_CHILD : FAILED,
	    thing, "%s", error_text(report.error));
}

int
launch(const struct plan *plan, const char *path, const struct streams *streams,
    struct outcome *outcome)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	struct child child = { .plan = plan, .streams = streams, .path = path };
	struct report report = { SIGNALS, 0 };

	/*
	 * A child of a process that ignores SIGCHLD leaves no status for a
	 * waiter.
	 */
	if ((plan->wait || plan->alive) && plan->protect == FROM_CALLER &&
	    sigaction(SIGCHLD, &standard, NULL) == -1)
		report.error = errno;
	else if (plan->protect == FROM_CALLER &&
		 descriptors_close(plan, streams) == -1)
		report = (struct report){ CLOSE, errno };
	else {
		child.mask = outcome->mask;
		if (plan->protect == FROM_CALLER)
			sigemptyset(&child.mask);
		report = plan->in_place ? become_job_in_place(&child)
					: start_child(&child, &outcome->pid);
	}
	if (report.step == RUNNING)
		return 0;
	outcome->pid = 0;
	pidfile_undo(&streams->pidfile);
	return explain(report, plan, path, outcome);
}
