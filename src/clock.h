/* clock.c: deadlines, by a clock that nobody sets. */
#ifndef CLOCK_H
#define CLOCK_H

/* What the clock says, in nanoseconds. */
long long clock_now(void);

/*
 * Wait for the deadline or for SIGCHLD, which must be blocked. Return 0 after a
 * SIGCHLD, or for no reason; or -1 with errno, EAGAIN at the deadline.
 */
int clock_wait_for_child(long long deadline);

#endif
