/* descriptors.c: what happens to the descriptors from 3 up. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

struct attempt;

/*
 * Refuse a plan that keeps a descriptor that is not open, or whose arguments
 * name one that would be closed. To be called before anything is opened.
 * Return 0, or -1 and a failure.
 */
int descriptors_check(struct attempt *);

/*
 * Close every descriptor from 3 up, except those that the plan keeps and those
 * of the streams and the pidfile. They are closed for good, not on exec: exec
 * closes them some moments after the launcher has returned, which is too late
 * for somebody who waits to bind the same port. Return 0, or -1 with errno.
 */
int descriptors_close(const struct attempt *);

#endif
