/*
 * search.c owns who belongs to a job that already runs: it finds the processes of
 * the job.
 */
#include <stdlib.h>
#include <unistd.h>

#include "rescue/opened.h"
#include "rescue/refusal.h"
#include "rescue/search.h"

/*
 * Does a process in another session, without a terminal of its own, have
 * descriptors that are open on the job's terminal?
 */
static bool
shares_terminal(const struct job *job, const struct process *process)
{
	struct process on_terminal = *process;
	struct opened_fd *fds;
	ssize_t count;

	if (process->terminal != 0)
		return false;
	on_terminal.terminal = job->named.terminal;
	count = opened_list(&on_terminal, TERMINALS, &fds, NULL);
	free(fds);
	return count > 0;
}

/* Is it in the job's group, or a child of a member, and within its reach? */
static bool
belongs(const struct job *job, const struct process *process, bool is_child)
{
	if (process_has_ended(process))
		return false;
	if (process->session != job->named.session)
		return is_child && shares_terminal(job, process);
	return is_child || process->group == job->named.group ||
	       process_is_same(process, &job->named);
}

static bool
is_ours(pid_t pid)
{
	return pid == getpid() || refusal_is_ancestor(pid);
}

/*
 * Is it to be left alone, though it belongs to the job? A shell without job
 * control has its jobs in its own group, and ends with its terminal: so the
 * leader of the session is left alone unless the user named it.
 */
static bool
is_spared(const struct job *job, const struct process *process)
{
	return (process->pid == job->named.session && !job->with_leader) ||
	       is_ours(process->pid);
}

/* Note that one is left alone; and a leader that ends with its terminal. */
static void
spare(struct job *job, pid_t pid)
{
	job->shared = true;
	if (!is_ours(pid) && !refusal_is_independent(pid))
		job->leader = pid;
}

bool
search_is_listed(const struct process *list, size_t count, pid_t pid)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i].pid == pid)
			return true;
	return false;
}

/* Is this the PID of a member, that was found before or just now? */
static bool
is_of_member(
    const struct job *job, const struct process *list, size_t count, pid_t pid)
{
	const struct member *member = members_find(job, pid);

	return (member != NULL && member->state != GONE) ||
	       search_is_listed(list, count, pid);
}

/*
 * Add the children that members have in other sessions. Return 0; or -1 if that
 * cannot be known for sure, for a member that is not held or has other threads
 * can make a child at any time.
 */
static int
add_children_elsewhere(const struct job *job, struct process_pids *pids)
{
	const struct member *member;
	size_t i, j, kept = pids->count;

	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		if (member->state == GONE)
			continue;
		if (member->tracee.state != TRACEE_HELD ||
		    member->process.threads != 1 ||
		    process_add_children(pids, member->process.pid) == -1)
			return -1;
		for (j = kept; j < pids->count; j++)
			if (getsid(pids->list[j]) != job->named.session)
				pids->list[kept++] = pids->list[j];
		pids->count = kept;
	}
	return 0;
}

/* Leave out those that are held, of which all is known. */
static void
drop_held(const struct job *job, struct process_pids *pids)
{
	const struct member *member;
	size_t i, kept = 0;

	for (i = 0; i < pids->count; i++) {
		member = members_find(job, pids->list[i]);
		if (member == NULL || member->tracee.state != TRACEE_HELD)
			pids->list[kept++] = pids->list[i];
	}
	pids->count = kept;
}

/*
 * List the processes that may be new members: those of the job's session, and the
 * children of members. A member in another session shares the job's terminal, if
 * there is one. Where the children cannot be known for sure, list all processes.
 * Return how many, or -1 with errno.
 */
static ssize_t
list_candidates(const struct job *job, struct process **list)
{
	struct process_pids pids = { 0 };
	int result = process_add_all(&pids, getsid, job->named.session);
	ssize_t count = -1;

	*list = NULL;
	if (result == 0 && job->named.terminal != 0 &&
	    add_children_elsewhere(job, &pids) == -1) {
		pids.count = 0;
		result = process_add_all(&pids, NULL, 0);
	}
	if (result == 0) {
		drop_held(job, &pids);
		count = process_read_all(&pids, list);
	}
	free(pids.list);
	return count;
}

/*
 * Start with all that may be members, and move members to the front until no
 * pass over the rest finds another child.
 */
size_t
search_members(struct job *job, struct process **list)
{
	ssize_t all = list_candidates(job, list);
	size_t count = 0, i;
	struct process *p, swap;
	bool more = true;

	job->incomplete |= all == -1;
	while (all > 0 && more) {
		more = false;
		for (i = count; i < (size_t)all; i++) {
			p = &(*list)[i];
			if (!belongs(job, p,
				is_of_member(job, *list, count, p->parent)))
				continue;
			if (is_spared(job, p)) {
				spare(job, p->pid);
				continue;
			}
			if (p->session != job->named.session)
				p->terminal = job->named.terminal;
			swap = (*list)[count];
			(*list)[count++] = *p;
			*p = swap;
			more = true;
		}
	}
	return count;
}
