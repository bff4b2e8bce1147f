/*
 * shell.c owns what a rescue needs of the job's shell: that it takes its terminal
 * back, and that it knows that the job goes on.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "message.h"
#include "rescue/pipes.h"
#include "rescue/shell.h"

enum {
	SUSPEND_MS = 300, /* for a job, to obey SIGTSTP */
	SHELL_MS = 2000, /* for a shell, to see what its job does */
};

/*
 * The shell that controls the job: the parent of one of it, in its session, but
 * in another group. 0 if there is none, or it cannot be seen.
 */
static pid_t
find_shell(const struct job *job)
{
	const struct process *process;
	struct process parent;
	size_t i;

	for (i = 0; i < job->count; i++) {
		process = &job->members[i].process;
		if (process_read(process->parent, &parent) == 0 &&
		    parent.session == job->named.session &&
		    parent.group != process->group &&
		    members_find(job, parent.pid) == NULL)
			return parent.pid;
	}
	return 0;
}

static bool
shell_has_terminal(const struct job *job)
{
	struct process now;

	return process_read(job->named.pid, &now) == -1 ||
	       now.foreground != now.group;
}

static bool
has_refused(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		if (job->members[i].state == REFUSED)
			return true;
	return false;
}

/*
 * Is the shell itself a part of the pipeline? It would stop the job again, some
 * time after we have let it go on.
 */
static bool
is_joined(const struct job *job)
{
	struct broken_pipe *broken;
	ssize_t all = pipes_broken(job, 1, &broken), i;
	bool joined = false;

	for (i = 0; i < all; i++)
		joined |= broken[i].other == job->shell;
	free(broken);
	return joined;
}

/*
 * The shell looks at its own children alone. Theirs run on: one that was stopped
 * between vfork() and exec would hold its parent, which then could not stop.
 */
static void
signal_children(const struct job *job, int signal)
{
	const struct process *process;
	size_t i;

	for (i = 0; i < job->count; i++) {
		process = &job->members[i].process;
		if (process->group == job->named.group &&
		    members_find(job, process->parent) == NULL)
			members_signal(&job->members[i], signal);
	}
}

/* Neither a handler nor one that has left the group meanwhile keeps it stopped. */
static void
continue_all(const struct job *job)
{
	kill(-job->named.group, SIGCONT);
	signal_children(job, SIGCONT);
}

/*
 * As after a Ctrl-Z, a shell takes its terminal back when the job has stopped.
 * Not if one of it was refused: that may still need it.
 */
bool
shell_give_terminal(struct job *job)
{
	const struct process *named = &job->named;
	const struct member *member = members_find(job, named->pid);

	job->shell = find_shell(job);
	if (member == NULL || member->state != REPLACED ||
	    named->foreground != named->group ||
	    named->group == named->session || job->shared || has_refused(job) ||
	    is_joined(job))
		return false;
	signal_children(job, SIGTSTP);
	if (!members_wait(job, shell_has_terminal, SUSPEND_MS)) {
		/* Whom Ctrl-Z has stopped in vfork() holds its parent. */
		continue_all(job);
		signal_children(job, SIGSTOP);
		if (!members_wait(job, shell_has_terminal, SHELL_MS))
			message("PID %ld: its shell does not take its terminal "
				"back",
			    (long)named->pid);
	}
	members_touch(job, true);
	continue_all(job);
	return true;
}

static bool
shell_has_news(const struct job *job)
{
	long long pending = process_status(job->shell, "ShdPnd", 16);

	return pending != -1 && (pending & 1LL << (SIGCHLD - 1)) != 0;
}

/* Does a process sleep in one of these calls, as far as we may know? */
static bool
is_waiting(pid_t pid)
{
	FILE *file = process_open(pid, "syscall");
	long number = -1;

	if (file != NULL) {
		/* It says "running" otherwise. */
		if (fscanf(file, "%ld", &number) != 1)
			number = -1;
		fclose(file);
	}
	return number == SYS_wait4 || number == SYS_waitid;
}

/*
 * Has it taken the signal, and then come to rest again? Look in this order. With
 * SIGCHLD blocked, as bash waits for another job, it needs none: the kernel
 * wakes it. A shell that is stopped, in whatever call, takes nothing.
 */
static bool
shell_rests(const struct job *job)
{
	bool news = shell_has_news(job);
	struct process now;

	return process_read(job->shell, &now) == -1 ||
	       (now.state == 'S' && (!news || is_waiting(job->shell)));
}

/*
 * A shell that is hung up may end the jobs that it takes for stopped; bash sends
 * them SIGTERM. So it has to see that this one goes on. The kernel sends SIGCHLD
 * and wakes waitpid() as the first thread of a process comes to run after
 * SIGCONT, before that one could be held: so it is done when each has been.
 */
void
shell_let_know(struct job *job)
{
	job->shell = find_shell(job);
	if (job->shell == 0)
		return;
	members_touch(job, true);
	if (!members_wait(job, shell_rests, SHELL_MS) && shell_has_news(job))
		message("PID %ld: its shell does not see that it goes on",
		    (long)job->named.pid);
}
