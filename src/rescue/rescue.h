/* rescue.c: jobs that already run become independent of their terminal. */
#ifndef RESCUE_H
#define RESCUE_H

#include "plan.h"

/*
 * Rescue the processes of the plan, each with its group and its descendants in
 * the same session or on the same terminal, and tell the user. What cannot be
 * rescued is left as it was. All signals are blocked from here on. Return the
 * exit status.
 */
int rescue(const struct rescue_plan *plan);

#endif
