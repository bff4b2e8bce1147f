/*
 * pipes.c owns where the pipes of rescued jobs lead: who writes to a process
 * that ends with the terminal is lost with it, and who reads from it misses the
 * rest. In fish and zsh the last part of a pipeline may be the shell itself.
 */
#include <stdlib.h>
#include <unistd.h>

#include "rescue/pipes.h"

/* What became of a process, as a member of one of the jobs; GONE if of none. */
static int
state_of(pid_t pid, const struct job *jobs, size_t count)
{
	const struct member *member;
	size_t i;

	for (i = 0; i < count; i++) {
		member = members_find(&jobs[i], pid);
		if (member != NULL && member->state != GONE)
			return (int)member->state;
	}
	return GONE;
}

enum fate { HAS_ENDED, STAYS, IS_LOST, IS_SHELL };

/*
 * Does it end with the terminal? As the leader, it is the shell. Who has ended
 * by the last look at it had nothing that was to be seen in those before.
 */
static enum fate
fate_of(pid_t pid, const struct job *jobs, size_t count)
{
	bool independent = process_is_independent(pid);
	struct process process;
	size_t i;

	if (process_read(pid, &process) == -1 || process_has_ended(&process))
		return HAS_ENDED;
	for (i = 0; i < count && !independent; i++)
		if (process.session != 0 &&
		    process.session == jobs[i].named.session)
			return process.session == pid ? IS_SHELL : IS_LOST;
	return STAYS;
}

/* Add the ends of pipes of one process. Return as process_pipes(). */
static ssize_t
add_ends(struct pipe_end **ends, ssize_t found, pid_t pid, bool rescued)
{
	ssize_t all = process_pipes(pid, ends, found), i;

	for (i = found; i < all; i++)
		(*ends)[i].rescued = rescued;
	return all;
}

/* In an order that brings the ends of each pipe together. */
static int
compare(const void *left, const void *right)
{
	const struct pipe_end *one = left, *other = right;

	if (one->device != other->device)
		return one->device < other->device ? -1 : 1;
	if (one->inode != other->inode)
		return one->inode < other->inode ? -1 : 1;
	return 0;
}

/* How many of these, at least one, are ends of the first one's pipe? */
static ssize_t
count_ends(const struct pipe_end *ends, ssize_t all)
{
	ssize_t count = 1;

	while (count < all && compare(&ends[0], &ends[count]) == 0)
		count++;
	return count;
}

/* Among the ends of a pipe, the first one of this sort, or NULL. */
static const struct pipe_end *
find_end(const struct pipe_end *ends, ssize_t count, bool reads)
{
	ssize_t i;

	for (i = 0; i < count; i++)
		if (ends[i].rescued && (reads ? ends[i].reads : ends[i].writes))
			return &ends[i];
	return NULL;
}

/* Have those that were rescued both ends of each pipe that they have? */
static bool
are_complete(const struct pipe_end *ends, ssize_t all)
{
	ssize_t i, count;

	for (i = 0; i < all; i += count) {
		count = count_ends(&ends[i], all - i);
		if (find_end(&ends[i], count, true) == NULL ||
		    find_end(&ends[i], count, false) == NULL)
			return false;
	}
	return true;
}

/* The ends of those that were rescued, and of all others if need be. */
static ssize_t
list_ends(const struct job *jobs, size_t njobs, struct pipe_end **ends)
{
	const struct member *member;
	struct process *list;
	ssize_t found = 0, all, i;
	size_t j, k;

	for (j = 0; j < njobs; j++)
		for (k = 0; k < jobs[j].count && found != -1; k++) {
			member = &jobs[j].members[k];
			if (member->state == REPLACED)
				found = add_ends(
				    ends, found, member->process.pid, true);
		}
	if (found > 0)
		qsort(*ends, (size_t)found, sizeof(**ends), compare);
	if (found == -1 || are_complete(*ends, found))
		return found;
	all = process_list(&list);
	if (all == -1)
		return -1;
	for (i = 0; i < all && found != -1; i++)
		/* Of who was refused the user is told anyway. */
		if (list[i].pid != getpid() &&
		    state_of(list[i].pid, jobs, njobs) == GONE)
			found = add_ends(ends, found, list[i].pid, false);
	free(list);
	if (found > 0)
		qsort(*ends, (size_t)found, sizeof(**ends), compare);
	return found;
}

/*
 * Who of those that were not rescued has this end of a pipe? 0 for none, or if
 * one will stay; rather another than the shell, which may only hold it.
 */
static pid_t
find_lost(const struct pipe_end *ends, ssize_t count, bool reads,
    const struct job *jobs, size_t njobs)
{
	pid_t lost = 0, shell = 0;
	enum fate fate;
	ssize_t i;

	for (i = 0; i < count; i++) {
		if (!(reads ? ends[i].reads : ends[i].writes))
			continue;
		fate = fate_of(ends[i].pid, jobs, njobs);
		if (fate == STAYS)
			return 0;
		if (fate == IS_LOST && lost == 0)
			lost = ends[i].pid;
		else if (fate == IS_SHELL)
			shell = ends[i].pid;
	}
	return lost != 0 ? lost : shell;
}

/* Add a pair to the list, if it is new. Return how many there are then. */
static ssize_t
add_broken(struct broken_pipe *list, ssize_t count, pid_t member, pid_t other)
{
	ssize_t i;

	for (i = 0; i < count; i++)
		if (list[i].member == member && list[i].other == other)
			return count;
	list[count] = (struct broken_pipe){ member, other };
	return count + 1;
}

ssize_t
pipes_broken(const struct job *jobs, size_t njobs, struct broken_pipe **list)
{
	struct pipe_end *ends = NULL;
	const struct pipe_end *member;
	ssize_t all = list_ends(jobs, njobs, &ends), found = 0, i, count;
	pid_t other;
	int reads;

	*list = all == -1 ? NULL : calloc((size_t)all + 1, 2 * sizeof(**list));
	if (*list == NULL)
		found = all = -1;
	for (i = 0; i < all; i += count) {
		count = count_ends(&ends[i], all - i);
		for (reads = 0; reads < 2; reads++) {
			member = find_end(&ends[i], count, reads == 0);
			if (member == NULL ||
			    find_end(&ends[i], count, reads == 1) != NULL)
				continue;
			other =
			    find_lost(&ends[i], count, reads == 1, jobs, njobs);
			if (other != 0)
				found = add_broken(
				    *list, found, member->pid, other);
		}
	}
	free(ends);
	return found;
}
