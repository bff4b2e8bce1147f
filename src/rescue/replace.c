/*
 * replace.c owns what happens inside of one process: its terminals become
 * files, its SIGHUP is ignored, or all is as it was before.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "message.h"
#include "rescue/handover.h"
#include "rescue/replace.h"
#include "rescue/rings.h"

enum { NONE = -1 };

/* The process at work. */
struct patient {
	struct tracee *tracee;
	const struct process *process;
	const struct source *source;
	const char **why; /* it could not be done */
	unsigned long scratch; /* memory of its own, for what calls point to */
	struct terminal_fd *fds;
	ssize_t nfds;
	long *copies; /* of them, in the process, or NONE */
	long null, file; /* its new descriptors, or NONE */
};

static long
call(const struct patient *patient, long number, unsigned long a,
    unsigned long b, unsigned long c, unsigned long d)
{
	const unsigned long argument[6] = { a, b, c, d };

	return thread_call(patient->tracee, number, argument);
}

/* Say why not, unless the process has ended. Return -1, always. */
static int
refuse(const struct patient *patient, const char *thing, const char *reason)
{
	char *text;

	if (patient->tracee->state != TRACEE_GONE)
		*patient->why = asprintf(&text, "%s: %s", thing, reason) == -1
				    ? reason
				    : text;
	return -1;
}

/* The same for a negative errno. */
static int
refuse_for(const struct patient *patient, const char *thing, long error)
{
	return refuse(patient, thing, error_text((int)-error));
}

/* Memory for arguments: not the stack, which may have no room at all. */
static int
get_scratch(struct patient *patient)
{
	const unsigned long argument[6] = { 0, HANDOVER_MEMORY,
		PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, ~0UL, 0 };
	long result = thread_call(patient->tracee, SYS_mmap, argument);

	/* POSIX: no mapping is at an address that looks like an errno. */
	if (result < 0 && result > -4096)
		return refuse_for(patient, "memory", result);
	patient->scratch = (unsigned long)result;
	return 0;
}

/* Does this descriptor become /dev/null? Then it is for input or for talk. */
static bool
is_input(const struct terminal_fd *fd)
{
	return fd->number == 0 || fd->by_name ||
	       (fd->flags & O_ACCMODE) == O_RDONLY;
}

/* Open what it needs. Return 0 and our descriptors, or NONE; or -1. */
static int
open_replacements(const struct patient *patient, int *null, int *file)
{
	const struct source *source = patient->source;
	ssize_t i;

	*null = *file = NONE;
	for (i = 0; i < patient->nfds; i++)
		if (is_input(&patient->fds[i])) {
			*null = output_null();
			if (*null == -1)
				return refuse_for(patient, "/dev/null", -errno);
		} else {
			if (output_open(source->output, source->plan,
				source->user) == -1) {
				*patient->why = source->output->why;
				return -1;
			}
			*file = source->output->file;
		}
	return 0;
}

/* Have it get them. */
static int
get_replacements(struct patient *patient)
{
	int null, file, ours[HANDOVER_MOST];
	long theirs[HANDOVER_MOST];
	size_t count = 0;
	const char *why;

	if (open_replacements(patient, &null, &file) == -1)
		return -1;
	if (null != NONE)
		ours[count++] = null;
	if (file != NONE)
		ours[count++] = file;
	if (count == 0)
		return 0;
	if (handover(patient->tracee, patient->scratch, ours, count, theirs,
		&why) == -1)
		return refuse(patient, "descriptors", why);
	if (file != NONE)
		patient->file = theirs[--count];
	if (null != NONE)
		patient->null = theirs[--count];
	if (file != NONE &&
	    process_has_terminal(patient->process, (int)patient->file))
		return refuse(patient, patient->source->output->path,
		    "is the terminal itself");
	return 0;
}

/*
 * Replace one descriptor. Its copy is what comes back if another cannot be
 * replaced. The process has other threads, which run: one may have closed this
 * number since it was listed, and opened another file with it. The copy tells,
 * for no thread knows of it. Return 0 or the negative errno; the copy is NONE if
 * there is nothing to take back.
 */
static long
replace_descriptor(
    const struct patient *patient, const struct terminal_fd *fd, long *copy)
{
	long with = is_input(fd) ? patient->null : patient->file, result;

	*copy = call(patient, SYS_fcntl, (unsigned long)fd->number,
	    F_DUPFD_CLOEXEC, 0, 0);
	if (*copy < 0) {
		result = *copy;
		*copy = NONE;
		return result == -EBADF ? 0 : result;
	}
	result = 0;
	if (process_has_terminal(patient->process, (int)*copy)) {
		result = call(patient, SYS_dup3, (unsigned long)with,
		    (unsigned long)fd->number,
		    (unsigned long)(fd->flags & O_CLOEXEC), 0);
		if (result >= 0)
			return 0;
	}
	handover_close(patient->tracee, *copy);
	*copy = NONE;
	return result;
}

/* Replace all descriptors on the terminal, as far as that goes. */
static int
replace_descriptors(struct patient *patient)
{
	ssize_t i;
	long result;

	for (i = 0; i < patient->nfds; i++) {
		result = replace_descriptor(
		    patient, &patient->fds[i], &patient->copies[i]);
		if (result != 0)
			return refuse_for(patient, "descriptors", result);
	}
	return 0;
}

/* Put back those that were replaced. */
static void
restore_descriptors(const struct patient *patient)
{
	const struct terminal_fd *fd;
	ssize_t i;

	for (i = 0; i < patient->nfds; i++) {
		fd = &patient->fds[i];
		if (patient->copies[i] != NONE)
			call(patient, SYS_dup3,
			    (unsigned long)patient->copies[i],
			    (unsigned long)fd->number,
			    (unsigned long)(fd->flags & O_CLOEXEC), 0);
	}
}

/*
 * Have SIGHUP ignored, whatever was to be done about it: a handler means to die,
 * more often than not.
 */
static int
ignore_hangup(const struct patient *patient)
{
	/* The kernel's struct sigaction, at its longest; the handler is first. */
	const uintptr_t action[8] = { (uintptr_t)SIG_IGN };
	long result;

	if (memory_write(&patient->tracee->memory, patient->scratch, action,
		sizeof(action)) == -1)
		return refuse_for(patient, "memory", -errno);
	result = call(patient, SYS_rt_sigaction, SIGHUP, patient->scratch, 0,
	    sizeof(uint64_t));
	return result < 0 ? refuse_for(patient, "SIGHUP", result) : 0;
}

/*
 * With memory at hand: replace, ignore, or take it back. The signal comes last:
 * what it had pending of it is lost then.
 */
static int
operate(struct patient *patient)
{
	int result = get_replacements(patient);
	ssize_t i;

	if (result == 0)
		result = replace_descriptors(patient);
	if (result == 0)
		result = ignore_hangup(patient);
	if (result == -1)
		restore_descriptors(patient);
	else if (patient->file != NONE)
		patient->source->output->used = true;
	for (i = 0; i < patient->nfds; i++)
		handover_close(patient->tracee, patient->copies[i]);
	handover_close(patient->tracee, patient->null);
	handover_close(patient->tracee, patient->file);
	call(patient, SYS_munmap, patient->scratch, HANDOVER_MEMORY, 0, 0);
	return result == 0 && patient->tracee->state != TRACEE_GONE ? 0 : -1;
}

/* With its descriptors known: refuse it, or get memory and do it. */
static int
treat(struct patient *patient)
{
	const char *why =
	    rings_refusal(patient->process, patient->fds, patient->nfds);
	ssize_t i;

	if (why != NULL) {
		*patient->why = why;
		return -1;
	}
	patient->copies =
	    calloc((size_t)patient->nfds + 1, sizeof(*patient->copies));
	if (patient->copies == NULL)
		return refuse_for(patient, "memory", -ENOMEM);
	for (i = 0; i < patient->nfds; i++)
		patient->copies[i] = NONE;
	return get_scratch(patient) == -1 ? -1 : operate(patient);
}

int
replace_terminals(struct tracee *tracee, const struct process *process,
    const struct source *source, const char **why)
{
	struct patient patient = { .tracee = tracee,
		.process = process,
		.source = source,
		.why = why,
		.null = NONE,
		.file = NONE };
	int result;

	patient.nfds = process_terminals(process, &patient.fds);
	if (patient.nfds == -1)
		return refuse_for(&patient, "/proc", -errno);
	result = treat(&patient);
	free(patient.copies);
	free(patient.fds);
	return result;
}
