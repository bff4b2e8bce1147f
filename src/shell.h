/* shell.c: the shell of a job in its session. */
#ifndef SHELL_H
#define SHELL_H

#include <sys/types.h>

#include <stdbool.h>

#include "members.h"

/*
 * Find the shell that controls the job: the parent of one of it, in its session,
 * but in another group. Return its PID, or 0 if there is none.
 */
pid_t shell_find(const struct job *);

/*
 * The shell of a job in the foreground waits for it: have it take its terminal
 * back, or tell the user that it does not. Return whether the job was stopped
 * for that and goes on.
 */
bool shell_give_terminal(struct job *);

/*
 * Wait until the shell of a job that was stopped has seen that it goes on, or
 * tell the user that it does not see it.
 */
void shell_let_know(struct job *);

#endif
