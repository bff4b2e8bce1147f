/*
 * members.c owns the processes of a job that already runs: it stops them and lets
 * them go.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "rescue/members.h"
#include "rescue/refusal.h"
#include "rescue/search.h"

enum {
	STOP_MS = 2000, /* for a thread to stop */
	STOP_AGAIN_MS = 50, /* the same, once another one has not */
};

void
members_refuse(struct member *member, const char *reason)
{
	member->state = REFUSED;
	member->reason = strdup(reason);
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
members_is_known(const struct jobs *jobs, pid_t pid)
{
	const struct member *member;
	size_t i;

	for (i = 0; i < jobs->count; i++) {
		member = members_find(&jobs->list[i], pid);
		if (member != NULL && member->state != GONE &&
		    member->state != RETRIED)
			return true;
	}
	return false;
}

/*
 * Make a process a member. It may be one already, that has called exec since or
 * is tried again: then start with it from scratch. Return NULL if we still
 * trace that one, or if there is no memory.
 */
static struct member *
add_member(struct job *job, const struct process *process)
{
	struct member *member = members_find(job, process->pid), *grown;

	if (member != NULL) {
		thread_release(&member->tracee);
		thread_release_late(&member->tracee);
		if (member->tracee.state != TRACEE_FREE)
			return NULL;
		free(member->reason);
	} else {
		grown =
		    realloc(job->members, (job->count + 1) * sizeof(*grown));
		if (grown == NULL) {
			job->incomplete = true;
			return NULL;
		}
		job->members = grown;
		member = &job->members[job->count++];
	}
	memset(member, 0, sizeof(*member));
	member->process = *process;
	return member;
}

/* Does the PID still belong to the process that was found? */
static bool
exists(const struct process *process)
{
	struct process now;

	return process_read(process->pid, &now) == 0 &&
	       process_is_same(&now, process);
}

/* Stop a thread. Return 0, or -1 with errno. */
static int
stop_thread(struct job *job, struct member *member, pid_t thread)
{
	int ms = job->timed_out ? STOP_AGAIN_MS : STOP_MS;

	if (thread_hold(&member->tracee, member->process.pid, thread, ms) == 0)
		return 0;
	/* Be brief from now on, for the sake of those that are held. */
	job->timed_out |= errno == ETIMEDOUT;
	return -1;
}

/* Has the main thread ended? */
static bool
has_no_main_thread(pid_t pid)
{
	struct process now;

	return process_read(pid, &now) == -1 || strchr("ZX", now.state) != NULL;
}

/*
 * The same for the main thread. One that has ended, but was not waited for yet,
 * fails with EPERM. If exec() in another thread has taken its place since, the
 * second try works. Return 0, or the errno: ESRCH if it has ended.
 */
static int
stop_main_thread(struct job *job, struct member *member)
{
	const pid_t pid = member->process.pid;
	int tries;

	for (tries = 0; tries < 2; tries++) {
		if (stop_thread(job, member, pid) == 0)
			return 0;
		if (errno != EPERM || member->tracee.state != TRACEE_FREE)
			return errno;
		if (has_no_main_thread(pid))
			return ESRCH;
	}
	return EPERM;
}

/*
 * Stop the main thread of a member, and make sure of it: while it is held, its
 * PID cannot pass to another process, and it cannot add a seccomp filter.
 * Return 0; or -1 and in *why the reason, which is NULL if it has gone.
 */
static int
hold_member(struct job *job, struct member *member, const char **why)
{
	const struct process *process = &member->process;
	struct process_status status;
	struct process now;
	int error;

	*why = NULL;
	error = stop_main_thread(job, member);
	if (error != 0) {
		if (error != ESRCH)
			*why = refusal_of_stop(error);
		return -1;
	}
	if (process_read(process->pid, &now) == 0 &&
	    process_is_same(&now, process)) {
		member->process.threads = now.threads;
		if (process_read_status(process->pid, &status) == -1)
			*why = refusal_of_stop(errno);
		else
			*why = refusal_of_thread(&status);
		if (*why == NULL)
			*why = refusal_of_pending(&status);
		if (*why == NULL)
			return 0;
	}
	thread_release_untouched(&member->tracee);
	return -1;
}

/*
 * Stop a process that is new to the job, or refuse it. Return false if nothing
 * could be done: see add_member().
 */
static bool
stop_member(struct job *job, const struct process *process)
{
	struct member *member = add_member(job, process);
	const char *why;

	if (member == NULL)
		return false;
	why = refusal_of(process);
	if (why != NULL && !exists(process))
		why = NULL;
	else if (why == NULL && hold_member(job, member, &why) == 0)
		return true;
	if (why != NULL)
		members_refuse(member, why);
	else
		member->state = GONE;
	return true;
}

/*
 * Parents are stopped before their children: a parent in vfork() cannot stop
 * until its child has called exec, so the child must still run.
 */
bool
members_stop_new(struct job *job)
{
	struct process *list, next;
	size_t count = search_members(job, &list), i;
	bool any = false;

	while (count > 0) {
		i = 0;
		while (i < count - 1 &&
		       search_is_listed(list, count, list[i].parent))
			i++;
		next = list[i];
		list[i] = list[--count];
		/* Even if it has gone, it may have left a child. */
		if (!members_is_known(job->all, next.pid))
			any |= stop_member(job, &next);
	}
	free(list);
	return any;
}

/*
 * Let the thread go that was stopped last, if it is late. Return whether a thread
 * of the member may be stopped now: only one at a time, see thread_hold().
 */
static bool
make_ready(struct member *member)
{
	thread_release_late(&member->tracee);
	return member->state == REPLACED && member->tracee.state == TRACEE_FREE;
}

/* The same, for the main thread, if the PID is still its. */
static bool
make_main_ready(struct member *member)
{
	return make_ready(member) && exists(&member->process);
}

void
members_stop_again(struct job *job, struct member *member)
{
	const char *why;

	if (make_main_ready(member) && refusal_of(&member->process) == NULL)
		(void)hold_member(job, member, &why);
}

/*
 * Stop one thread and let it go on. Skip one in state D, which nothing can
 * interrupt. Return whether job control had stopped it.
 */
static bool
restart_call(struct job *job, struct member *member, pid_t thread)
{
	struct process_status status;

	if (process_read_status(thread, &status) == -1 ||
	    strchr("DZX", status.state) != NULL ||
	    refusal_of_thread(&status) != NULL ||
	    stop_thread(job, member, thread) == -1)
		return false;
	/* Only while it is held can its ID not pass to another thread. */
	if (process_read_status(thread, &status) == -1 ||
	    status.process != member->process.pid ||
	    refusal_of_thread(&status) != NULL) {
		thread_release_untouched(&member->tracee);
		return false;
	}
	thread_release(&member->tracee);
	return member->tracee.was_stopped;
}

/* The same for the threads of a member. */
static void
restart_calls_of(struct job *job, struct member *member, bool with_main)
{
	pid_t *threads;
	ssize_t count = process_numbers(member->process.pid, "task", &threads),
		i;

	for (i = 0; i < count && make_ready(member); i++)
		/*
		 * A stopping signal stops the whole process, but any of its
		 * threads may be the one that takes it.
		 */
		if ((with_main || threads[i] != member->process.pid) &&
		    restart_call(job, member, threads[i]) && !with_main)
			member->stopped = true;
	free(threads);
}

void
members_restart_calls(struct job *job, bool with_main)
{
	struct member *member;
	size_t i;

	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		/* A thread that was made since has the new descriptors. */
		if ((with_main || member->process.threads != 1) &&
		    make_main_ready(member))
			restart_calls_of(job, member, with_main);
	}
}

void
members_signal(const struct member *member, int signal)
{
	if (exists(&member->process))
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
members_release_late(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		thread_release_late(&job->members[i].tracee);
}

bool
members_are_free(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		if (job->members[i].tracee.state != TRACEE_FREE)
			return false;
	return true;
}

bool
members_wait_until(
    const struct job *job, bool (*fact)(const struct job *), int ms)
{
	const struct timespec millisecond = { 0, 1000000 };
	const long long end = clock_now() + ms * 1000000LL;

	while (!fact(job)) {
		if (clock_now() >= end)
			return false;
		members_release_late(job);
		/* The kernel would report the change to the parent alone. */
		nanosleep(&millisecond, NULL);
	}
	return true;
}
