/* rescue.c: jobs that already run become independent of their terminal. */
#ifndef RESCUE_H
#define RESCUE_H

#include "plan.h"

/*
 * Rescue the processes of the plan, each with its group and its descendants
 * in the same session, and tell the user. What cannot be rescued is left as it
 * was. All signals are blocked until the process ends. Return the exit status.
 */
int rescue(const struct rescue_plan *);

#endif
