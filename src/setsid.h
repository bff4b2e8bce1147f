/* setsid.c: the command line and the words of setsid. */
#ifndef SETSID_H
#define SETSID_H

#include "plan.h"

struct attempt;

/* Parse setsid's command line, in the way of options_parse(). */
void setsid_parse(int argc, char *argv[], struct plan *plan);

/* Say why nothing was started. Return 0, or -1 if it cannot be said. */
int setsid_explain(const struct attempt *);

#endif
