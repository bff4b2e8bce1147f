/* launch.c: a plan and its descriptors become a running job. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include "launch/streams.h"
#include "plan.h"

/*
 * Start the job from the file at the path. Return 0 when the kernel has
 * committed to the new image, with the job's PID in the outcome; or -1, a
 * filled outcome, nothing started and the pidfile as it was. A plan for a job
 * in place returns only in the second case. For any other all signals are to
 * be blocked, and stay so: what is meant for the terminal's foreground group
 * must not turn success into a death.
 */
int launch(const struct plan *, const char *, const struct streams *,
    struct outcome *);

#endif
