/*
 * signals.c owns every mask and disposition of this process. It makes the
 * system calls itself where the C libraries keep signals back: they use two or
 * three of the real-time ones (32 to 34), refuse to change their dispositions
 * (EINVAL), and hide them in masks. But what the caller did to these reaches
 * the job like everything else.
 */
#include <sys/syscall.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signals.h"

#ifndef _NSIG
#define _NSIG 65
#endif

/* The kernel's set is as long as its signals need; the library's is longer. */
enum { SET_SIZE = _NSIG / 8 };

static int
change_mask(int how, const sigset_t *set, sigset_t *old)
{
	return (int)syscall(SYS_rt_sigprocmask, how, set, old, SET_SIZE);
}

/* Not sigfillset(), which leaves some out. */
static void
fill(sigset_t *set)
{
	memset(set, 0xff, sizeof(*set));
}

int
signals_block_all(sigset_t *old)
{
	sigset_t all;

	fill(&all);
	return change_mask(SIG_SETMASK, &all, old);
}

int
signals_mask(sigset_t *mask)
{
	return change_mask(SIG_SETMASK, NULL, mask);
}

int
signals_set_mask(const sigset_t *mask)
{
	return change_mask(SIG_SETMASK, mask, NULL);
}

int
signals_ignore(int number)
{
	const struct sigaction ignored = { .sa_handler = SIG_IGN };

	return sigaction(number, &ignored, NULL);
}

int
signals_default(int number)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };

	return sigaction(number, &standard, NULL);
}

int
signals_default_all(void)
{
	/* The kernel's struct sigaction for SIG_DFL, on every processor. */
	static const long zeros[16];
	int number;

	/* On sparc the size is the fifth argument, and the fourth unused here. */
	for (number = 1; number < _NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP &&
		    syscall(SYS_rt_sigaction, number, zeros, NULL, SET_SIZE,
			SET_SIZE) == -1)
			return -1;
	return 0;
}

int
signals_discard_pending(void)
{
	const struct timespec now = { 0, 0 };
	sigset_t all;

	fill(&all);
	while (sigtimedwait(&all, NULL, &now) != -1 || errno == EINTR)
		;
	return errno == EAGAIN ? 0 : -1;
}
