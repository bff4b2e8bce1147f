/* wait.c: a running job becomes its status. */
#ifndef WAIT_H
#define WAIT_H

struct attempt;

/*
 * Stay with the attempt's job as the plan says: until it ends, or only for the
 * plan's time to see it live. The caller's signal mask comes back. Return 0
 * with "ended" and perhaps "status" filled; or -1 and a failure.
 */
int wait_for_job(struct attempt *);

#endif
