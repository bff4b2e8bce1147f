/* shell.c: the shell that controls a job. */
#ifndef SHELL_H
#define SHELL_H

#include "rescue/members.h"

/* What the shell did about its job. */
enum shell_answer {
	NOT_ASKED, /* there was no need, or others would suffer from it */
	ANSWERED,
	NO_ANSWER, /* not in time */
};

/*
 * Get a shell that waits for a job in the foreground to take its terminal back:
 * stop the job for a moment, as Ctrl-Z does. Unless it was NOT_ASKED, the job
 * has been stopped and continued.
 */
enum shell_answer shell_return_terminal(struct job *job);

/*
 * Wait until the shell has seen that the job, which was stopped, runs again. The
 * threads of the job are held for that, one after the other.
 */
enum shell_answer shell_await_notice(struct job *job);

#endif
