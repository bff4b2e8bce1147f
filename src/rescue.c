/*
 * rescue.c owns the steps of a rescue: which processes belong to a job, in
 * what order they are held, changed and let go, and what the user is told.
 */
#include <sys/resource.h>
#include <sys/types.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "process.h"
#include "replace.h"
#include "rescue.h"
#include "tracee.h"

enum {
	STOP_MS = 2000, /* for a process, to stop */
	STOP_AGAIN_MS = 50, /* the same, after one has not */
	SUSPEND_MS = 300, /* for a job, to obey SIGTSTP */
	GO_ON_MS = 10, /* for those that did not, before the next try */
	SHELL_MS = 500, /* for a shell, to see that its job has stopped */
	REAP_MS = 300, /* for a process, to wait for its children */
	TRIES = 10, /* of that */
	ROUNDS = 100, /* of looking for new members */
};

struct member {
	struct process process; /* as it was found */
	struct tracee tracee;
	bool held; /* stopped by us */
	enum { FOUND, REPLACED, REFUSED, GONE } state;
	char *reason; /* of a refusal */
	char *file; /* for its output, if it is not the job's */
};

struct job {
	const struct plan *plan;
	struct process named; /* by the user */
	struct member *members;
	size_t count;
	int patience; /* milliseconds, for the next one to stop */
	bool blind; /* the list of all processes could not be had */
	bool shared; /* its group is also ours, or that of an ancestor */
	struct output output;
};

static bool
is_ancestor(pid_t pid)
{
	struct process process = { .parent = getppid() };

	while (process.parent != pid)
		if (process.parent <= 1 ||
		    process_read(process.parent, &process) == -1)
			return false;
	return true;
}

/*
 * A filter may kill who makes the calls of a rescue. Filters are inherited and
 * never lost: where it has none but as many as we have, as in a container,
 * they are taken for ours.
 */
static bool
is_filtered(pid_t pid)
{
	return process_status(pid, "Seccomp", 10) > 0 &&
	       (process_status(pid, "Seccomp", 10) !=
		       process_status(getpid(), "Seccomp", 10) ||
		   process_status(pid, "Seccomp_filters", 10) <= 0 ||
		   process_status(pid, "Seccomp_filters", 10) !=
		       process_status(getpid(), "Seccomp_filters", 10));
}

/* Step 1: why a process is not to be touched, or NULL. */
static const char *
refusal(const struct process *process)
{
	if (process->pid == 1)
		return "init is no job";
	if (process->pid == getpid())
		return "is detach itself";
	if (is_ancestor(process->pid))
		return "is an ancestor of detach";
	if (process->kernel)
		return "is a kernel thread";
	if (process->state == 'Z' || process->state == 'X')
		return "is a zombie: its main thread has ended";
	if (process_status(process->pid, "Pid", 10) != process->pid)
		return "cannot be looked at in /proc";
	if (process->group == 0 || process->session == 0)
		return "its session is in another PID namespace";
	if (process_is_foreign(process->pid))
		return "is a program of another word size";
	if (process_status(process->pid, "TracerPid", 10) > 0)
		return "is already being traced";
	if (is_filtered(process->pid))
		return "is under a seccomp filter";
	/* To lose the terminal is a hang-up for it, which it passes on. */
	if (process_is_relay(process))
		return "relays its terminal, as sudo does: rescue what it runs";
	return NULL;
}

static void
refuse(struct member *member, const char *reason)
{
	member->state = REFUSED;
	member->reason = strdup(reason);
}

/* Why a process cannot be stopped. */
static const char *
stop_error(int error)
{
	static char text[128];
	FILE *file;
	int scope = 0;

	if (error == ETIMEDOUT)
		return "does not stop";
	if (error == ENOEXEC)
		return "is a program of another word size";
	if (error == ENOSYS)
		return "has no system call instruction";
	if (error == EOPNOTSUPP)
		return "dispatches its own system calls";
	if (error == EBUSY)
		return "has registers that cannot be put back";
	file = error == EPERM && geteuid() != 0
		   ? fopen("/proc/sys/kernel/yama/ptrace_scope", "re")
		   : NULL;
	if (file == NULL)
		return error_text(error);
	if (fscanf(file, "%d", &scope) != 1)
		scope = 0;
	fclose(file);
	if (scope == 0)
		return error_text(error);
	snprintf(text, sizeof(text),
	    "%s (kernel.yama.ptrace_scope is %d: try as root)",
	    error_text(error), scope);
	return text;
}

static struct member *
find_member(const struct job *job, pid_t pid)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		if (job->members[i].process.pid == pid)
			return &job->members[i];
	return NULL;
}

/* Room for one more member, or for one again that called exec. */
static struct member *
add_member(struct job *job, const struct process *process)
{
	struct member *member = find_member(job, process->pid), *grown;

	if (member != NULL && member->held)
		tracee_release(&member->tracee);
	if (member == NULL) {
		grown =
		    realloc(job->members, (job->count + 1) * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		job->members = grown;
		member = &job->members[job->count++];
	}
	memset(member, 0, sizeof(*member));
	member->process = *process;
	return member;
}

/* Has it ended, with all of its threads? */
static bool
has_gone(const struct process *process)
{
	return process->state == 'X' ||
	       (process->state == 'Z' && process->threads <= 1);
}

/* A process that has ended answers EPERM until it is waited for. */
static bool
has_ended(pid_t pid)
{
	struct process now;
	bool ended = process_read(pid, &now) == -1 || now.state == 'Z' ||
		     now.state == 'X';

	errno = EPERM;
	return ended;
}

/* Is this still the process that was found? */
static bool
is_same(const struct process *process)
{
	struct process now;

	return process_read(process->pid, &now) == 0 &&
	       now.start == process->start;
}

/* Stop one process, if it may be touched and is still the one we saw. */
static void
stop_member(struct job *job, const struct process *process)
{
	struct member *member = add_member(job, process);
	const char *why = refusal(process);

	if (member == NULL)
		return;
	if (why != NULL && is_same(process))
		refuse(member, why);
	else if (why != NULL)
		member->state = GONE;
	else if (tracee_stop(&member->tracee, process->pid, job->patience) ==
		 0) {
		member->held = is_same(process) && !is_filtered(process->pid);
		if (member->held)
			return;
		/* Once it is held its PID cannot go to another. */
		tracee_drop(&member->tracee);
		if (is_same(process))
			refuse(member, "is under a seccomp filter");
		else
			member->state = GONE;
	} else if (errno == ESRCH ||
		   (errno == EPERM && has_ended(process->pid)))
		member->state = GONE;
	else {
		/* The others must not be held for ever. */
		if (errno == ETIMEDOUT)
			job->patience = STOP_AGAIN_MS;
		refuse(member, stop_error(errno));
	}
}

/*
 * Has this one, without a terminal of its own in a session of its own, open
 * descriptors on the job's? Then only these are to be replaced.
 */
static bool
shares_terminal(const struct job *job, struct process *process)
{
	struct terminal_fd *fds;
	ssize_t count;

	if (process->terminal != 0 || job->named.terminal == 0)
		return false;
	process->terminal = job->named.terminal;
	count = process_terminals(process, &fds);
	free(fds);
	if (count <= 0)
		process->terminal = 0;
	return count > 0;
}

/*
 * The processes of the job: those of the named one's group, and all that
 * descend from it, as long as they are in its session or on its terminal. We
 * and our ancestors are none of it. The list becomes the members alone.
 */
static size_t
list_members(struct job *job, struct process **list)
{
	ssize_t all = process_list(list);
	size_t count = 0, i, j;
	struct process *p, swap;
	bool more = true;

	job->blind |= all == -1;
	while (all > 0 && more) {
		more = false;
		for (i = count; i < (size_t)all; i++) {
			p = &(*list)[i];
			for (j = 0; j < count; j++)
				if ((*list)[j].pid == p->parent)
					break;
			if (has_gone(p) ||
			    (j == count && p->group != job->named.group &&
				p->pid != job->named.pid) ||
			    (p->session != job->named.session &&
				(j == count || !shares_terminal(job, p))))
				continue;
			if (p->pid == getpid() || is_ancestor(p->pid)) {
				job->shared = true;
				continue;
			}
			swap = (*list)[count];
			(*list)[count++] = *p;
			*p = swap;
			more = true;
		}
	}
	return count;
}

static bool
is_listed(const struct process *list, size_t count, pid_t pid)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i].pid == pid)
			return true;
	return false;
}

/*
 * Step 2: stop all members that are there now and were not before. Parents
 * come first: after vfork() a parent cannot stop before its child has called
 * exec, so that child has to run. Return whether there were any.
 */
static bool
stop_new_members(struct job *job)
{
	struct process *list, next;
	size_t count = list_members(job, &list), i = 0;
	struct member *member;
	bool any = false;

	while (i < count) {
		member = find_member(job, list[i].pid);
		if (member != NULL && member->state != GONE) {
			list[i] = list[--count];
			i = 0;
		} else if (is_listed(list, count, list[i].parent))
			i++;
		else {
			next = list[i];
			list[i] = list[--count];
			i = 0;
			stop_member(job, &next);
			/* One that has gone may have left a child. */
			any = true;
		}
	}
	free(list);
	return any;
}

/* Steps 3 to 5, for one process. */
static void
replace(struct job *job, struct member *member)
{
	static struct outcome outcome;
	static struct output own;

	if (!member->held || member->state != FOUND)
		return;
	if (replace_terminals(&member->tracee, &member->process, job->plan,
		&job->output, &own, &outcome) == 0) {
		member->state = REPLACED;
		if (job->output.path[0] == '\0')
			job->output = own;
		else if (own.path[0] != '\0')
			member->file = strdup(own.path);
	} else if (member->tracee.gone)
		member->state = GONE;
	else
		refuse(member, outcome.reason);
}

static void
release(struct job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++) {
		if (job->members[i].held)
			tracee_release(&job->members[i].tracee);
		job->members[i].held = false;
	}
}

/* Steps 3 to 5. The default file is where the named one works. */
static void
replace_found(struct job *job)
{
	struct member *named = find_member(job, job->named.pid);
	size_t i;

	if (named != NULL)
		replace(job, named);
	for (i = 0; i < job->count; i++)
		replace(job, &job->members[i]);
}

/* Let those go on that did not stop in time, but have now. */
static void
let_late_go(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		tracee_let_go(&job->members[i].tracee);
}

/*
 * Was it stopped, or is it about to be, for it has touched its terminal from the
 * background, or for a Ctrl-Z? That signal is still pending.
 */
static bool
is_stopping(const struct member *member)
{
	const long long stops =
	    1LL << (SIGTSTP - 1) | 1LL << (SIGTTIN - 1) | 1LL << (SIGTTOU - 1);
	pid_t pid = member->process.pid;
	long long pending = process_status(pid, "SigPnd", 16) |
			    process_status(pid, "ShdPnd", 16);
	long long caught = process_status(pid, "SigCgt", 16);

	return member->tracee.stopped ||
	       (pending != -1 && (pending & stops & ~caught &
				     ~(long long)member->tracee.mask) != 0);
}

/*
 * Stop all of the job, replace its terminals, let it go. Threads are not
 * stopped, and may start more processes; their descriptors are copies of what
 * the process had then, so look again until there is nothing new.
 */
static void
replace_all(struct job *job)
{
	int rounds = ROUNDS;
	size_t i;

	while (stop_new_members(job) && rounds-- > 0) {
		replace_found(job);
		let_late_go(job);
	}
	for (i = 0; i < job->count; i++)
		if (job->members[i].state == FOUND)
			refuse(&job->members[i],
			    "its job starts processes without end");
	for (i = 0; i < job->count; i++)
		if (job->members[i].held && is_stopping(&job->members[i]))
			job->members[i].process.state = 'T';
	release(job);
}

/* Wait until a fact has come true, at most so many milliseconds. */
static bool
wait_until(bool (*fact)(const struct job *), const struct job *job, int ms)
{
	const struct timespec millisecond = { 0, 1000000 };

	while (!fact(job)) {
		if (ms-- == 0)
			return false;
		let_late_go(job);
		/* The kernel tells nobody of it but parent and shell. */
		nanosleep(&millisecond, NULL);
	}
	return true;
}

static bool
shell_has_terminal(const struct job *job)
{
	struct process now;

	return process_read(job->named.pid, &now) == -1 ||
	       now.foreground != now.group;
}

/* Stop a member that was let go. */
static void
hold_again(struct member *member)
{
	struct process *process = &member->process;

	if (member->state != REPLACED || !is_same(process) ||
	    refusal(process) != NULL ||
	    tracee_stop(&member->tracee, process->pid, STOP_MS) == -1)
		return;
	member->held = is_same(process) && !is_filtered(process->pid);
	if (!member->held)
		tracee_drop(&member->tracee);
}

/* Stop and let go again: nothing but the repair of interrupted calls. */
static void
touch_all(struct job *job)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		hold_again(&job->members[i]);
	release(job);
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
 * The shell of a job in the foreground waits for it. As after a Ctrl-Z, it
 * takes its terminal back when the job has stopped; but one of it that was
 * refused must not be. A child that is stopped
 * between vfork() and exec holds its parent, which then cannot stop: let them
 * go on and try again.
 */
static void
give_terminal_back(struct job *job)
{
	const struct process *named = &job->named;
	const struct member *member = find_member(job, named->pid);
	int tries = TRIES;
	bool done = false;

	if (member == NULL || member->state != REPLACED ||
	    named->foreground != named->group ||
	    named->group == named->session || job->shared || has_refused(job))
		return;
	while (!done && tries-- > 0) {
		kill(-named->group, SIGTSTP);
		done = wait_until(shell_has_terminal, job, SUSPEND_MS);
		if (!done) {
			kill(-named->group, SIGSTOP);
			done = wait_until(shell_has_terminal, job, SHELL_MS);
		}
		if (done)
			touch_all(job);
		kill(-named->group, SIGCONT);
		if (!done) /* They need a moment to get on. */
			done = wait_until(shell_has_terminal, job, GO_ON_MS);
	}
	if (!done)
		message("PID %ld: its shell does not take its terminal back",
		    (long)named->pid);
}

/* Step 6: a job that was stopped goes on. */
static void
continue_stopped(const struct job *job)
{
	const struct member *member;
	size_t i;

	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		if (member->state == REPLACED && member->process.state == 'T')
			kill(member->process.pid, SIGCONT);
	}
}

/* Is it alone in its group? Zombies are in it, too. */
static bool
is_alone(const struct job *job)
{
	struct process *list;
	ssize_t all = process_list(&list), i;
	bool alone = all > 0;

	for (i = 0; i < all; i++)
		if (list[i].group == job->named.group &&
		    list[i].pid != job->named.pid)
			alone = false;
	free(list);
	return alone;
}

/*
 * Step 7: a session of its own, for a job of a single process; the group of
 * another would be torn apart. Nobody can leave a group that he leads for a
 * session before he is in another group, such as that of the session's leader.
 * If it does not work out, the job is as safe where it is.
 */
static void
leave_session(struct job *job)
{
	struct member *member = find_member(job, job->named.pid);
	unsigned long session = (unsigned long)job->named.session;
	const unsigned long away[6] = { 0, session }, back[6] = { 0, 0 };
	bool leads = job->named.group == job->named.pid;

	if (job->count != 1 || job->shared || member == NULL ||
	    member->state != REPLACED || job->named.session == job->named.pid)
		return;
	/* It may still have to wait for children that have ended. */
	if (!wait_until(is_alone, job, REAP_MS))
		return;
	hold_again(member);
	if (!member->held)
		return;
	if ((!leads ||
		tracee_call(&member->tracee, ARCH_CALL(setpgid), away) == 0) &&
	    tracee_call(&member->tracee, ARCH_CALL(setsid), back) < 0 && leads)
		tracee_call(&member->tracee, ARCH_CALL(setpgid), back);
	release(job);
}

/* Step 4 leaves a handler in place. */
static void
warn_of_handlers(const struct job *job)
{
	const long long hangup = 1LL << (SIGHUP - 1);
	const struct member *member;
	long long caught;
	size_t i;

	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		caught = process_status(member->process.pid, "SigCgt", 16);
		if (member->state == REPLACED && caught != -1 &&
		    (caught & hangup) != 0)
			message("PID %ld: has its own handler for SIGHUP, "
				"which its shell may still send, if not told "
				"to disown it",
			    (long)member->process.pid);
	}
}

/* Say what became of the job. Return the exit status. */
static int
report(const struct job *job)
{
	const char *file = job->output.path;
	const struct member *member;
	size_t i, replaced = 0;
	char more[64] = "";
	pid_t first = 0;
	int status = 0;

	if (job->blind) {
		message("PID %ld: /proc: %s", (long)job->named.pid,
		    "others of its job may be missed");
		status = STATUS_FAILED;
	}
	for (i = 0; i < job->count; i++) {
		member = &job->members[i];
		if (member->state == REFUSED) {
			message("PID %ld: %s", (long)member->process.pid,
			    member->reason != NULL ? member->reason : "?");
			status = STATUS_FAILED;
		} else if (member->state == REPLACED && replaced++ == 0)
			first = member->process.pid;
	}
	if (replaced == 0 && status == 0) {
		message("PID %ld: %s", (long)job->named.pid, error_text(ESRCH));
		return STATUS_FAILED;
	}
	if (replaced == 0 || job->plan->quiet)
		return status;
	warn_of_handlers(job);
	member = find_member(job, job->named.pid);
	if (member != NULL && member->state == REPLACED)
		first = job->named.pid;
	if (replaced > 1)
		snprintf(more, sizeof(more), " and %zu more", replaced - 1);
	if (job->plan->file[1] == NULL && *file != '\0')
		message("PID %ld%s, output in '%s'", (long)first, more, file);
	else if (isatty(STDERR_FILENO))
		message("PID %ld%s", (long)first, more);
	for (i = 0; i < job->count; i++)
		if (job->members[i].file != NULL)
			message("PID %ld: output in '%s'",
			    (long)job->members[i].process.pid,
			    job->members[i].file);
	return status;
}

static int
rescue_job(struct job *job, pid_t pid)
{
	const char *why = NULL;

	if (process_read(pid, &job->named) == -1)
		why = error_text(errno);
	else
		why = refusal(&job->named);
	if (why != NULL) {
		message("PID %ld: %s", (long)pid, why);
		return STATUS_FAILED;
	}
	job->patience = STOP_MS;
	replace_all(job);
	give_terminal_back(job);
	continue_stopped(job);
	leave_session(job);
	return report(job);
}

/* Was this process rescued with one that was named before it? */
static bool
is_done(const struct job *jobs, size_t count, pid_t pid)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (find_member(&jobs[i], pid) != NULL)
			return true;
	return false;
}

int
rescue(const struct plan *plan)
{
	/* What hangs on it lives until the end. */
	static struct job *jobs;
	struct rlimit limit;
	sigset_t all;
	size_t i, j;
	int status = 0;

	jobs = calloc(plan->nrescue, sizeof(*jobs));
	if (!ARCH_SUPPORTED || jobs == NULL) {
		message("--rescue: %s",
		    jobs == NULL ? error_text(errno)
				 : "not supported on this processor");
		return STATUS_FAILED;
	}
	/*
	 * If we died while a process is held, it would go on in the middle of
	 * a call of ours. An ignored SIGCHLD would not tell us of stops.
	 */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGCHLD, SIG_DFL);
	/* One of ours is open for each process that is held. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (i = 0; i < plan->nrescue; i++) {
		jobs[i].plan = plan;
		if (!is_done(jobs, i, plan->rescue[i]) &&
		    rescue_job(&jobs[i], plan->rescue[i]) != 0)
			status = STATUS_FAILED;
		for (j = 0; j <= i; j++)
			let_late_go(&jobs[j]);
	}
	return status;
}
