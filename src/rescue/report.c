/*
 * report.c owns what the user is told about a rescue.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "message.h"
#include "rescue/pipes.h"
#include "rescue/report.h"

int
report_refusal(pid_t pid, const char *why)
{
	message("PID %ld: %s", (long)pid, why);
	return STATUS_FAILED;
}

int
report_rescued_by(pid_t pid, pid_t other)
{
	if (other <= 0)
		return report_refusal(
		    pid, "is being rescued by another detach");
	message("PID %ld: is being rescued by PID %ld", (long)pid, (long)other);
	return STATUS_FAILED;
}

/* Tell of all that was not rescued. Return the exit status. */
static int
report_refused(const struct job *job)
{
	const struct member *member;
	int status = 0;
	size_t i;

	if (job->incomplete)
		status = report_refusal(
		    job->named.pid, "/proc: others of its job may be missed");
	if (job->leader != 0 && job->count != 0)
		status = report_refusal(
		    job->leader, "leads the session, and was not named");
	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		if (member->state == REFUSED)
			status = report_refusal(member->process.pid,
			    member->reason != NULL ? member->reason
						   : error_text(ENOMEM));
	}
	return status;
}

/* Those that wait for SIGHUP still get it. */
static void
report_awaited_hangup(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		if (job->members[i].awaits_hangup)
			message("PID %ld: waits for SIGHUP (sigwait or "
				"signalfd) and still gets it: let its shell "
				"disown it",
			    (long)job->members[i].process.pid);
}

/*
 * Return the rescued process that stands for the job in a line: the named one if
 * possible, or 0 if none was rescued. *count is how many were, and *had_need
 * whether any of them was not safe before.
 */
static pid_t
first_rescued(const struct job *job, size_t *count, bool *had_need)
{
	const struct member *member;
	pid_t first = 0;
	size_t i;

	*count = 0;
	*had_need = false;
	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		if (member->state != REPLACED)
			continue;
		if ((*count)++ == 0 || member->process.pid == job->named.pid)
			first = member->process.pid;
		*had_need |= member->was_tied;
	}
	return first;
}

/*
 * Tell where the output goes, or that there was nothing to do; on a terminal,
 * always tell of the success.
 */
static void
report_success(const struct job *job, pid_t first, size_t count, bool had_need,
    bool chosen)
{
	char more[128] = "";
	int length = 0;

	if (count > 1)
		length =
		    snprintf(more, sizeof(more), " and %zu more", count - 1);
	if (job->group != 0)
		snprintf(more + length, sizeof(more) - (size_t)length,
		    " of group %ld", (long)job->group);
	if (!had_need)
		message("PID %ld%s: %s nothing on a terminal", (long)first,
		    more, count > 1 ? "have" : "has");
	else if (!chosen && job->output.used)
		message("PID %ld%s, output in '%s'", (long)first, more,
		    job->output.path);
	else if (isatty(STDERR_FILENO))
		message("PID %ld%s", (long)first, more);
}

int
report_job(const struct job *job, bool quiet, bool chosen)
{
	size_t count;
	bool had_need;
	pid_t first = first_rescued(job, &count, &had_need);
	int status = report_refused(job);

	if (count == 0 && status == 0)
		return report_refusal(
		    job->group != 0 ? job->group : job->named.pid,
		    error_text(ESRCH));
	if (count != 0 && !quiet) {
		report_awaited_hangup(job);
		report_success(job, first, count, had_need, chosen);
	}
	return status;
}

int
report_pipes(const struct jobs *jobs)
{
	struct broken_pipe *broken;
	ssize_t count = pipes_broken(jobs, &broken), i;

	if (count == -1)
		message("pipes: %s", error_text(errno));
	for (i = 0; i < count; i++)
		message("PID %ld: has a pipe to PID %ld, which is not rescued",
		    (long)broken[i].member, (long)broken[i].other);
	free(broken);
	return count == 0 ? 0 : STATUS_FAILED;
}
