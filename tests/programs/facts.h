/* facts.c: the facts of two jobs, made comparable. */
#ifndef FACTS_H
#define FACTS_H

#include <sys/types.h>

enum { FACTS_SIZE = 16 * 1024 };

/*
 * Read the file "facts" of a probe with that PID into a buffer of FACTS_SIZE,
 * without what may differ between two jobs that got the same: the parent, the
 * PIDs that are to be the job's own, and which of its two places the default
 * file is in. Without the file, or with half a one, the text is another.
 */
void facts_read(pid_t, char *);

#endif
