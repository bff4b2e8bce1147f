/* command.c: the file behind a command. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

#include "plan.h"

/*
 * Find the file that a command names: the name itself if it has a slash, else
 * the first executable of that name in PATH. Return its path, which may be in
 * the given room of PATH_MAX bytes, or NULL and a filled outcome.
 */
const char *command_find(const char *, char *, struct outcome *);

/*
 * Is this file, which execve() refused with ENOEXEC, a script for /bin/sh?
 */
bool command_is_script(const char *);

/*
 * Fill the outcome for a command whose file was found, but whose execve()
 * failed with that errno. Return -1.
 */
int command_refused(const char *, const char *, int, struct outcome *);

#endif
