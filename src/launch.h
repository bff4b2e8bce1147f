/* launch.c: a plan and its descriptors become a running job. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include "plan.h"
#include "streams.h"

/*
 * Start the job from the file at the path, in a session of its own. Return 0
 * when the kernel has committed to the new image, with the job's PID in the
 * outcome; or -1, a filled outcome, nothing started and the pidfile as it was.
 * All signals stay blocked, so that what was meant for the terminal's
 * foreground group cannot turn success into a death; outcome->mask has the
 * caller's mask.
 */
int launch(const struct plan *, const char *, const struct streams *,
    struct outcome *);

#endif
