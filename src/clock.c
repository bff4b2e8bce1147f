/* clock.c owns deadlines: what time it is, and the waiting until then. */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "clock.h"

enum { SECOND = 1000000000 };

long long
clock_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (long long)time.tv_sec * SECOND + time.tv_nsec;
}

int
clock_wait_for_child(long long deadline)
{
	long long left = deadline - clock_now();
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
