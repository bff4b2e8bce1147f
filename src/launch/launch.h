/* launch.c: an attempt becomes a running job. */
#ifndef LAUNCH_H
#define LAUNCH_H

struct attempt;

/*
 * Can a job outlive this process? When process 1 ends, the kernel kills all of
 * its PID namespace. Return 0, or -1 and a failure.
 */
int launch_check(struct attempt *);

/*
 * Start the job. Return 0 when the kernel has committed to the new image, with
 * the job's PID in the attempt; or -1 and a failure, with nothing started. For
 * a job in place it returns only in the second case. For any other all signals
 * must be blocked, and stay so: a Ctrl-C must not kill a launcher whose job
 * already runs.
 */
int launch(struct attempt *);

#endif
