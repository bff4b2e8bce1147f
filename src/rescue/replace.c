/*
 * replace.c owns what happens inside of one process: its terminals become
 * files, its SIGHUP is ignored, or all is as it was before.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "message.h"
#include "rescue/handover.h"
#include "rescue/opened.h"
#include "rescue/refusal.h"
#include "rescue/replace.h"
#include "rescue/rings.h"

enum { NONE = -1 };

/* The process that is changed. */
struct subject {
	struct tracee *tracee;
	const struct process *process;
	const struct source *source;
	const char *why; /* of a refusal */
	unsigned long scratch; /* memory of its own, for what calls point to */
	struct opened_fd *fds;
	ssize_t nfds;
	long *copies; /* of them, in the process, or NONE */
	int our_null, our_file; /* what it is to get, or NONE */
	long null, file; /* its new descriptors, or NONE */
	long *made; /* all descriptors that it has for a moment */
	size_t nmade;
};

static long
call(const struct subject *subject, long number, unsigned long a,
    unsigned long b, unsigned long c, unsigned long d)
{
	const unsigned long argument[6] = { a, b, c, d };

	return thread_call(subject->tracee, number, argument);
}

/* The same for a call that takes something back, and so must be made. */
static void
insist(const struct subject *subject, long number, unsigned long a,
    unsigned long b, unsigned long c)
{
	const unsigned long argument[6] = { a, b, c };

	(void)handover_insist(subject->tracee, number, argument);
}

/* Say why not, unless the process has ended. Return -1, always. */
static int
refuse(struct subject *subject, const char *thing, const char *reason)
{
	char *text;

	if (subject->tracee->state != TRACEE_GONE)
		subject->why = asprintf(&text, "%s: %s", thing, reason) == -1
				   ? reason
				   : text;
	return -1;
}

/* The same for a negative errno. */
static int
refuse_for(struct subject *subject, const char *thing, long error)
{
	return refuse(subject, thing, error_text((int)-error));
}

/* Memory for arguments: not the stack, which may have no room at all. */
static int
get_scratch(struct subject *subject)
{
	const unsigned long argument[6] = { 0, HANDOVER_MEMORY,
		PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, ~0UL, 0 };
	long result = thread_call(subject->tracee, ARCH_MMAP, argument);

	/* POSIX: no mapping is at an address that looks like an errno. */
	if (result < 0 && result > -4096)
		return refuse_for(subject, "memory", result);
	subject->scratch = (unsigned long)result;
	return 0;
}

/*
 * Does this descriptor become /dev/null? It does if the program reads from it,
 * or has opened /dev/tty to talk to the user.
 */
static bool
is_input(const struct opened_fd *fd)
{
	return fd->number == 0 || fd->by_name ||
	       (fd->flags & O_ACCMODE) == O_RDONLY;
}

/*
 * Open what it needs. That can take for ever, on a file server that does not
 * answer, so it comes before the first call of the process: until then it is
 * as it was, and goes on if detach is killed.
 */
static int
open_replacements(struct subject *subject)
{
	const struct source *source = subject->source;
	ssize_t i;

	for (i = 0; i < subject->nfds; i++)
		if (is_input(&subject->fds[i])) {
			subject->our_null = output_null();
			if (subject->our_null == -1)
				return refuse_for(subject, "/dev/null", -errno);
		} else {
			if (output_open(source->output, source->plan,
				source->user) == -1) {
				subject->why = source->output->why;
				return -1;
			}
			subject->our_file = source->output->file;
		}
	return 0;
}

/* Refuse a file that is the terminal: the user named it. Return 0, or -1. */
static int
refuse_terminal(struct subject *subject)
{
	const char *name = subject->source->plan->output;
	int is_terminal;

	if (subject->our_file == NONE || name == NULL)
		return 0;
	is_terminal = opened_has_terminal(subject->process, (int)subject->file);
	if (is_terminal == 0)
		return 0;
	return is_terminal == 1
		   ? refuse(subject, name, "is the terminal itself")
		   : refuse_for(subject, name, -errno);
}

/* Have it receive them. */
static int
hand_over_replacements(struct subject *subject)
{
	int ours[HANDOVER_MOST];
	size_t count = 0;
	const char *why;
	int result;

	if (subject->our_null != NONE)
		ours[count++] = subject->our_null;
	if (subject->our_file != NONE)
		ours[count++] = subject->our_file;
	if (count == 0)
		return 0;
	result = handover(subject->tracee, subject->scratch, ours, count,
	    subject->made, &why);
	subject->nmade = HANDOVER_SOCKETS + count;
	if (result == -1)
		return refuse(subject, "descriptors", why);
	if (subject->our_null != NONE)
		subject->null = subject->made[HANDOVER_SOCKETS];
	if (subject->our_file != NONE)
		subject->file = subject->made[subject->nmade - 1];
	return refuse_terminal(subject);
}

/* Do two descriptors of the process share one open file description? */
static bool
are_one_file(const struct subject *subject, long one, long other)
{
	const int file = 0; /* KCMP_FILE, in <linux/kcmp.h> */
	const pid_t pid = subject->tracee->process;

	return syscall(SYS_kcmp, pid, pid, file, one, other) == 0;
}

/* Return a copy that was made of an earlier descriptor of that file, or NONE. */
static long
find_copy(const struct subject *subject, size_t index)
{
	size_t i;

	for (i = 0; i < index; i++)
		if (are_one_file(subject, subject->fds[index].number,
			subject->copies[i]))
			return subject->copies[i];
	return NONE;
}

/* Is this one of the descriptors that we have made in the process? */
static bool
is_made(const struct subject *subject, long number)
{
	size_t i;

	for (i = 0; i < subject->nmade; i++)
		if (subject->made[i] == number)
			return true;
	return false;
}

/*
 * Replace one descriptor. A copy is what comes back if another descriptor cannot
 * be replaced. The process has other threads, which run: one may have closed this
 * number since it was listed. If it has one of ours now, there is nothing to
 * replace. If a thread has opened another file with it, the copy tells, for no
 * thread knows of that one. Return 0 or the negative errno.
 */
static long
replace_descriptor(struct subject *subject, size_t index)
{
	const struct opened_fd *fd = &subject->fds[index];
	long with = is_input(fd) ? subject->null : subject->file, result;
	long copy = find_copy(subject, index);
	int is_terminal;

	if (is_made(subject, fd->number))
		return 0;
	if (copy == NONE) {
		copy = call(subject, SYS_fcntl, (unsigned long)fd->number,
		    F_DUPFD_CLOEXEC, 0, 0);
		if (copy < 0)
			return copy == -EBADF ? 0 : copy;
		subject->made[subject->nmade++] = copy;
		is_terminal = opened_has_terminal(subject->process, (int)copy);
		if (is_terminal != 1)
			return is_terminal == 0 ? 0 : -errno;
	}
	result = call(subject, SYS_dup3, (unsigned long)with,
	    (unsigned long)fd->number, (unsigned long)(fd->flags & O_CLOEXEC),
	    0);
	if (result < 0)
		return result;
	subject->copies[index] = copy;
	return 0;
}

/* Replace all descriptors on the terminal, as far as that goes. */
static int
replace_descriptors(struct subject *subject)
{
	size_t i;
	long result;

	for (i = 0; i < (size_t)subject->nfds; i++) {
		result = replace_descriptor(subject, i);
		if (result != 0)
			return refuse_for(subject, "descriptors", result);
	}
	return 0;
}

/* Put back those that were replaced. */
static void
restore_descriptors(const struct subject *subject)
{
	const struct opened_fd *fd;
	ssize_t i;

	for (i = 0; i < subject->nfds; i++) {
		fd = &subject->fds[i];
		if (subject->copies[i] != NONE && !is_made(subject, fd->number))
			insist(subject, SYS_dup3,
			    (unsigned long)subject->copies[i],
			    (unsigned long)fd->number,
			    (unsigned long)(fd->flags & O_CLOEXEC));
	}
}

/*
 * Have SIGHUP ignored, whatever was to be done about it: a handler means to die,
 * more often than not.
 */
static int
ignore_hangup(struct subject *subject)
{
	/* The kernel's struct sigaction, at its longest; the handler is first. */
	const uintptr_t action[8] = { (uintptr_t)SIG_IGN };
	long result;

	if (memory_write(&subject->tracee->memory, subject->scratch, action,
		sizeof(action)) == -1)
		return refuse_for(subject, "memory", -errno);
	result = call(subject, SYS_rt_sigaction, SIGHUP, subject->scratch, 0,
	    sizeof(uint64_t));
	return result < 0 ? refuse_for(subject, "SIGHUP", result) : 0;
}

/*
 * With memory at hand: replace the descriptors and ignore SIGHUP, or take all of
 * it back. SIGHUP comes last, for that cannot be undone: to ignore a signal
 * throws away a pending one.
 */
static int
change(struct subject *subject)
{
	int result = hand_over_replacements(subject);

	if (result == 0)
		result = replace_descriptors(subject);
	if (result == 0)
		result = ignore_hangup(subject);
	if (result == -1)
		restore_descriptors(subject);
	else if (subject->file != NONE)
		subject->source->output->used = true;
	handover_close(subject->tracee, subject->made, subject->nmade);
	insist(subject, SYS_munmap, subject->scratch, HANDOVER_MEMORY, 0);
	return result == 0 && subject->tracee->state != TRACEE_GONE ? 0 : -1;
}

/* With its descriptors known: refuse it, or get what it needs and change it. */
static int
refuse_or_change(struct subject *subject, const struct opened *rest)
{
	const char *why = refusal_of_terminals(
	    subject->process, subject->fds, subject->nfds, rest);
	ssize_t i;

	if (why == NULL && rest->others)
		why = rings_refusal(
		    subject->process, subject->fds, subject->nfds);
	if (why != NULL) {
		subject->why = why;
		return -1;
	}
	subject->copies =
	    calloc((size_t)subject->nfds + 1, sizeof(*subject->copies));
	subject->made =
	    calloc((size_t)subject->nfds + HANDOVER_SOCKETS + HANDOVER_MOST,
		sizeof(*subject->made));
	if (subject->copies == NULL || subject->made == NULL)
		return refuse_for(subject, "memory", -ENOMEM);
	for (i = 0; i < subject->nfds; i++)
		subject->copies[i] = NONE;
	if (open_replacements(subject) == -1 || get_scratch(subject) == -1)
		return -1;
	return change(subject);
}

static bool
ignores_hangup(pid_t pid)
{
	struct process_status status;

	return process_read_status(pid, &status) == 0 &&
	       (status.ignored & 1LL << (SIGHUP - 1)) != 0;
}

/* Look at its descriptors first. Return 0, or -1. */
static int
look_and_change(struct subject *subject, struct member *member)
{
	const struct process *process = subject->process;
	struct registers registers;
	struct opened rest;
	int error;

	subject->nfds = opened_list(process, TERMINALS, &subject->fds, &rest);
	if (subject->nfds == -1) {
		error = errno;
		/* To an ordinary user, one that was just killed looks so. */
		(void)tracee_get_registers(subject->tracee, &registers);
		return refuse_for(subject, "/proc", -error);
	}
	member->was_tied =
	    subject->nfds > 0 ||
	    (process->terminal != 0 && !ignores_hangup(process->pid));
	member->has_pipes = rest.pipes;
	return refuse_or_change(subject, &rest);
}

void
replace_terminals(struct member *member, const struct source *source)
{
	struct subject subject = { .tracee = &member->tracee,
		.process = &member->process,
		.source = source,
		.our_null = NONE,
		.our_file = NONE,
		.null = NONE,
		.file = NONE };

	if (look_and_change(&subject, member) == 0)
		member->state = REPLACED;
	else if (member->tracee.state == TRACEE_GONE)
		member->state = GONE;
	else
		members_refuse(member, subject.why);
	free(subject.made);
	free(subject.copies);
	free(subject.fds);
}
