/* setsid.c: the command line and the words of setsid. */
#ifndef SETSID_H
#define SETSID_H

#include "launch/streams.h"
#include "plan.h"

/* Parse setsid's command line, in the way of options_detach(). */
void setsid_plan(int, char *[], struct plan *);

/* Say why nothing was started. Return 0, or -1 if it cannot be said. */
int setsid_explain(
    const struct plan *, const struct streams *, const struct outcome *);

#endif
