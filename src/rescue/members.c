/*
 * members.c owns who belongs to a job that already runs: it finds its
 * processes, knows which must not be touched, and holds the others.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "message.h"
#include "rescue/members.h"

enum {
	STOP_MS = 2000, /* for a thread, to stop */
	STOP_AGAIN_MS = 50, /* the same, after one has not */
};

static bool
is_ancestor(pid_t pid)
{
	struct process process = { .parent = getppid() };

	while (process.parent != pid)
		if (process.parent <= 1 ||
		    process_read(process.parent, &process) == -1)
			return false;
	return true;
}

/*
 * A filter may kill who makes the calls of a rescue. Filters are inherited and
 * never lost: where it has none but as many as we have, as in a container,
 * they are taken for ours.
 */
static bool
is_filtered(pid_t pid)
{
	return process_status(pid, "Seccomp", 10) > 0 &&
	       (process_status(pid, "Seccomp", 10) !=
		       process_status(getpid(), "Seccomp", 10) ||
		   process_status(pid, "Seccomp_filters", 10) <= 0 ||
		   process_status(pid, "Seccomp_filters", 10) !=
		       process_status(getpid(), "Seccomp_filters", 10));
}

const char *
members_refusal(const struct process *process)
{
	if (process->pid == 1)
		return "init is no job";
	if (process->pid == getpid())
		return "is detach itself";
	if (is_ancestor(process->pid))
		return "is an ancestor of detach";
	if (process->kernel)
		return "is a kernel thread";
	if (process_has_ended(process))
		return "is a zombie";
	if (process->state == 'Z')
		return "is a zombie: its main thread has ended";
	if (process_status(process->pid, "Pid", 10) != process->pid)
		return "cannot be looked at in /proc";
	if (process->group == 0 || process->session == 0)
		return "its session is in another PID namespace";
	if (process_is_foreign(process->pid))
		return "is a program of another word size";
	if (process_status(process->pid, "TracerPid", 10) > 0)
		return "is already being traced";
	if (is_filtered(process->pid))
		return "is under a seccomp filter";
	/* To lose the terminal is a hang-up for it, which it passes on. */
	if (process_is_relay(process))
		return "relays its terminal, as sudo does: rescue what it runs";
	return NULL;
}

void
members_refuse(struct member *member, const char *reason)
{
	member->state = REFUSED;
	member->reason = strdup(reason);
}

/* Why a process cannot be stopped. */
static const char *
stop_error(int error)
{
	static char text[128];
	FILE *file;
	int scope = 0;

	if (error == ETIMEDOUT)
		return "does not stop";
	if (error == ENOEXEC)
		return "is a program of another word size";
	if (error == ENOSYS)
		return "has no system call instruction";
	if (error == EOPNOTSUPP)
		return "dispatches its own system calls";
	if (error == EBUSY)
		return "has registers that cannot be put back";
	file = error == EPERM && geteuid() != 0
		   ? fopen("/proc/sys/kernel/yama/ptrace_scope", "re")
		   : NULL;
	if (file == NULL)
		return error_text(error);
	if (fscanf(file, "%d", &scope) != 1)
		scope = 0;
	fclose(file);
	if (scope == 0)
		return error_text(error);
	snprintf(text, sizeof(text),
	    "%s (kernel.yama.ptrace_scope is %d: try as root)",
	    error_text(error), scope);
	return text;
}

struct member *
members_find(const struct job *job, pid_t pid)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		if (job->members[i].process.pid == pid)
			return &job->members[i];
	return NULL;
}

bool
members_know(const struct job *job, pid_t pid)
{
	const struct job *earlier;
	const struct member *member;

	for (earlier = job->first; earlier <= job; earlier++) {
		member = members_find(earlier, pid);
		if (member != NULL && member->state != GONE)
			return true;
	}
	return false;
}

/* Room for one more member, or for one again that called exec. */
static struct member *
add_member(struct job *job, const struct process *process)
{
	struct member *member = members_find(job, process->pid), *grown;

	if (member != NULL) {
		thread_release(&member->tracee);
		thread_release_late(&member->tracee);
		if (member->tracee.state != TRACEE_FREE)
			return NULL;
	} else {
		grown =
		    realloc(job->members, (job->count + 1) * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		job->members = grown;
		member = &job->members[job->count++];
	}
	memset(member, 0, sizeof(*member));
	member->process = *process;
	return member;
}

/* A process that has ended answers EPERM until it is waited for. */
static bool
has_ended(pid_t pid)
{
	struct process now;
	bool ended = process_read(pid, &now) == -1 || now.state == 'Z' ||
		     now.state == 'X';

	errno = EPERM;
	return ended;
}

/* Are these one process? */
static bool
is_process(const struct process *one, const struct process *other)
{
	return one->pid == other->pid && one->start == other->start;
}

/* Is this still the process that was found? */
static bool
is_same(const struct process *process)
{
	struct process now;

	return process_read(process->pid, &now) == 0 &&
	       is_process(&now, process);
}

/* Stop a thread. Return 0, or -1 with errno. */
static int
stop_thread(struct job *job, struct member *member, pid_t thread)
{
	int ms = job->stuck ? STOP_AGAIN_MS : STOP_MS;

	if (thread_hold(&member->tracee, member->process.pid, thread, ms) == 0)
		return 0;
	/* The others must not be held for ever. */
	job->stuck |= errno == ETIMEDOUT;
	return -1;
}

/*
 * Stop a process, if it is still the one that was found and no filter has come
 * upon it: once it is held, its PID cannot go to another. Return 0, or -1 with
 * errno, 0 for these two.
 */
static int
hold_member(struct job *job, struct member *member)
{
	const struct process *process = &member->process;

	if (stop_thread(job, member, process->pid) == -1)
		return -1;
	if (is_same(process) && !is_filtered(process->pid))
		return 0;
	thread_release_untouched(&member->tracee);
	errno = 0;
	return -1;
}

/*
 * Stop one that is new to the job, or refuse it. Return false if it is late, so
 * that nothing can be done.
 */
static bool
stop_member(struct job *job, const struct process *process)
{
	struct member *member = add_member(job, process);
	const char *why = members_refusal(process);

	if (member == NULL)
		return false;
	if (why == NULL && hold_member(job, member) == 0)
		return true;
	if (why == NULL && errno == 0)
		why = "is under a seccomp filter";
	else if (why == NULL && errno != ESRCH &&
		 !(errno == EPERM && has_ended(process->pid))) {
		members_refuse(member, stop_error(errno));
		return true;
	}
	if (why != NULL && is_same(process))
		members_refuse(member, why);
	else
		member->state = GONE;
	return true;
}

/*
 * Has this one, without a terminal of its own in a session of its own, open
 * descriptors on the job's? Then only these are to be replaced.
 */
static bool
shares_terminal(const struct job *job, struct process *process)
{
	struct terminal_fd *fds;
	ssize_t count;

	if (process->terminal != 0 || job->named.terminal == 0)
		return false;
	process->terminal = job->named.terminal;
	count = process_terminals(process, &fds);
	free(fds);
	if (count <= 0)
		process->terminal = 0;
	return count > 0;
}

/*
 * Is this one to be left alone, though it is in the job's group? We are, and our
 * ancestors; and the session's leader if nobody named it: a shell without job
 * control has its jobs in its own group, and ends if its terminal does.
 */
static bool
is_apart(struct job *job, const struct process *process)
{
	if (process->pid == getpid() || is_ancestor(process->pid)) {
		job->shared = true;
		return true;
	}
	if (process->pid != job->named.session || job->with_leader)
		return false;
	job->shared = true;
	if (!process_is_independent(process->pid))
		job->leader = process->pid;
	return true;
}

/*
 * The processes of the job: those of the named one's group, and all that
 * descend from it, as long as they are in its session or on its terminal. The
 * list becomes the members alone.
 */
static size_t
list_members(struct job *job, struct process **list)
{
	ssize_t all = process_list(list);
	size_t count = 0, i, j;
	struct process *p, swap;
	bool more = true;

	job->blind |= all == -1;
	while (all > 0 && more) {
		more = false;
		for (i = count; i < (size_t)all; i++) {
			p = &(*list)[i];
			for (j = 0; j < count; j++)
				if ((*list)[j].pid == p->parent)
					break;
			if (process_has_ended(p) ||
			    (j == count && p->group != job->named.group &&
				!is_process(p, &job->named)) ||
			    (p->session != job->named.session &&
				(j == count || !shares_terminal(job, p))))
				continue;
			if (is_apart(job, p))
				continue;
			swap = (*list)[count];
			(*list)[count++] = *p;
			*p = swap;
			more = true;
		}
	}
	return count;
}

static bool
is_listed(const struct process *list, size_t count, pid_t pid)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i].pid == pid)
			return true;
	return false;
}

/*
 * Parents come first: after vfork() a parent cannot stop before its child has
 * called exec, so that child has to run.
 */
bool
members_stop_new(struct job *job)
{
	struct process *list, next;
	size_t count = list_members(job, &list), i = 0;
	bool any = false;

	while (i < count) {
		if (members_know(job, list[i].pid)) {
			list[i] = list[--count];
			i = 0;
		} else if (is_listed(list, count, list[i].parent))
			i++;
		else {
			next = list[i];
			list[i] = list[--count];
			i = 0;
			/* One that has gone may have left a child. */
			any |= stop_member(job, &next);
		}
	}
	free(list);
	return any;
}

/*
 * May a thread of it be stopped again? Not while one is late: see
 * thread_hold().
 */
static bool
is_free(struct member *member)
{
	thread_release_late(&member->tracee);
	return member->state == REPLACED &&
	       member->tracee.state == TRACEE_FREE && is_same(&member->process);
}

void
members_hold_again(struct job *job, struct member *member)
{
	if (is_free(member) && members_refusal(&member->process) == NULL)
		(void)hold_member(job, member);
}

/*
 * Stop one thread and let it go. In state D, which nothing interrupts, it would
 * not stop. Return whether the thread was stopped by job control.
 */
static bool
touch_thread(struct job *job, struct member *member, pid_t thread)
{
	const pid_t process = member->process.pid;
	struct process now;

	if (process_read(thread, &now) == -1 || strchr("DZX", now.state) ||
	    is_filtered(thread) || stop_thread(job, member, thread) == -1)
		return false;
	/* Once it is held its PID cannot go to another. */
	if (process_status(thread, "Tgid", 10) != process ||
	    is_filtered(thread)) {
		thread_release_untouched(&member->tracee);
		return false;
	}
	thread_release(&member->tracee);
	return member->tracee.was_stopped;
}

void
members_touch(struct job *job, bool main)
{
	struct member *member;
	pid_t *threads;
	ssize_t count, j;
	size_t i;

	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		if (!is_free(member))
			continue;
		count = process_threads(member->process.pid, &threads);
		for (j = 0; j < count && is_free(member); j++)
			/* It may take the signal that stops all of them. */
			if ((main || threads[j] != member->process.pid) &&
			    touch_thread(job, member, threads[j]) && !main)
				member->process.state = 'T';
		free(threads);
	}
}

void
members_signal(const struct member *member, int signal)
{
	if (is_same(&member->process))
		kill(member->process.pid, signal);
}

void
members_release(struct job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		thread_release(&job->members[i].tracee);
}

void
members_let_late_go(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		thread_release_late(&job->members[i].tracee);
}

bool
members_wait(const struct job *job, bool (*fact)(const struct job *), int ms)
{
	const struct timespec millisecond = { 0, 1000000 };
	const long long end = clock_now() + ms * 1000000LL;

	while (!fact(job)) {
		if (clock_now() >= end)
			return false;
		members_let_late_go(job);
		/* The kernel tells nobody of it but parent and shell. */
		nanosleep(&millisecond, NULL);
	}
	return true;
}
