/*
 * rescue.c owns the steps of a rescue and their order:
 *
 *  1. Refuse what must not be touched (refusal.c), or what another detach
 *     rescues just now (lock.c).
 *  2. Stop all processes of the job. Look for new ones until there are none
 *     (members.c).
 *  3. From here on, the stopped processes make system calls for us (tracee.c).
 *  4. Each of them gets files in place of its terminal (replace.c), which detach
 *     has opened (output.c) and hands over (handover.c),
 *  5. and ignores SIGHUP (replace.c); who waits for it gets it (hangup.c).
 *  6. Let all of them go on, each in the call that it was stopped in (tracee.c).
 *     Have the calls that its other threads sleep in made again, with the new
 *     files. Continue what job control has stopped, and have the shell take
 *     its terminal back (shell.c).
 *  7. Move a job of a single process to a session of its own (session.c).
 *  8. Make sure that the shell knows that the job runs (shell.c), and tell the
 *     user (report.c).
 */
#include <sys/resource.h>
#include <sys/types.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "message.h"
#include "rescue/hangup.h"
#include "rescue/lock.h"
#include "rescue/members.h"
#include "rescue/place.h"
#include "rescue/refusal.h"
#include "rescue/replace.h"
#include "rescue/report.h"
#include "rescue/rescue.h"
#include "rescue/session.h"
#include "rescue/shell.h"
#include "signals.h"

enum {
	VFORK_MS = 2000, /* for a parent to leave vfork() */
	EXEC_MS = 2000, /* for an exec() to take the place of a process */
	ROUNDS = 100, /* of looking for new members */
};

/*
 * Step 1, for the process that was found. Whether a process must keep its
 * terminal is asked once it is held; of this one also before, so that nothing of
 * its job is touched. Return 0, or the exit status.
 */
static int
begin(struct job *job, const struct rescue_plan *plan)
{
	const char *why = refusal_of(&job->named);
	struct opened_fd *fds;
	struct opened rest;
	ssize_t count;
	size_t i;

	if (why == NULL) {
		count = opened_list(&job->named, TERMINALS, &fds, &rest);
		why = refusal_of_terminals(&job->named, fds, count, &rest);
		free(fds);
	}
	if (why != NULL)
		return report_refusal(job->named.pid, why);
	for (i = 0; i < plan->count; i++)
		job->with_leader |= plan->pids[i] == job->named.session;
	return 0;
}

/* Steps 3 to 5, for one process. */
static void
replace(const struct rescue_plan *plan, struct job *job, struct member *member)
{
	const struct member *named = members_find(job, job->named.pid);
	const bool is_there =
	    named != NULL && named->tracee.state == TRACEE_HELD;
	const struct source source = { plan, &job->output,
		is_there ? job->named.pid : member->process.pid };

	if (member->state != FOUND)
		return;
	replace_terminals(member, &source);
	if (member->state == REPLACED)
		member->awaits_hangup = hangup_is_awaited(&member->tracee);
}

/* Return the signals that every thread of a held process blocks. */
static long long
blocked_by_all(const struct member *member)
{
	long long blocked = (long long)member->tracee.mask;
	struct process_status status;
	pid_t *threads;
	ssize_t count = process_numbers(member->process.pid, "task", &threads),
		i;

	for (i = 0; i < count; i++)
		/* The main thread is held, and its mask is not its own now. */
		if (threads[i] != member->process.pid &&
		    process_read_status(threads[i], &status) == 0)
			blocked &= status.blocked;
	free(threads);
	return blocked;
}

/*
 * Has job control stopped a held process, or will it as soon as it goes on? Then
 * the signal of a Ctrl-Z, or of a use of the terminal from the background, is
 * still pending.
 */
static bool
is_stopping(const struct member *member)
{
	const long long stops =
	    1LL << (SIGTSTP - 1) | 1LL << (SIGTTIN - 1) | 1LL << (SIGTTOU - 1);
	struct process_status status;
	long long own, shared;

	if (member->tracee.was_stopped ||
	    process_read_status(member->process.pid, &status) == -1)
		return member->tracee.was_stopped;
	own = status.pending & stops & ~status.caught;
	shared = status.shared_pending & stops & ~status.caught;
	return (own & ~(long long)member->tracee.mask) != 0 ||
	       (shared != 0 && (shared & ~blocked_by_all(member)) != 0);
}

/*
 * Has a process ended that was to be stopped, but not its last thread? Then exec()
 * in that one takes its place, or will not let us go before.
 */
static bool
is_going(const struct member *member)
{
	struct process now;

	return member->state == GONE &&
	       (member->tracee.state == TRACEE_GONE ||
		   (process_read(member->process.pid, &now) == 0 &&
		       now.state == 'Z' && now.threads > 1));
}

static bool
none_is_going(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		if (is_going(&job->members[i]))
			return false;
	return true;
}

/*
 * Steps 2 to 6. Processes that are not stopped yet may start more of them, which
 * inherit descriptors of before the replacement: so look again until there is
 * nothing new.
 */
static void
replace_all(const struct rescue_plan *plan, struct job *job)
{
	struct member *member;
	int rounds = ROUNDS;
	size_t i;

	while (members_stop_new(job) && rounds-- > 0) {
		for (i = 0; i < job->count; i++)
			replace(plan, job, &job->members[i]);
		members_release_late(job);
		/* A program that took another's place can then be found. */
		(void)members_wait_until(job, none_is_going, EXEC_MS);
	}
	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		if (member->state == FOUND)
			members_refuse(
			    member, "its job starts processes without end");
		if (member->tracee.state == TRACEE_HELD && is_stopping(member))
			member->stopped = true;
	}
	members_release(job);
}

/* Step 6. Return whether any process was stopped. */
static bool
continue_stopped(const struct job *job)
{
	const struct member *member;
	bool any = false;
	size_t i;

	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		if (member->state == REPLACED && member->stopped) {
			members_signal(member, SIGCONT);
			any = true;
		}
	}
	return any;
}

/*
 * A parent in vfork() does not stop for us until its child calls exec, which a
 * child that job control has stopped never does. Continue the child, and try
 * the parent again.
 */
static void
retry_late(const struct rescue_plan *plan, struct job *job)
{
	struct member *member;
	size_t i;

	if (members_are_free(job) || !continue_stopped(job))
		return;
	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		if (member->state == REFUSED &&
		    member->tracee.state != TRACEE_FREE)
			member->state = RETRIED;
	}
	(void)members_wait_until(job, members_are_free, VFORK_MS);
	job->timed_out = false;
	replace_all(plan, job);
	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		/* The second try did not come about. */
		if (member->state == RETRIED)
			member->state = member->tracee.state != TRACEE_FREE
					    ? REFUSED
					    : GONE;
	}
}

/* All steps, for one job that was found. Return the exit status. */
static int
rescue_found(const struct rescue_plan *plan, struct job *job)
{
	enum shell_answer answer;
	bool continued;

	if (begin(job, plan) != 0)
		return STATUS_FAILED;
	replace_all(plan, job);
	retry_late(plan, job);
	members_restart_calls(job, false);
	continued = continue_stopped(job);
	answer = shell_return_terminal(job);
	if (answer == NO_ANSWER)
		report_refusal(job->named.pid,
		    "its shell does not take its terminal back");
	session_leave(job);
	if ((continued || answer != NOT_ASKED) &&
	    shell_await_notice(job) == NO_ANSWER)
		report_refusal(
		    job->named.pid, "its shell does not see that it goes on");
	return report_job(job, plan->quiet, plan->output != NULL);
}

/* Find the job that a number stands for, and rescue it. Return the exit status. */
static int
rescue_job(const struct rescue_plan *plan, struct job *job, pid_t pid)
{
	struct lock lock;
	pid_t other;
	int status;

	if (process_find(pid, &job->named) == -1)
		return report_refusal(pid, error_text(errno));
	/* Of the group, too, an earlier job may have dealt with it. */
	if (members_is_known(job->all, job->named.pid))
		return 0;
	job->group = job->named.pid != pid ? pid : 0;
	other = lock_job(&job->named, &lock);
	status = other == 0 ? rescue_found(plan, job)
			    : report_rescued_by(pid, other);
	lock_free(&lock);
	return status;
}

/*
 * Prepare detach itself. If it died while it holds a process, that one would go
 * on in the middle of a call of ours, so all signals wait. An ignored SIGCHLD
 * would not tell us of stops. And each process that is held takes a descriptor.
 */
static void
prepare(void)
{
	struct rlimit limit;
	sigset_t mask;

	place_note();
	(void)output_null();
	(void)signals_block_all(&mask);
	(void)signals_default(SIGCHLD);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int
rescue(const struct rescue_plan *plan)
{
	/* Static, so that what it points to is not taken for a leak. */
	static struct job *list;
	struct jobs jobs = { 0 };
	struct job *job;
	size_t i, j;
	int status = 0;

	list = calloc(plan->count, sizeof(*list));
	if (list == NULL) {
		message("--rescue: %s", error_text(errno));
		return STATUS_FAILED;
	}
	prepare();
	jobs.list = list;
	for (i = 0; i < plan->count; i++) {
		/* An earlier job may have dealt with it. */
		if (!members_is_known(&jobs, plan->pids[i])) {
			job = &list[jobs.count++];
			job->all = &jobs;
			if (rescue_job(plan, job, plan->pids[i]) != 0)
				status = STATUS_FAILED;
		}
		for (j = 0; j < jobs.count; j++)
			members_release_late(&list[j]);
	}
	if (report_pipes(&jobs) != 0)
		status = STATUS_FAILED;
	if (status != 0)
		place_give_back(&jobs);
	return status;
}
