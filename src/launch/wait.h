/* wait.c: a running job becomes its status; waiting within a deadline. */
#ifndef WAIT_H
#define WAIT_H

#include "plan.h"

/* In place of a status. */
enum { WAIT_TIMEOUT = -1, WAIT_FAILED = -2 };

/*
 * Stay with the job of the outcome: until it ends, or with plan->alive only
 * for that time. The caller's signal mask comes back. Return the exit status as
 * a shell would (128 + N for signal N), WAIT_TIMEOUT if the job still runs at
 * the end of the time, or WAIT_FAILED with errno.
 */
int wait_for_job(const struct plan *, const struct outcome *);

/* Nanoseconds of a clock that nobody sets. */
long long wait_clock(void);

/*
 * Wait for SIGCHLD, which must be blocked lest it be missed, until that clock
 * says so. Return 0, or -1 with errno: EAGAIN when the time is over.
 */
int wait_for_change(long long);

#endif
