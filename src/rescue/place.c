/*
 * place.c owns the place of the job's own shell, which detach takes after "exec
 * detach -r". When it ends, the terminal closes. So if it had to refuse a job, it
 * gives the place back to a shell.
 */
#include <sys/resource.h>

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "rescue/place.h"
#include "signals.h"

/* As the shell left it. */
static struct {
	sigset_t mask;
	struct rlimit files;
	struct sigaction actions[3];
} left;

/* Those that a rescue or a message changes. */
static const int changed[3] = { SIGCHLD, SIGPIPE, SIGXFSZ };

void
place_note(void)
{
	size_t i;

	(void)signals_mask(&left.mask);
	(void)getrlimit(RLIMIT_NOFILE, &left.files);
	for (i = 0; i < sizeof(changed) / sizeof(*changed); i++)
		(void)sigaction(changed[i], NULL, &left.actions[i]);
}

/*
 * A child in the session that we lead, but in a group of its own, was the job of
 * an interactive shell. (After "ssh -t host 'job & detach -r $!'" we may lead the
 * session, too, but the group is ours.)
 */
static bool
has_shells_job(void)
{
	struct process *list;
	ssize_t count = process_list(&list, getsid, getpid()), i;
	bool found = false;

	for (i = 0; i < count; i++)
		found |=
		    list[i].parent == getpid() && list[i].session == getpid() &&
		    list[i].group != getpgrp() && !process_has_ended(&list[i]);
	free(list);
	return found;
}

static bool
took_place(const struct jobs *jobs)
{
	size_t i;

	if (!isatty(STDIN_FILENO))
		return false;
	/* Of one that is late, the program after an exec would be the tracer. */
	for (i = 0; i < jobs->count; i++)
		if (!members_are_free(&jobs->list[i]))
			return false;
	return has_shells_job();
}

static bool
can_start(const char *shell)
{
	return *shell == '/' && access(shell, X_OK) == 0;
}

/*
 * The user's, by the environment or else by the list of users. Not getpwuid(),
 * which in a static program with glibc needs the shared one as well.
 */
static const char *
find_shell(void)
{
	const char *shell = getenv("SHELL");
	const struct passwd *user = NULL;
	FILE *list;

	if (shell != NULL && can_start(shell))
		return shell;
	list = fopen("/etc/passwd", "re");
	if (list == NULL)
		return "/bin/sh";
	do
		user = fgetpwent(list);
	while (user != NULL && user->pw_uid != getuid());
	fclose(list);
	return user != NULL && can_start(user->pw_shell) ? user->pw_shell
							 : "/bin/sh";
}

void
place_give_back(const struct jobs *jobs)
{
	const char *shell;
	size_t i;

	if (!took_place(jobs))
		return;
	shell = find_shell();
	message("'%s' keeps the terminal open for the jobs", shell);
	for (i = 0; i < sizeof(changed) / sizeof(*changed); i++)
		(void)sigaction(changed[i], &left.actions[i], NULL);
	(void)setrlimit(RLIMIT_NOFILE, &left.files);
	(void)signals_set_mask(&left.mask);
	execl(shell, strrchr(shell, '/') + 1, (char *)NULL);
	message("%s: %s", shell, error_text(errno));
}
