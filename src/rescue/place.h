/* place.c: detach in the place of the job's own shell. */
#ifndef PLACE_H
#define PLACE_H

#include "rescue/members.h"

/* Note what a shell must be given back. Call it first of all. */
void place_note(void);

/*
 * After a failure: did detach take the place of a shell, which has a job left in
 * its session? Then become the user's shell. Return if not, or if a process of
 * the jobs is still traced, or if it fails, which a line says.
 */
void place_give_back(const struct jobs *jobs);

#endif
