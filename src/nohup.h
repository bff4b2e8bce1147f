/* nohup.c: the command line and the words of nohup. */
#ifndef NOHUP_H
#define NOHUP_H

#include "launch/streams.h"
#include "plan.h"

/* Parse nohup's command line, in the way of options_detach(). */
void nohup_plan(int, char *[], struct plan *);

/*
 * Say which descriptors are replaced and by what. Return 0, or -1 if it
 * cannot be said: POSIX then wants no job.
 */
int nohup_announce(const struct streams *);

/* Say why nothing was started. Return 0, or -1 if it cannot be said. */
int nohup_explain(
    const struct plan *, const struct streams *, const struct outcome *);

#endif
