/* command.c: the file behind a command. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

#include "plan.h"

/*
 * Find the file that a command names: the name itself if it has a slash, else
 * the first executable of that name in PATH, else the first that is in the
 * way there, else nothing (""). Return its path, which may be in the given
 * room of PATH_MAX bytes, and 0 or the reason why it cannot be executed, as far
 * as that can be seen before execve().
 */
const char *command_find(const char *, char *, int *);

/*
 * Is this file, which execve() refused with ENOEXEC, a script for /bin/sh?
 */
bool command_is_script(const char *);

/*
 * Fill the outcome for a command and the path it was found at, which cannot be
 * executed for that reason. Return -1.
 */
int command_refused(const char *, const char *, int, struct outcome *);

#endif
