/*
 * wait.c owns the waiting for the job: it turns a running job into its status.
 */
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>

#include "clock.h"
#include "launch/attempt.h"
#include "launch/wait.h"
#include "signals.h"

/* Take the job's end, or its life at the deadline. Return 0, or -1 with errno. */
static int
wait_until(struct attempt *attempt, long long deadline)
{
	const int options = attempt->plan->alive ? WNOHANG : 0;
	int status;
	pid_t found;

	for (;;) {
		found = waitpid(attempt->pid, &status, options);
		if (found == attempt->pid) {
			attempt->ended = true;
			attempt->status = WIFSIGNALED(status)
					      ? STATUS_SIGNAL + WTERMSIG(status)
					      : WEXITSTATUS(status);
			return 0;
		}
		if (found == -1 && errno != EINTR)
			return -1;
		/* SIGCHLD has been blocked since before the job was born. */
		if (found == 0 && clock_wait_for_child(deadline) == -1)
			return errno == EAGAIN ? 0 : -1;
	}
}

int
wait_for_job(struct attempt *attempt)
{
	const struct launch_plan *plan = attempt->plan;
	long long deadline = plan->alive ? clock_now() + plan->alive_ns : 0;
	sigset_t mask = attempt->mask;

	if (plan->alive)
		sigaddset(&mask, SIGCHLD);
	if (signals_set_mask(&mask) == -1 ||
	    wait_until(attempt, deadline) == -1)
		return attempt_failed(attempt, NO_WAIT, "wait", errno);
	return 0;
}
