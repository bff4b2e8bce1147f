/*
 * replace.c owns what happens inside of one process: its terminals become
 * files, its SIGHUP is ignored, or all is as it was before.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "message.h"
#include "rescue/replace.h"

enum { SCRATCH_SIZE = 2 * PATH_MAX };

static const int for_append = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY;

/* The process at work. */
struct patient {
	struct tracee *tracee;
	const struct process *process;
	const struct rescue_plan *plan;
	const struct output *shared; /* the job's */
	struct output *own;
	const char **outcome;
	unsigned long scratch; /* memory of its own, for what calls point to */
	struct terminal_fd *fds;
	ssize_t nfds;
	long null, file; /* its new descriptors, negative for none */
	bool ignores_hangup; /* as of now */
};

/* To go with the rewriting of this file. */
static int
failure(const char **outcome, const char *thing, const char *format, ...)
{
	va_list args;
	char *reason;

	(void)thing;
	va_start(args, format);
	if (vasprintf(&reason, format, args) == -1)
		reason = strerror(ENOMEM);
	va_end(args);
	*outcome = reason;
	return -1;
}

static long
call(const struct patient *patient, long number, unsigned long a,
    unsigned long b, unsigned long c, unsigned long d)
{
	const unsigned long argument[6] = { a, b, c, d };

	return thread_call(patient->tracee, number, argument);
}

/* Say why not, unless the process has ended. Return -1, always. */
static int
refuse(const struct patient *patient, const char *thing, long error)
{
	if (patient->tracee->state == TRACEE_GONE)
		return -1;
	return failure(
	    patient->outcome, thing, "%s: %s", thing, error_text((int)-error));
}

/* Memory for arguments: not the stack, which may have no room at all. */
static int
get_scratch(struct patient *patient)
{
	const unsigned long argument[6] = { 0, SCRATCH_SIZE,
		PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, ~0UL, 0 };
	long result = thread_call(patient->tracee, SYS_mmap, argument);

	/* POSIX: no mapping is at an address that looks like an errno. */
	if (result < 0 && result > -4096)
		return refuse(patient, "memory", result);
	patient->scratch = (unsigned long)result;
	return 0;
}

/* Have it open a file. Return its descriptor, or the negative errno. */
static long
open_there(
    const struct patient *patient, const char *path, int flags, mode_t mode)
{
	size_t size = strlen(path) + 1;

	if (size > PATH_MAX)
		return -ENAMETOOLONG;
	if (memory_write(
		&patient->tracee->memory, patient->scratch, path, size) == -1)
		return -errno;
	return call(patient, SYS_openat, (unsigned long)AT_FDCWD,
	    patient->scratch, (unsigned long)flags, mode);
}

/* Have it close a descriptor, if it is one. */
static void
close_there(const struct patient *patient, long fd)
{
	if (fd >= 0)
		call(patient, SYS_close, (unsigned long)fd, 0, 0, 0);
}

static int
stat_there(const struct patient *patient, long fd, struct stat *st)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/fd/%ld",
	    (long)patient->process->pid, fd);
	return stat(path, st);
}

/* O_NONBLOCK was for the open alone. */
static void
let_block(const struct patient *patient, long fd)
{
	call(patient, SYS_fcntl, (unsigned long)fd, F_SETFL, O_APPEND, 0);
}

/*
 * The same as files_open_own(), by the process and for its user. Return its
 * descriptor, or a negative number and the reason.
 */
static long
open_own(const struct patient *patient, const char *path, const char **why)
{
	const int safe = for_append | O_NOFOLLOW;
	struct process_status status;
	struct stat st;
	long fd = -1;
	int tries;

	*why = NULL;
	for (tries = 0; tries < 100; tries++) {
		fd = open_there(patient, path, safe | O_NONBLOCK, 0);
		if (fd != -ENOENT)
			break;
		fd = open_there(patient, path, safe | O_CREAT | O_EXCL, 0600);
		if (fd >= 0)
			/* A umask that takes away our own rights must not. */
			call(
			    patient, SYS_fchmod, (unsigned long)fd, 0600, 0, 0);
		if (fd != -EEXIST)
			break;
	}
	if (fd < 0) {
		*why = files_open_error((int)-fd);
		return fd;
	}
	if (stat_there(patient, fd, &st) == -1)
		*why = error_text(errno);
	else if (process_read_status(patient->process->pid, &status) == -1)
		*why = error_text(errno);
	else
		*why = files_distrust(&st, status.user);
	if (*why != NULL) {
		close_there(patient, fd);
		return -EPERM;
	}
	let_block(patient, fd);
	return fd;
}

/* The default file: in its working directory, else in its home directory. */
static long
open_default(const struct patient *patient)
{
	static const char here[] = "nohup.out";
	char path[PATH_MAX];
	const char *why, *why_home;
	char *home;
	long fd = open_own(patient, here, &why);

	if (fd >= 0 || patient->tracee->state == TRACEE_GONE)
		return fd;
	home = process_environment(patient->process->pid, "HOME");
	if (home == NULL || *home == '\0') {
		free(home);
		return failure(patient->outcome, here,
		    "%s: %s; HOME is not set", here, why);
	}
	if (snprintf(path, sizeof(path), "%s/%s", home, here) >=
	    (int)sizeof(path))
		path[0] = '\0';
	free(home);
	fd = open_own(patient, path, &why_home);
	if (fd < 0 && patient->tracee->state != TRACEE_GONE)
		failure(patient->outcome, here, "%s: %s; %s: %s", here, why,
		    path, why_home);
	return fd;
}

/*
 * The file that the user named, as seen from our working directory. A FIFO
 * that nobody reads is refused: the job must not wait for a reader.
 */
static long
open_named(const struct patient *patient)
{
	const char *name = patient->plan->output;
	char directory[PATH_MAX] = "", path[PATH_MAX];
	long fd;

	if (*name == '\0')
		return refuse(patient, "''", -ENOENT);
	if (*name != '/' && getcwd(directory, sizeof(directory)) == NULL)
		return refuse(patient, name, -errno);
	if (snprintf(path, sizeof(path), "%s%s%s", directory,
		*name == '/' ? "" : "/", name) >= (int)sizeof(path))
		return refuse(patient, name, -ENAMETOOLONG);
	fd = open_there(patient, path, for_append | O_CREAT | O_NONBLOCK, 0666);
	if (fd < 0)
		return refuse(patient, name, fd);
	if (process_has_terminal(patient->process, (int)fd)) {
		close_there(patient, fd);
		return failure(
		    patient->outcome, name, "%s: is the terminal itself", name);
	}
	let_block(patient, fd);
	return fd;
}

/*
 * The file that another of the job has opened. The working directory, the
 * user and even the root directory of this one may be others, so what it
 * opens by that name is looked at before it is used.
 */
static long
open_same(const struct patient *patient)
{
	const struct output *output = patient->shared;
	struct stat st;
	long fd;

	if (output->path[0] == '\0')
		return -1;
	fd = open_there(
	    patient, output->path, for_append | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (stat_there(patient, fd, &st) == 0 && st.st_dev == output->device &&
	    st.st_ino == output->inode) {
		let_block(patient, fd);
		return fd;
	}
	close_there(patient, fd);
	return -1;
}

/* Have it open the output. Return 0, or -1. */
static int
open_output(struct patient *patient)
{
	struct output *output = patient->own;
	char link[64];
	struct stat st;
	ssize_t length;

	patient->file = open_same(patient);
	if (patient->file >= 0)
		return 0;
	patient->file = patient->plan->output != NULL ? open_named(patient)
						      : open_default(patient);
	if (patient->file < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/%ld/fd/%ld",
	    (long)patient->process->pid, patient->file);
	length = readlink(link, output->path, sizeof(output->path) - 1);
	/* Only if it has just been killed. */
	if (length == -1 || stat_there(patient, patient->file, &st) == -1)
		return refuse(patient, "/proc", -errno);
	output->path[length] = '\0';
	output->device = st.st_dev;
	output->inode = st.st_ino;
	return 0;
}

/* Does this descriptor become /dev/null? Then it is for input or for talk. */
static bool
is_input(const struct terminal_fd *fd)
{
	return fd->number == 0 || fd->by_name ||
	       (fd->flags & O_ACCMODE) == O_RDONLY;
}

/* Have it open what will be needed. */
static int
open_replacements(struct patient *patient)
{
	ssize_t i;

	for (i = 0; i < patient->nfds; i++)
		if (is_input(&patient->fds[i])) {
			if (patient->null >= 0)
				continue;
			patient->null = open_there(
			    patient, "/dev/null", O_RDWR | O_CLOEXEC, 0);
			if (patient->null < 0)
				return refuse(
				    patient, "/dev/null", patient->null);
		} else if (patient->file < 0 && open_output(patient) == -1)
			return -1;
	return 0;
}

/* Have SIGHUP ignored, or its default action taken. */
static int
set_hangup(struct patient *patient, void (*handler)(int))
{
	/* The kernel's struct sigaction, at its longest. */
	unsigned long action[8] = { 0 };
	long result;

	memcpy(action, &handler, sizeof(handler));
	if (memory_write(&patient->tracee->memory, patient->scratch, action,
		sizeof(action)) == -1)
		return refuse(patient, "memory", -errno);
	result = call(patient, SYS_rt_sigaction, SIGHUP, patient->scratch, 0,
	    sizeof(uint64_t));
	if (result < 0)
		return refuse(patient, "SIGHUP", result);
	patient->ignores_hangup = handler == SIG_IGN;
	return 0;
}

/* A handler stays, for it may save the program's work. */
static int
ignore_hangup(struct patient *patient)
{
	const long long hangup = 1LL << (SIGHUP - 1);
	struct process_status status;

	if (process_read_status(patient->process->pid, &status) == -1)
		return refuse(patient, "/proc", -ESRCH);
	return ((status.ignored | status.caught) & hangup) != 0
		   ? 0
		   : set_hangup(patient, SIG_IGN);
}

/*
 * Replace one descriptor. Its copy is what comes back if another cannot be
 * replaced. The process has other threads, which run: one may have closed this
 * number since it was listed, and opened another file with it. The copy tells,
 * for no thread knows of it. Return 0 or the negative errno; the copy is -1 if
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
		*copy = -1;
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
	close_there(patient, *copy);
	*copy = -1;
	return result;
}

/* Replace all descriptors on the terminal, or none. */
static int
replace_descriptors(struct patient *patient)
{
	const struct terminal_fd *fd = patient->fds;
	long *copies = calloc((size_t)patient->nfds + 1, sizeof(*copies));
	ssize_t i, done;
	long result = copies == NULL ? -ENOMEM : 0;

	for (done = 0; done < patient->nfds && result == 0; done++)
		result = replace_descriptor(patient, &fd[done], &copies[done]);
	for (i = 0; i < done; i++) {
		if (copies[i] == -1)
			continue;
		if (result != 0)
			call(patient, SYS_dup3, (unsigned long)copies[i],
			    (unsigned long)fd[i].number,
			    (unsigned long)(fd[i].flags & O_CLOEXEC), 0);
		close_there(patient, copies[i]);
	}
	free(copies);
	return result == 0 ? 0 : refuse(patient, "descriptors", result);
}

/* With memory at hand: open, ignore, replace, or take it back. */
static int
operate(struct patient *patient)
{
	int result = open_replacements(patient);
	bool ignored = false;

	if (result == 0) {
		result = ignore_hangup(patient);
		ignored = patient->ignores_hangup;
	}
	if (result == 0)
		result = replace_descriptors(patient);
	if (result == -1 && ignored)
		(void)set_hangup(patient, SIG_DFL);
	close_there(patient, patient->null);
	close_there(patient, patient->file);
	call(patient, SYS_munmap, patient->scratch, SCRATCH_SIZE, 0, 0);
	return result == 0 && patient->tracee->state != TRACEE_GONE ? 0 : -1;
}

int
replace_terminals(struct tracee *tracee, const struct process *process,
    const struct rescue_plan *plan, const struct output *shared,
    struct output *own, const char **outcome)
{
	struct patient patient = { .tracee = tracee,
		.process = process,
		.plan = plan,
		.shared = shared,
		.own = own,
		.outcome = outcome,
		.null = -1,
		.file = -1 };
	int result;

	own->path[0] = '\0';
	patient.nfds = process_terminals(process, &patient.fds);
	if (patient.nfds == -1)
		return refuse(&patient, "/proc", -errno);
	result = get_scratch(&patient);
	if (result == 0)
		result = operate(&patient);
	free(patient.fds);
	return result;
}
