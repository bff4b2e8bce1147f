/*
 * session.c owns the move of a job to a session of its own. That is for a job of
 * a single process, since a group of several would be torn apart, and one that
 * was named is to keep its name. If any of it fails, the job is as safe where it
 * is.
 */
#include <stdlib.h>
#include <unistd.h>

#include "rescue/session.h"

enum { REAP_MS = 300 }; /* for processes to wait for their children */

/*
 * Has the group no other process? One that has ended is there until its parent
 * waits for it.
 */
static bool
is_alone(const struct job *job)
{
	struct process *list;
	ssize_t all = process_list(&list, getpgid, job->named.group), i;
	bool alone = all != -1;

	for (i = 0; i < all && alone; i++)
		alone = list[i].group != job->named.group ||
			list[i].pid == job->named.pid;
	free(list);
	return alone;
}

/*
 * Have the process start a session, if it is alone in its group. While it is
 * held, it makes no child.
 *
 * The leader of a group cannot start a session. So it first joins another group
 * of its session: that of the session's leader. The kernel still fails setsid()
 * if its old group has another process, even one that has ended. For a process
 * that leads no group the kernel does not check that, so we do.
 *
 * Return whether it has a session; else it is where it was.
 */
static bool
start_session(struct job *job, struct member *member)
{
	unsigned long session = (unsigned long)job->named.session;
	const unsigned long away[6] = { 0, session }, back[6] = { 0, 0 };
	bool leads = job->named.group == job->named.pid;
	bool moved;

	members_stop_again(job, member);
	if (member->tracee.state != TRACEE_HELD)
		return false;
	moved = leads ? thread_call(&member->tracee, SYS_setpgid, away) == 0
		      : is_alone(job);
	if (moved && thread_call(&member->tracee, SYS_setsid, back) < 0) {
		moved = false;
		if (leads)
			thread_call(&member->tracee, SYS_setpgid, back);
	}
	members_release(job);
	return moved;
}

void
session_leave(struct job *job)
{
	struct member *member = members_find(job, job->named.pid);

	if (job->count != 1 || job->shared || job->group != 0 ||
	    member == NULL || member->state != REPLACED ||
	    job->named.session == job->named.pid)
		return;
	if (!start_session(job, member) &&
	    members_wait_until(job, is_alone, REAP_MS))
		(void)start_session(job, member);
}
