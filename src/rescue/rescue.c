/*
 * rescue.c owns the steps of a rescue: in what order the processes of a job are
 * held, changed and let go, and what the user is told.
 */
#include <sys/resource.h>
#include <sys/types.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "rescue/members.h"
#include "rescue/pipes.h"
#include "rescue/rescue.h"
#include "rescue/shell.h"
#include "signals.h"

enum {
	VFORK_MS = 2000, /* for a parent, to leave vfork() */
	REAP_MS = 300, /* for a process, to wait for its children */
	ROUNDS = 100, /* of looking for new members */
};

/* Steps 3 to 5, for one process. */
static void
replace(const struct rescue_plan *plan, struct job *job, struct member *member)
{
	const char *outcome;
	static struct output own;

	if (member->tracee.state != TRACEE_HELD || member->state != FOUND)
		return;
	if (replace_terminals(&member->tracee, &member->process, plan,
		&job->output, &own, &outcome) == 0) {
		member->state = REPLACED;
		if (job->output.path[0] == '\0')
			job->output = own;
		else if (own.path[0] != '\0')
			member->file = strdup(own.path);
	} else if (member->tracee.state == TRACEE_GONE)
		member->state = GONE;
	else
		members_refuse(member, outcome);
}

/* Steps 3 to 5. The default file is where the named one works. */
static void
replace_found(const struct rescue_plan *plan, struct job *job)
{
	struct member *named = members_find(job, job->named.pid);
	size_t i;

	if (named != NULL)
		replace(plan, job, named);
	for (i = 0; i < job->count; i++)
		replace(plan, job, &job->members[i]);
}

/* The signals that no thread of it takes, for all of them block them. */
static long long
blocked_by_all(const struct member *member)
{
	long long blocked = (long long)member->tracee.mask;
	pid_t *threads;
	ssize_t count = process_threads(member->process.pid, &threads), i;

	for (i = 0; i < count; i++)
		/* The mask of the main one is not its own while it is held. */
		if (threads[i] != member->process.pid)
			blocked &= process_status(threads[i], "SigBlk", 16);
	free(threads);
	return blocked;
}

/*
 * Was it stopped, or is it about to be, for it has touched its terminal from the
 * background, or for a Ctrl-Z? That signal is still pending.
 */
static bool
is_stopping(const struct member *member)
{
	const long long stops =
	    1LL << (SIGTSTP - 1) | 1LL << (SIGTTIN - 1) | 1LL << (SIGTTOU - 1);
	pid_t pid = member->process.pid;
	long long own = process_status(pid, "SigPnd", 16);
	long long shared = process_status(pid, "ShdPnd", 16);
	long long defaults = stops & ~process_status(pid, "SigCgt", 16);

	if (own == -1 || shared == -1)
		return member->tracee.was_stopped;
	own &= defaults & ~(long long)member->tracee.mask;
	shared &= defaults;
	return member->tracee.was_stopped || own != 0 ||
	       (shared != 0 && (shared & ~blocked_by_all(member)) != 0);
}

/*
 * Stop all of the job, replace its terminals, let it go. Those that are not
 * stopped yet may start more processes, so look again until there is nothing
 * new; their descriptors are copies of what the process had then.
 */
static void
replace_all(const struct rescue_plan *plan, struct job *job)
{
	int rounds = ROUNDS;
	size_t i;

	while (members_stop_new(job) && rounds-- > 0) {
		replace_found(plan, job);
		members_let_late_go(job);
	}
	for (i = 0; i < job->count; i++)
		if (job->members[i].state == FOUND)
			members_refuse(&job->members[i],
			    "its job starts processes without end");
	for (i = 0; i < job->count; i++)
		if (job->members[i].tracee.state == TRACEE_HELD &&
		    is_stopping(&job->members[i]))
			job->members[i].process.state = 'T';
	members_release(job);
}

/* Step 6: a job that was stopped goes on. Return whether any of it was. */
static bool
continue_stopped(const struct job *job)
{
	const struct member *member;
	bool any = false;
	size_t i;

	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		if (member->state == REPLACED && member->process.state == 'T') {
			members_signal(member, SIGCONT);
			any = true;
		}
	}
	return any;
}

static bool
none_is_late(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		if (job->members[i].tracee.state != TRACEE_FREE)
			return false;
	return true;
}

/*
 * A child that is stopped between vfork() and exec holds its parent, which did
 * not stop for us: let the child go on, and try again.
 */
static void
retry_late(const struct rescue_plan *plan, struct job *job)
{
	struct member *member;
	bool stopped = false;
	size_t i;

	for (i = 0; i < job->count; i++)
		stopped |= job->members[i].state == REPLACED &&
			   job->members[i].process.state == 'T';
	if (!stopped || none_is_late(job))
		return;
	(void)continue_stopped(job);
	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		/* Known no longer, it is found anew once it is let go. */
		if (member->state == REFUSED &&
		    member->tracee.state != TRACEE_FREE)
			member->state = GONE;
	}
	(void)members_wait(job, none_is_late, VFORK_MS);
	job->stuck = false;
	replace_all(plan, job);
	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		if (member->state == GONE &&
		    member->tracee.state != TRACEE_FREE &&
		    member->reason != NULL)
			member->state = REFUSED;
	}
}

/* Is it alone in its group? Zombies are in it, too. */
static bool
is_alone(const struct job *job)
{
	struct process *list;
	ssize_t all = process_list(&list), i;
	bool alone = all > 0;

	for (i = 0; i < all; i++)
		if (list[i].group == job->named.group &&
		    list[i].pid != job->named.pid)
			alone = false;
	free(list);
	return alone;
}

/*
 * Step 7: a session of its own, for a job of a single process; the group of
 * another would be torn apart. Nobody can leave a group that he leads for a
 * session before he is in another group, such as that of the session's leader.
 * If it does not work out, the job is as safe where it is.
 */
static void
leave_session(struct job *job)
{
	struct member *member = members_find(job, job->named.pid);
	unsigned long session = (unsigned long)job->named.session;
	const unsigned long away[6] = { 0, session }, back[6] = { 0, 0 };
	bool leads = job->named.group == job->named.pid;

	if (job->count != 1 || job->shared || member == NULL ||
	    member->state != REPLACED || job->named.session == job->named.pid)
		return;
	/* It may still have to wait for children that have ended. */
	if (!members_wait(job, is_alone, REAP_MS))
		return;
	members_hold_again(job, member);
	if (member->tracee.state != TRACEE_HELD)
		return;
	if ((!leads || thread_call(&member->tracee, SYS_setpgid, away) == 0) &&
	    thread_call(&member->tracee, SYS_setsid, back) < 0 && leads)
		thread_call(&member->tracee, SYS_setpgid, back);
	members_release(job);
}

/* Step 4 leaves a handler in place. */
static void
warn_of_handlers(const struct job *job)
{
	const long long hangup = 1LL << (SIGHUP - 1);
	const struct member *member;
	long long caught;
	size_t i;

	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		caught = process_status(member->process.pid, "SigCgt", 16);
		if (member->state == REPLACED && caught != -1 &&
		    (caught & hangup) != 0)
			message("PID %ld: has its own handler for SIGHUP, "
				"which may end it: let its shell disown it",
			    (long)member->process.pid);
	}
}

/* Say what became of the job. Return the exit status. */
static int
report(const struct rescue_plan *plan, const struct job *job)
{
	const char *file = job->output.path;
	const struct member *member;
	size_t i, replaced = 0;
	char more[64] = "";
	pid_t first = 0;
	int status = 0;

	if (job->blind) {
		message("PID %ld: /proc: %s", (long)job->named.pid,
		    "others of its job may be missed");
		status = STATUS_FAILED;
	}
	if (job->leader != 0 && job->count != 0) {
		message("PID %ld: leads the session, and was not named",
		    (long)job->leader);
		status = STATUS_FAILED;
	}
	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		if (member->state == REFUSED) {
			message("PID %ld: %s", (long)member->process.pid,
			    member->reason != NULL ? member->reason : "?");
			status = STATUS_FAILED;
		} else if (member->state == REPLACED && replaced++ == 0)
			first = member->process.pid;
	}
	if (replaced == 0 && status == 0) {
		message("PID %ld: %s", (long)job->named.pid, error_text(ESRCH));
		return STATUS_FAILED;
	}
	if (replaced == 0 || plan->quiet)
		return status;
	warn_of_handlers(job);
	member = members_find(job, job->named.pid);
	if (member != NULL && member->state == REPLACED)
		first = job->named.pid;
	if (replaced > 1)
		snprintf(more, sizeof(more), " and %zu more", replaced - 1);
	if (plan->output == NULL && *file != '\0')
		message("PID %ld%s, output in '%s'", (long)first, more, file);
	else if (isatty(STDERR_FILENO))
		message("PID %ld%s", (long)first, more);
	for (i = 0; i < job->count; i++)
		if (job->members[i].file != NULL)
			message("PID %ld: output in '%s'",
			    (long)job->members[i].process.pid,
			    job->members[i].file);
	return status;
}

/* Say which pipes will break all the same. Return the exit status. */
static int
report_pipes(const struct job *jobs, size_t count)
{
	struct broken_pipe *broken;
	ssize_t all = pipes_broken(jobs, count, &broken), i;

	if (all == -1)
		message("pipes: %s", error_text(errno));
	for (i = 0; i < all; i++)
		message("PID %ld: has a pipe to PID %ld, which is not rescued",
		    (long)broken[i].member, (long)broken[i].other);
	free(broken);
	return all == 0 ? 0 : STATUS_FAILED;
}

static int
rescue_job(const struct rescue_plan *plan, struct job *job, pid_t pid)
{
	const char *why = NULL;
	bool continued;
	size_t i;

	if (process_read(pid, &job->named) == -1)
		why = error_text(errno);
	else
		why = members_refusal(&job->named);
	if (why != NULL) {
		message("PID %ld: %s", (long)pid, why);
		return STATUS_FAILED;
	}
	for (i = 0; i < plan->count; i++)
		job->with_leader |= plan->pids[i] == job->named.session;
	replace_all(plan, job);
	retry_late(plan, job);
	members_touch(job, false);
	continued = continue_stopped(job);
	continued |= shell_give_terminal(job);
	leave_session(job);
	if (continued)
		shell_let_know(job);
	return report(plan, job);
}

int
rescue(const struct rescue_plan *plan)
{
	/* What hangs on it lives until the end. */
	static struct job *jobs;
	struct rlimit limit;
	sigset_t all;
	size_t i, j;
	int status = 0;

	jobs = calloc(plan->count, sizeof(*jobs));
	if (jobs == NULL) {
		message("--rescue: %s", error_text(errno));
		return STATUS_FAILED;
	}
	/*
	 * If we died while a process is held, it would go on in the middle of
	 * a call of ours. An ignored SIGCHLD would not tell us of stops.
	 */
	(void)signals_block_all(&all);
	(void)signals_default(SIGCHLD);
	/* One of ours is open for each process that is held. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (i = 0; i < plan->count; i++) {
		jobs[i].first = jobs;
		if (!members_know(&jobs[i], plan->pids[i]) &&
		    rescue_job(plan, &jobs[i], plan->pids[i]) != 0)
			status = STATUS_FAILED;
		for (j = 0; j <= i; j++)
			members_let_late_go(&jobs[j]);
	}
	return report_pipes(jobs, plan->count) == 0 ? status : STATUS_FAILED;
}
