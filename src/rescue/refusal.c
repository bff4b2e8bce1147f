/* refusal.c owns the reasons not to rescue a process, and their words. */
#include <sys/syscall.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "rescue/quirks.h"
#include "rescue/refusal.h"

enum { EXEC_MS = 2000 }; /* for a thread that calls exec() */
static const struct timespec millisecond = { 0, 1000000 };

/* Seen before the stop, or only with it. */
static const char other_word_size[] = "is a program of another word size";

/*
 * Found out once. One that ends makes detach the child of another, which it then
 * does not depend on.
 */
bool
refusal_is_ancestor(pid_t pid)
{
	static struct process_pids ancestors;
	struct process process;
	size_t i;

	if (ancestors.count == 0) {
		process.parent = getppid();
		do
			if (process_add_pid(&ancestors, process.parent) == -1) {
				ancestors.count = 0;
				return true;
			}
		while (process.parent > 1 &&
		       process_read(process.parent, &process) == 0);
	}
	for (i = 0; i < ancestors.count; i++)
		if (ancestors.list[i] == pid)
			return true;
	return false;
}

/*
 * A seccomp filter may kill a process for the calls that a rescue makes in it. A
 * process inherits its filters and never loses one. So if it has as many as we
 * have, as in a container, they are taken to be ours, which permit those calls.
 */
const char *
refusal_of_thread(const struct process_status *thread)
{
	struct process_status ours;

	if (thread->seccomp <= 0 ||
	    (thread->filters > 0 && process_read_status(getpid(), &ours) == 0 &&
		thread->filters == ours.filters))
		return NULL;
	return "is under a seccomp filter";
}

/*
 * Whether or not it is rescued, it ends as soon as it goes on. (A shell that is
 * about to exit sends such a signal to the jobs that it has stopped.) SIGHUP is
 * left out: a rescue has it ignored, and that discards it. So is SIGKILL, which
 * nothing holds up, and which may also come from exec() in another thread.
 */
const char *
refusal_of_pending(const struct process_status *process)
{
	static const int others[] = { SIGHUP, SIGKILL, SIGCHLD, SIGCONT, SIGURG,
		SIGWINCH, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	static char text[64];
	uint64_t fatal =
	    (uint64_t)((process->pending | process->shared_pending) &
		       ~(process->blocked | process->ignored |
			   process->caught));
	int number = 1;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		fatal &= ~((uint64_t)1 << (others[i] - 1));
	if (fatal == 0)
		return NULL;
	for (; (fatal & 1) == 0; fatal >>= 1)
		number++;
	snprintf(text, sizeof(text), "ends by signal %d as soon as it goes on",
	    number);
	return text;
}

static bool
has_child_elsewhere(const struct process *process)
{
	struct process *list;
	ssize_t count = process_list(&list, NULL, 0), i;
	bool found = false;

	for (i = 0; i < count; i++)
		found |= list[i].parent == process->pid &&
			 list[i].terminal != 0 &&
			 list[i].terminal != process->terminal;
	free(list);
	return found;
}

/*
 * sudo and its like open the terminal by name, and pass on what comes from it to
 * a child, which runs on a pseudo-terminal that they have made. If such a
 * program lost its terminal, it would hang up the child's as well.
 */
const char *
refusal_of_terminals(const struct process *process,
    const struct opened_fd *list, ssize_t count, const struct opened *rest)
{
	bool by_name = false;
	ssize_t i;

	for (i = 0; i < count; i++)
		by_name |= list[i].by_name;
	return rest->masters && by_name && has_child_elsewhere(process)
		   ? "relays its terminal, as sudo does: rescue what it runs"
		   : NULL;
}

/*
 * Does the process live on in another thread than the main one? One that runs
 * may be about to call exec(), or be in it; those that it ends have a SIGKILL.
 */
static bool
has_other_thread(pid_t pid)
{
	struct process_status status;
	struct sleeping_call call;
	pid_t *threads;
	ssize_t count = process_numbers(pid, "task", &threads), i;
	bool found = false;

	for (i = 0; i < count && !found; i++) {
		if (threads[i] == pid ||
		    process_read_status(threads[i], &status) == -1 ||
		    strchr("RZX", status.state) != NULL ||
		    (status.pending & 1LL << (SIGKILL - 1)) != 0)
			continue;
		quirks_read_call(threads[i], &call);
		found = call.number != -1 && call.number != SYS_execve &&
			call.number != SYS_execveat;
	}
	free(threads);
	return found;
}

/*
 * Has the main thread ended for good? When another thread calls exec(), the main
 * thread ends first, and then that one takes its place (the kernel's
 * de_thread()).
 */
static bool
has_lost_main_thread(pid_t pid)
{
	struct process now;
	int ms;

	for (ms = 0; ms < EXEC_MS; ms++) {
		if (process_read(pid, &now) == -1 || now.state != 'Z')
			return false;
		if (has_other_thread(pid))
			return true;
		nanosleep(&millisecond, NULL);
	}
	return true;
}

/*
 * Read "status", which may be closed to us though "stat" is not. While exec()
 * gives a thread the PID of the process, it may show the thread's, or nothing.
 */
static bool
can_be_looked_at(pid_t pid, struct process_status *status)
{
	struct process now;
	int ms;

	for (ms = 0; ms < EXEC_MS; ms++) {
		if (process_read_status(pid, status) == 0) {
			if (status->pid == pid)
				return true;
		} else if (errno == EACCES || errno == EPERM)
			return false;
		if (process_read(pid, &now) == -1)
			return false;
		nanosleep(&millisecond, NULL);
	}
	return false;
}

/* The first reason that applies is told. */
const char *
refusal_of(const struct process *process)
{
	struct process_status status;

	if (process->pid == 1)
		return "init is no job";
	if (process->pid == getpid())
		return "is detach itself";
	if (refusal_is_ancestor(process->pid))
		return "is an ancestor of detach (try from another terminal)";
	if (process->kernel)
		return "is a kernel thread";
	if (process_has_ended(process))
		return "is a zombie";
	if (process->state == 'Z' && has_lost_main_thread(process->pid))
		return "is a zombie: its main thread has ended";
	if (!can_be_looked_at(process->pid, &status))
		return "cannot be looked at in /proc";
	/* The kernel shows 0 for what has no number here. */
	if (process->session == 0)
		return "its session is in another PID namespace";
	if (process_is_foreign(process->pid))
		return other_word_size;
	if (status.tracer > 0)
		return "is already being traced";
	return refusal_of_thread(&status);
}

bool
refusal_is_independent(pid_t pid)
{
	const long long hangup = 1LL << (SIGHUP - 1);
	struct process_status status;
	struct process process;
	struct opened_fd *fds;
	ssize_t count;

	if (process_read_status(pid, &status) == -1 ||
	    ((status.ignored | status.caught) & hangup) == 0 ||
	    process_read(pid, &process) == -1)
		return false;
	count = opened_list(&process, TERMINALS, &fds, NULL);
	free(fds);
	return count == 0;
}

/*
 * Where yama is in the way, say so: the errno alone does not. Its value 1 permits
 * to trace one's own children, which the jobs of a shell are for the program that
 * takes its place; 2 permits root alone, and 3 nobody. Where root is refused at 1
 * or 2, it is not by yama's value, but for a capability that it lacks. (Not
 * $(jobs -p), which in zsh is more than numbers: the shell would be lost, and its
 * job with it.)
 */
static const char *
permission_error(void)
{
	static char text[256];
	const char *advice = "";
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int scope = 0;

	if (file != NULL) {
		if (fscanf(file, "%d", &scope) != 1)
			scope = 0;
		fclose(file);
	}
	if (scope == 0 || (scope < 3 && geteuid() == 0))
		return error_text(EPERM);
	if (scope == 1)
		advice = ": in the job's own shell try "
			 "'exec detach -r PID', else as root";
	else if (scope == 2)
		advice = ": try as root";
	snprintf(text, sizeof(text), "%s (kernel.yama.ptrace_scope is %d%s)",
	    error_text(EPERM), scope, advice);
	return text;
}

const char *
refusal_of_stop(int error)
{
	switch (error) {
	case ETIMEDOUT:
		return "does not stop";
	case ENOEXEC:
		return other_word_size;
	case ENOSYS:
		return "has no system call instruction";
	case EOPNOTSUPP:
		return "dispatches its own system calls";
	case EBUSY:
		return "has registers that cannot be put back";
	case EPERM:
		return permission_error();
	default:
		return error_text(error);
	}
}
