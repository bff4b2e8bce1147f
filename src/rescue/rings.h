/* rings.c: what a process has registered with io_uring. */
#ifndef RINGS_H
#define RINGS_H

#include <sys/types.h>

#include "rescue/opened.h"

/*
 * Why the io_uring rings of a process forbid its rescue, or NULL: its terminal
 * is registered there, or what is registered cannot be seen. The list is that of
 * its descriptors on the terminal.
 */
const char *rings_refusal(
    const struct process *process, const struct opened_fd *list, ssize_t count);

#endif
