/*
 * refusal.c owns the reasons not to rescue a process, and their words. A new
 * reason is a function and a line of the table.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "message.h"
#include "rescue/refusal.h"

/* Words for what is seen before the stop, or only with it. */
static const char other_word_size[] = "is a program of another word size";
static const char under_filter[] = "is under a seccomp filter";

/* The process that is judged. */
struct subject {
	const struct process *process;
	struct process_status status; /* all 0 if it cannot be read */
};

static bool
is_init(const struct subject *subject)
{
	return subject->process->pid == 1;
}

static bool
is_detach(const struct subject *subject)
{
	return subject->process->pid == getpid();
}

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

static bool
is_ancestor(const struct subject *subject)
{
	return refusal_is_ancestor(subject->process->pid);
}

static bool
is_kernel_thread(const struct subject *subject)
{
	return subject->process->kernel;
}

static bool
has_ended(const struct subject *subject)
{
	return process_has_ended(subject->process);
}

static bool
has_no_main_thread(const struct subject *subject)
{
	return subject->process->state == 'Z';
}

/* "status" may be closed to us though "stat" is not. */
static bool
is_hidden(const struct subject *subject)
{
	return subject->status.pid != subject->process->pid;
}

/* The kernel shows 0 for a group or session that has no number here. */
static bool
is_of_other_namespace(const struct subject *subject)
{
	return subject->process->group == 0 || subject->process->session == 0;
}

static bool
is_foreign(const struct subject *subject)
{
	return process_is_foreign(subject->process->pid);
}

static bool
is_traced(const struct subject *subject)
{
	return subject->status.tracer > 0;
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
		thread->seccomp == ours.seccomp &&
		thread->filters == ours.filters))
		return NULL;
	return under_filter;
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
is_filtered(const struct subject *subject)
{
	return refusal_of_thread(&subject->status) != NULL;
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
    const struct terminal_fd *list, ssize_t count, const struct opened *rest)
{
	bool by_name = false;
	ssize_t i;

	for (i = 0; i < count; i++)
		by_name |= list[i].by_name;
	return rest->masters && by_name && has_child_elsewhere(process)
		   ? "relays its terminal, as sudo does: rescue what it runs"
		   : NULL;
}

/* The first that applies is told. */
static const struct {
	bool (*applies)(const struct subject *);
	const char *reason;
} refusals[] = {
	{ is_init, "init is no job" },
	{ is_detach, "is detach itself" },
	{ is_ancestor, "is an ancestor of detach (try from another terminal)" },
	{ is_kernel_thread, "is a kernel thread" },
	{ has_ended, "is a zombie" },
	{ has_no_main_thread, "is a zombie: its main thread has ended" },
	{ is_hidden, "cannot be looked at in /proc" },
	{ is_of_other_namespace, "its session is in another PID namespace" },
	{ is_foreign, other_word_size },
	{ is_traced, "is already being traced" },
	{ is_filtered, under_filter },
};

const char *
refusal_of(const struct process *process)
{
	struct subject subject = { .process = process };
	size_t i;

	(void)process_read_status(process->pid, &subject.status);
	for (i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (refusals[i].applies(&subject))
			return refusals[i].reason;
	return NULL;
}

bool
refusal_is_independent(pid_t pid)
{
	const long long hangup = 1LL << (SIGHUP - 1);
	struct process_status status;
	struct process process;
	struct terminal_fd *fds;
	ssize_t count;

	if (process_read_status(pid, &status) == -1 ||
	    ((status.ignored | status.caught) & hangup) == 0 ||
	    process_read(pid, &process) == -1)
		return false;
	count = opened_terminals(&process, &fds, NULL);
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
