/* clock.c owns deadlines: what time it is, and the waiting until then. */
#include <sys/syscall.h>

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#ifndef _NSIG
#define _NSIG 65
#endif

/* 32-bit processors have a separate call for 64-bit time. */
#ifdef SYS_rt_sigtimedwait_time64
enum { RT_SIGTIMEDWAIT = SYS_rt_sigtimedwait_time64 };
#else
enum { RT_SIGTIMEDWAIT = SYS_rt_sigtimedwait };
#endif

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
	struct {
		long long seconds, nanoseconds;
	} time;
	sigset_t child;

	if (left < 0)
		left = 0;
	time.seconds = left / SECOND;
	time.nanoseconds = left % SECOND;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	/*
	 * A stop and SIGCONT make it fail with EINTR. musl's sigtimedwait()
	 * would then wait for the whole time once more.
	 */
	if (syscall(RT_SIGTIMEDWAIT, &child, NULL, &time, _NSIG / 8) == -1 &&
	    errno != EINTR)
		return -1;
	return 0;
}
