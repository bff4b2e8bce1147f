/*
 * launch.c starts the job: the only file that forks, changes the session and
 * execs. Whatever can fail in an ordinary way has been done by then.
 */
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch/attempt.h"
#include "launch/command.h"
#include "launch/descriptors.h"
#include "launch/launch.h"
#include "signals.h"

/* What a child, or a step of the launcher, has to say. */
struct result {
	enum problem problem; /* NO_PROBLEM: the job runs */
	int error; /* errno; for KILLED a signal number */
};

struct child {
	const struct attempt *attempt;
	sigset_t mask; /* the job's */
	int pipe; /* for its result; close-on-exec */
};

extern char **environ;

static int
set_streams(const int fd[3])
{
	int n;

	for (n = 0; n < 3; n++)
		if (fd[n] != n && dup2(fd[n], n) == -1)
			return -1;
	return 0;
}

/* The dispositions that the job gets. */
static int
set_dispositions(enum protection protect)
{
	if (protect == FROM_CALLER && signals_default_all() == -1)
		return -1;
	return protect == FROM_NOTHING ? 0 : signals_ignore(SIGHUP);
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
 * Execute the command's file; if it is a script without "#!", by /bin/sh.
 * malloc() is safe in this child: the launcher has no other thread that could
 * hold its lock.
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
static struct result
become_job(const struct child *child)
{
	const struct attempt *attempt = child->attempt;
	const struct launch_plan *plan = attempt->plan;
	enum problem problem = NO_EXEC;

	if (plan->session && setsid() == -1)
		problem = NO_SESSION;
	else if (set_streams(attempt->streams.fd) == -1)
		problem = STREAMS_NOT_SET;
	else if (plan->terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 1) == -1)
		problem = NO_CONTROLLING_TERMINAL;
	/* What was sent to the launcher's group before setsid(). */
	else if (!plan->in_place && signals_discard_pending() == -1)
		problem = SIGNALS_NOT_SET;
	else if (set_dispositions(plan->rules->protect) == -1)
		problem = SIGNALS_NOT_SET;
	/* Before the mask: a write that fails may raise SIGXFSZ, SIGPIPE. */
	else if (pidfile_write(&attempt->pidfile) == -1)
		problem = PIDFILE_NOT_WRITTEN;
	else if (signals_set_mask(&child->mask) == -1)
		problem = SIGNALS_NOT_SET;
	else
		execute(attempt->path, plan->argv);
	return (struct result){ problem, errno };
}

/* The same in a child. Its stack is its own, its memory is ours. */
static int
become_job_in_child(void *argument)
{
	const struct child *child = argument;
	const struct result result = become_job(child);

	while (
	    write(child->pipe, &result, sizeof(result)) == -1 && errno == EINTR)
		;
	return STATUS_FAILED;
}

/*
 * The same in this process. A stderr that was replaced comes back to take the
 * reason why not; if it cannot, nothing else must get it.
 */
static struct result
become_job_in_place(const struct child *child)
{
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	const struct result result = become_job(child);

	if (child->attempt->streams.fd[2] != 2 &&
	    dup2(saved, STDERR_FILENO) == -1)
		close(STDERR_FILENO);
	return result;
}

/*
 * Clone a child that shares our memory and holds us until it execs or dies.
 * Its exit signal is 0, which makes it a "clone child": wait finds it only with
 * __WCLONE. exec sets the signal to SIGCHLD before it wakes us, so wait can tell
 * whether exec has happened.
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
 * Is the child still before its exec? After it, __WCLONE no longer finds the
 * child (ECHILD). Return 1 or 0, or -1 if wait cannot tell.
 */
static int
is_clone_child(pid_t pid)
{
	const int options = WEXITED | WNOHANG | WNOWAIT | (int)__WCLONE;
	siginfo_t info;

	if (waitid(P_PID, (id_t)pid, &info, options) == 0)
		return 1;
	return errno == ECHILD ? 0 : -1;
}

/*
 * What became of a child that may not have come to its exec? The pipe has the
 * reason; its end means exec, or a death before it.
 */
static struct result
read_result(pid_t pid, int pipe)
{
	struct result result;
	ssize_t length;
	int status = 0;

	do
		length = read(pipe, &result, sizeof(result));
	while (length == -1 && errno == EINTR);
	if (length != sizeof(result)) {
		if (is_clone_child(pid) != 1)
			return (struct result){ NO_PROBLEM, 0 };
		result.problem = KILLED;
	}
	waitpid(pid, &status, __WALL);
	if (result.problem == KILLED)
		result.error = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return result;
}

/*
 * Start the child. After vfork, wait alone tells that the job runs; the pipe
 * then stays open until the launcher ends.
 */
static struct result
start_child(struct child *child, pid_t *pid)
{
	struct result result;
	int ends[2], exit_signal;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return (struct result){ NO_PIPE, errno };
	child->pipe = ends[1];
	*pid = clone_child(child, &exit_signal);
	if (*pid == -1)
		result = (struct result){ NO_FORK, errno };
	else if (exit_signal == 0 && is_clone_child(*pid) == 0)
		return (struct result){ NO_PROBLEM, 0 };
	else {
		close(ends[1]);
		result = read_result(*pid, ends[0]);
	}
	close(ends[0]);
	return result;
}

/* Note why the job was not started. Return -1, always. */
static int
fail(struct attempt *attempt, struct result result)
{
	static const char *const calls[] = {
		[DESCRIPTORS_NOT_CLOSED] = "/proc/self/fd",
		[NO_PIPE] = "pipe",
		[NO_FORK] = "fork",
		[NO_SESSION] = "setsid",
		[STREAMS_NOT_SET] = "dup2",
		[NO_CONTROLLING_TERMINAL] = "TIOCSCTTY",
		[SIGNALS_NOT_SET] = "signals",
	};
	const char *thing = attempt->plan->argv[0];

	attempt->child = attempt->pid == -1 ? 0 : attempt->pid;
	attempt->pid = 0;
	if (result.problem == NO_EXEC)
		return command_failed(attempt, result.error);
	if (result.problem == PIDFILE_NOT_WRITTEN)
		thing = attempt->plan->pidfile;
	else if (result.problem != KILLED)
		thing = calls[result.problem];
	attempt_failed(attempt, result.problem, thing, result.error);
	attempt->failure.number = result.error;
	if (result.problem > NO_FORK)
		attempt->failure.blame = CHILD;
	return -1;
}

int
launch_check(struct attempt *attempt)
{
	if (attempt->plan->rules->protect != FROM_CALLER ||
	    attempt->plan->wait || getpid() != 1)
		return 0;
	return attempt_failed(attempt, PROCESS_ONE, NULL, 0);
}

int
launch(struct attempt *attempt)
{
	const struct launch_plan *plan = attempt->plan;
	const bool protect = plan->rules->protect == FROM_CALLER;
	struct child child = { .attempt = attempt, .mask = attempt->mask };
	struct result result;

	/*
	 * A child of a process that ignores SIGCHLD leaves no status for a
	 * waiter.
	 */
	if (protect && (plan->wait || plan->alive) &&
	    signals_default(SIGCHLD) == -1)
		return fail(attempt, (struct result){ SIGNALS_NOT_SET, errno });
	if (protect && descriptors_close(attempt) == -1)
		return fail(
		    attempt, (struct result){ DESCRIPTORS_NOT_CLOSED, errno });
	if (protect)
		sigemptyset(&child.mask);
	result = plan->in_place ? become_job_in_place(&child)
				: start_child(&child, &attempt->pid);
	return result.problem == NO_PROBLEM ? 0 : fail(attempt, result);
}
