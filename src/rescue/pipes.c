/*
 * pipes.c owns where the pipes of rescued jobs lead. A process at the other end
 * may end with the terminal: then one that writes to it dies of SIGPIPE, and one
 * that reads from it misses the rest. In fish and zsh the last part of a
 * pipeline may be the shell itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "rescue/opened.h"
#include "rescue/pipes.h"
#include "rescue/refusal.h"

/* An end of a pipe, in a process. */
struct end {
	struct opened_fd pipe;
	pid_t pid;
	bool rescued; /* the process was */
};

struct ends {
	struct end *list;
	size_t count;
};

/* Is a process in the session of one of the jobs? */
static bool
is_near(const struct process *process, const struct jobs *jobs)
{
	size_t i;

	for (i = 0; i < jobs->count; i++)
		if (process->session != 0 &&
		    process->session == jobs->list[i].named.session)
			return true;
	return false;
}

enum fate { HAS_ENDED, STAYS, IS_LOST, IS_SHELL };

/*
 * Does a process that was not rescued end with the terminal? The leader of the
 * session is the shell. Look at its descriptors first, and only then ask whether
 * it has ended: one that ends in between may have shown none of them.
 */
static enum fate
fate_of(pid_t pid, const struct jobs *jobs)
{
	bool independent = refusal_is_independent(pid);
	struct process process;

	if (process_read(pid, &process) == -1 || process_has_ended(&process))
		return HAS_ENDED;
	if (independent || !is_near(&process, jobs))
		return STAYS;
	return process.session == pid ? IS_SHELL : IS_LOST;
}

/* Was it a process that we may not look at, or that has just ended? */
static bool
is_out_of_sight(int error)
{
	return error == EACCES || error == EPERM || error == ENOENT ||
	       error == ESRCH;
}

/*
 * Add the ends that a process has, as far as they may be seen. Return 0, or -1
 * with errno.
 */
static int
add_ends(struct ends *ends, pid_t pid, bool rescued)
{
	const struct process process = { .pid = pid };
	struct opened_fd *pipes;
	ssize_t count = opened_list(&process, PIPES, &pipes, NULL), i;
	struct end *grown;

	if (count <= 0) {
		free(pipes);
		return count == 0 || is_out_of_sight(errno) ? 0 : -1;
	}
	grown =
	    realloc(ends->list, (ends->count + (size_t)count) * sizeof(*grown));
	if (grown != NULL)
		ends->list = grown;
	for (i = 0; grown != NULL && i < count; i++)
		grown[ends->count++] = (struct end){ pipes[i], pid, rescued };
	free(pipes);
	return grown != NULL ? 0 : -1;
}

/* Order ends so that those of one pipe are neighbours. */
static int
compare(const void *left, const void *right)
{
	const struct end *one = left, *other = right;

	if (one->pipe.device != other->pipe.device)
		return one->pipe.device < other->pipe.device ? -1 : 1;
	if (one->pipe.inode != other->pipe.inode)
		return one->pipe.inode < other->pipe.inode ? -1 : 1;
	return 0;
}

static void
sort_ends(struct ends *ends)
{
	if (ends->count > 0)
		qsort(ends->list, ends->count, sizeof(*ends->list), compare);
}

/* Return the ends of the pipe that the end with this index belongs to. */
static struct ends
ends_of_pipe(const struct ends *ends, size_t first)
{
	struct ends pipe = { ends->list + first, 1 };

	while (first + pipe.count < ends->count &&
	       compare(pipe.list, pipe.list + pipe.count) == 0)
		pipe.count++;
	return pipe;
}

static bool
is_for(const struct end *end, bool reading)
{
	return (end->pipe.flags & O_ACCMODE) != (reading ? O_WRONLY : O_RDONLY);
}

/* Return a rescued process that reads from a pipe, or writes to it; 0 if none. */
static pid_t
find_rescued(const struct ends *pipe, bool reading)
{
	size_t i;

	for (i = 0; i < pipe->count; i++)
		if (pipe->list[i].rescued && is_for(&pipe->list[i], reading))
			return pipe->list[i].pid;
	return 0;
}

/* Do rescued processes have both ends of each of these pipes? */
static bool
are_complete(const struct ends *ends)
{
	struct ends pipe;
	size_t i;

	for (i = 0; i < ends->count; i += pipe.count) {
		pipe = ends_of_pipe(ends, i);
		if (find_rescued(&pipe, true) == 0 ||
		    find_rescued(&pipe, false) == 0)
			return false;
	}
	return true;
}

static int
add_ends_of_rescued(struct ends *ends, const struct jobs *jobs)
{
	const struct member *member;
	const struct job *job;
	size_t i, j;

	for (i = 0; i < jobs->count; i++) {
		job = &jobs->list[i];
		for (j = 0; j < job->count; j++) {
			member = &job->members[j];
			if (member->state == REPLACED && member->has_pipes &&
			    add_ends(ends, member->process.pid, true) == -1)
				return -1;
		}
	}
	return 0;
}

/*
 * Add the ends of processes of the jobs' sessions, or of all others. Refused
 * members are left out: the user is told of them anyway. Return 0, or -1 with
 * errno.
 */
static int
add_ends_of_others(struct ends *ends, const struct process *list, ssize_t all,
    const struct jobs *jobs, bool near)
{
	ssize_t i;

	for (i = 0; i < all; i++)
		if (is_near(&list[i], jobs) == near &&
		    list[i].pid != getpid() &&
		    !members_is_known(jobs, list[i].pid) &&
		    add_ends(ends, list[i].pid, false) == -1)
			return -1;
	sort_ends(ends);
	return 0;
}

/*
 * Find a process that reads from a pipe, or writes to it, and ends with the
 * terminal. Prefer any other to the shell, which may hold the end without using
 * it. Return 0 if there is none, or if one of those with such an end stays.
 */
static pid_t
find_lost(const struct ends *pipe, bool reading, const struct jobs *jobs)
{
	pid_t lost = 0, shell = 0;
	enum fate fate;
	size_t i;

	for (i = 0; i < pipe->count; i++) {
		if (!is_for(&pipe->list[i], reading))
			continue;
		fate = fate_of(pipe->list[i].pid, jobs);
		if (fate == STAYS)
			return 0;
		if (fate == IS_LOST && lost == 0)
			lost = pipe->list[i].pid;
		else if (fate == IS_SHELL)
			shell = pipe->list[i].pid;
	}
	return lost != 0 ? lost : shell;
}

/* Add a pair to the list unless it is there. Return the new count. */
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

/*
 * Add to the list where a pipe breaks: at one of its two ends, or at none.
 * Return the new count.
 */
static ssize_t
add_if_broken(struct broken_pipe *list, ssize_t count, const struct ends *pipe,
    const struct jobs *jobs)
{
	pid_t reader = find_rescued(pipe, true);
	pid_t writer = find_rescued(pipe, false);
	pid_t other;

	if ((reader == 0) == (writer == 0))
		return count;
	other = find_lost(pipe, reader == 0, jobs);
	if (other == 0)
		return count;
	return add_broken(list, count, reader != 0 ? reader : writer, other);
}

/* List where the pipes with these ends break. Return how many, or -1. */
static ssize_t
list_broken(
    const struct ends *ends, const struct jobs *jobs, struct broken_pipe **list)
{
	struct ends pipe;
	ssize_t count = 0;
	size_t i;

	free(*list);
	*list = calloc(ends->count + 1, sizeof(**list));
	if (*list == NULL)
		return -1;
	for (i = 0; i < ends->count; i += pipe.count) {
		pipe = ends_of_pipe(ends, i);
		count = add_if_broken(*list, count, &pipe, jobs);
	}
	return count;
}

/*
 * List where the pipes break of which rescued processes have the ends so far. Only
 * a process of the same session ends with the terminal, so look at these first.
 * If one of them has the missing end, that may be open elsewhere, too.
 */
static ssize_t
find_broken(
    struct ends *ends, const struct jobs *jobs, struct broken_pipe **list)
{
	struct process *others;
	ssize_t all = process_list(&others, NULL, 0), count = -1;

	if (all != -1 && add_ends_of_others(ends, others, all, jobs, true) == 0)
		count = list_broken(ends, jobs, list);
	if (count > 0)
		count = add_ends_of_others(ends, others, all, jobs, false) == 0
			    ? list_broken(ends, jobs, list)
			    : -1;
	free(others);
	return count;
}

ssize_t
pipes_broken(const struct jobs *jobs, struct broken_pipe **list)
{
	struct ends ends = { 0 };
	ssize_t count = -1;

	*list = NULL;
	if (add_ends_of_rescued(&ends, jobs) == 0) {
		sort_ends(&ends);
		count =
		    are_complete(&ends) ? 0 : find_broken(&ends, jobs, list);
	}
	free(ends.list);
	return count;
}
