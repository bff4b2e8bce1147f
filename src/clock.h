/* clock.c: deadlines, by a clock that nobody sets. */
#ifndef CLOCK_H
#define CLOCK_H

/* What the clock says, in nanoseconds. */
long long clock_now(void);

/*
 * Wait until the clock says so, or for SIGCHLD, which must be blocked lest it
 * be missed. Return 0 for a SIGCHLD, or perhaps for nothing; or -1 with errno:
 * EAGAIN when the time is over.
 */
int clock_wait_for_child(long long deadline);

#endif
