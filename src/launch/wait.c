/*
 * wait.c owns the waiting for other processes, within a deadline: it turns a
 * running job into its status.
 */
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "launch/wait.h"

enum { SECOND = 1000000000 };

long long
wait_clock(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (long long)time.tv_sec * SECOND + time.tv_nsec;
}

int
wait_for_change(long long deadline)
{
	long long left = deadline - wait_clock();
	struct timespec time;
	sigset_t child;

	if (left < 0)
		left = 0;
	time.tv_sec = (time_t)(left / SECOND);
	time.tv_nsec = (long)(left % SECOND);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (sigtimedwait(&child, NULL, &time) == -1 && errno != EINTR)
		return -1;
	return 0;
}

int
wait_for_job(const struct plan *plan, const struct outcome *outcome)
{
	long long deadline = plan->alive ? wait_clock() + plan->alive_ns : 0;
	sigset_t mask = outcome->mask;
	int status;
	pid_t found;

	if (plan->alive)
		sigaddset(&mask, SIGCHLD);
	if (sigprocmask(SIG_SETMASK, &mask, NULL) == -1)
		return WAIT_FAILED;
	for (;;) {
		found =
		    waitpid(outcome->pid, &status, plan->alive ? WNOHANG : 0);
		if (found == outcome->pid)
			return WIFSIGNALED(status)
				   ? STATUS_SIGNAL + WTERMSIG(status)
				   : WEXITSTATUS(status);
		if (found == -1 && errno != EINTR)
			return WAIT_FAILED;
		/* SIGCHLD is blocked since before the job was born. */
		if (found == 0 && wait_for_change(deadline) == -1)
			return errno == EAGAIN ? WAIT_TIMEOUT : WAIT_FAILED;
	}
}
