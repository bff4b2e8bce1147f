/* nohup.c: the command line and the words of nohup. */
#ifndef NOHUP_H
#define NOHUP_H

#include "plan.h"

struct attempt;

/* Parse nohup's command line, in the way of options_parse(). */
void nohup_parse(int argc, char *argv[], struct plan *plan);

/*
 * Say which descriptors are replaced and by what. Return 0, or -1 if it
 * cannot be said: POSIX then wants no job.
 */
int nohup_announce(const struct attempt *);

/* Say why nothing was started. Return 0, or -1 if it cannot be said. */
int nohup_explain(const struct attempt *);

#endif
