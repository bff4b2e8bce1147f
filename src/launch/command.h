/* command.c: the file behind a command. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

struct attempt;

/*
 * Find the file that the attempt's command names: the name itself if it has a
 * slash, else the first executable of that name in PATH, else the first file
 * of that name there that cannot be executed, else "". Return 0; or -1 and a failure, if
 * the job is to be protected from a start that is bound to fail.
 */
int command_find(struct attempt *);

/*
 * Is this file, which execve() refused with ENOEXEC, a script for /bin/sh?
 * Async-signal-safe.
 */
bool command_is_script(const char *);

/*
 * Note that the command cannot be executed, for the reason in that errno. The
 * failure's reason is NULL for the command's own file, "" for the interpreter
 * of a binary, else the name of a script's interpreter. Return -1, always.
 */
int command_failed(struct attempt *, int);

#endif
