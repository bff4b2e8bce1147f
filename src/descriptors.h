/* descriptors.c: what happens to the descriptors from 3 up. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include "plan.h"

/*
 * Make exec close every descriptor from 3 up but those the plan keeps. Refuse
 * a plan that keeps one that is not open, or whose arguments name one that
 * would be closed. To be called before anything else is opened. Return 0, or
 * -1 and a filled outcome.
 */
int descriptors_seal(const struct plan *, struct outcome *);

/*
 * Close every descriptor from 3 up, for a waiter: an inherited socket keeps
 * its port busy in whatever process it is open.
 */
void descriptors_close(void);

#endif
