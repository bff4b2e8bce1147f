/*
 * shell.c owns what a rescue wants from the job's shell: that it takes its
 * terminal back, and that it knows that the job runs.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "rescue/pipes.h"
#include "rescue/quirks.h"
#include "rescue/shell.h"

enum {
	SUSPEND_MS = 300, /* for the job to obey SIGTSTP */
	SHELL_MS = 2000, /* for the shell to see what its job does */
};

/*
 * Find the shell that controls the job: a parent of a member, in the session of
 * the job but in another group. Return 0 if there is none, or if it may not be
 * seen, or if detach has taken its place by "exec".
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
		    parent.group != process->group && parent.pid != getpid() &&
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
 * Is the shell itself a part of the pipeline, as the last part is in zsh and
 * fish? Such a shell would stop the job again, some time after it was continued.
 */
static bool
is_joined(const struct job *job)
{
	const struct jobs alone = { .list = job, .count = 1 };
	struct broken_pipe *broken;
	ssize_t all = pipes_broken(&alone, &broken), i;
	bool joined = false;

	for (i = 0; i < all; i++)
		joined |= broken[i].other == job->shell;
	free(broken);
	return joined;
}

/*
 * Send a signal to the shell's own children, as it watches no others. For the
 * signals that stop, the grandchildren must run on: one that stops between
 * vfork() and exec keeps its parent, the shell's child, from stopping.
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

/*
 * Continue the group, and those of the shell's children that have left it since.
 */
static void
continue_all(const struct job *job)
{
	kill(-job->named.group, SIGCONT);
	signal_children(job, SIGCONT);
}

/*
 * A shell takes its terminal back when its job has stopped. It must not if a
 * process of the job was refused, because that one may still need the terminal.
 */
static bool
must_return_terminal(const struct job *job)
{
	const struct process *named = &job->named;
	const struct member *member = members_find(job, named->pid);

	return member != NULL && member->state == REPLACED &&
	       named->foreground == named->group &&
	       named->group != named->session && !job->shared &&
	       !has_refused(job) && !is_joined(job);
}

enum shell_answer
shell_return_terminal(struct job *job)
{
	enum shell_answer answer = ANSWERED;

	job->shell = find_shell(job);
	if (!must_return_terminal(job))
		return NOT_ASKED;
	signal_children(job, SIGTSTP);
	if (!members_wait_until(job, shell_has_terminal, SUSPEND_MS)) {
		/*
		 * The user's own Ctrl-Z may have stopped a grandchild in
		 * vfork(), which keeps its parent from stopping.
		 */
		continue_all(job);
		signal_children(job, SIGSTOP);
		if (!members_wait_until(job, shell_has_terminal, SHELL_MS))
			answer = NO_ANSWER;
	}
	members_restart_calls(job, true);
	continue_all(job);
	return answer;
}

/* Has the shell still to take a SIGCHLD? */
static bool
has_news(const struct job *job)
{
	struct process_status status;

	return process_read_status(job->shell, &status) == 0 &&
	       (status.shared_pending & 1LL << (SIGCHLD - 1)) != 0;
}

/* Does the process sleep in a call that waits for children? */
static bool
sleeps_in_wait(pid_t pid)
{
	struct sleeping_call call;

	quirks_read_call(pid, &call);
	return call.number == SYS_wait4 || call.number == SYS_waitid;
}

/*
 * Has the shell taken the signal, and come to rest after that? The order of the
 * two questions matters. A shell that blocks SIGCHLD, as bash does while it
 * waits for another job, need not take it: the kernel wakes its waitpid(). A
 * shell that is stopped, in whatever call, has seen nothing.
 */
static bool
has_noticed(const struct job *job)
{
	bool news = has_news(job);
	struct process now;

	return process_read(job->shell, &now) == -1 ||
	       (now.state == 'S' && (!news || sleeps_in_wait(job->shell)));
}

/*
 * When a shell is hung up it may end the jobs that it takes for stopped: bash
 * sends them SIGTERM. After SIGCONT the kernel sends the shell SIGCHLD and wakes
 * its waitpid() as soon as the first thread of the continued process runs,
 * before that thread can be held. So once each thread has been held, the shell
 * has been told, and we only wait for it to look.
 */
enum shell_answer
shell_await_notice(struct job *job)
{
	job->shell = find_shell(job);
	if (job->shell == 0)
		return NOT_ASKED;
	members_restart_calls(job, true);
	if (!members_wait_until(job, has_noticed, SHELL_MS) && has_news(job))
		return NO_ANSWER;
	return ANSWERED;
}
