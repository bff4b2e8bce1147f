/* shell.c: the shell of a job in its session. */
#ifndef SHELL_H
#define SHELL_H

#include <stdbool.h>

#include "rescue/members.h"

/*
 * The shell of a job in the foreground waits for it: stop the job for a moment,
 * so that the shell takes its terminal back, or tell the user that it does not.
 * Return whether that was done: it is not for a job in the background, nor where
 * others would lose by it.
 */
bool shell_give_terminal(struct job *);

/*
 * Wait until the shell of a job that was stopped has seen that it goes on, or
 * tell the user that it does not see it. The threads of the job are held for it,
 * one after the other.
 */
void shell_let_know(struct job *);

#endif
