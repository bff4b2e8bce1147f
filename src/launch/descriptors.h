/* descriptors.c: what happens to the descriptors from 3 up. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include "launch/streams.h"
#include "plan.h"

/*
 * Refuse a plan that keeps a descriptor that is not open, or whose arguments
 * name one that would be closed. To be called before anything is opened.
 * Return 0, or -1 and a filled outcome.
 */
int descriptors_check(const struct plan *, struct outcome *);

/*
 * Close every descriptor from 3 up but those that the plan keeps and those of
 * the streams. They are closed for good, not on exec, which would close them
 * some moments after the launcher has returned: too late for who wants to bind
 * a socket's port again. Return 0, or -1 with errno.
 */
int descriptors_close(const struct plan *, const struct streams *);

#endif
