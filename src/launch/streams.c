/*
 * streams.c owns the decision what the job's stdin, stdout and stderr are. It
 * turns a plan into three open descriptors.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "files.h"
#include "launch/streams.h"
#include "message.h"

enum { MISSING = -1, DEFAULT = -2 };

static const int for_append = O_WRONLY | O_APPEND;

/*
 * A terminal that was hung up answers EIO; what is none answers ENOTTY, or
 * EINVAL from some drivers. So not isatty(): musl's makes one of the other.
 */
static enum kind
kind_of_device(int fd)
{
	struct termios settings;

	if (tcgetattr(fd, &settings) == 0)
		return TERMINAL;
	return errno == ENOTTY || errno == EINVAL ? DEVICE : HUNG_UP;
}

static enum kind
kind_of(int fd)
{
	struct stat st;

	/* What is open but cannot be looked at, nobody chose. */
	if (fstat(fd, &st) == -1)
		return errno == EBADF ? CLOSED : OTHER;
	if (S_ISREG(st.st_mode))
		return st.st_nlink == 0 ? NAMELESS : REGULAR;
	if (S_ISCHR(st.st_mode))
		return kind_of_device(fd);
	return S_ISBLK(st.st_mode) ? DEVICE : OTHER;
}

/*
 * Find out what 0, 1 and 2 are. None stays closed here, so that no file that
 * is opened later can land on it: open() takes the lowest free number. It
 * becomes /dev/null, or, to be closed in the job, a descriptor that exec
 * closes and that until then can be read and written as little as none.
 */
static int
look(const struct plan *plan, enum kind kinds[3], struct outcome *outcome)
{
	const char *path;
	int n, flags;

	for (n = 0; n < 3; n++) {
		kinds[n] = kind_of(n);
		if (kinds[n] != CLOSED)
			continue;
		path = plan->replace[n] & CLOSED ? "/dev/null" : "/";
		if (plan->replace[n] & CLOSED)
			flags = n == 0 ? plan->null_flags : O_WRONLY;
		else
			flags = O_PATH | O_CLOEXEC;
		if (open(path, flags) != n)
			return failure(
			    outcome, FAILED, path, "%s", error_text(errno));
	}
	return 0;
}

/*
 * Open what can be opened without creating anything. A file that is still to
 * be created is left as MISSING, the default file as DEFAULT.
 */
static int
open_existing(const struct plan *plan, const enum kind kinds[3],
    struct streams *streams, struct outcome *outcome)
{
	const char *path;
	int n, flags;

	for (n = 0; n < 3; n++) {
		streams->fd[n] = n;
		path = plan->file[n];
		flags = n == 0 ? O_RDONLY : for_append;
		if (path == NULL && kinds[n] != CLOSED &&
		    (kinds[n] & plan->replace[n]) != 0) {
			streams->fd[n] = DEFAULT;
			path = n == 0 ? "/dev/null" : NULL;
			flags = plan->null_flags;
		}
		if (path == NULL || strcmp(path, "-") == 0)
			continue;
		streams->fd[n] = files_open(path, flags);
		if (streams->fd[n] == -1 &&
		    (n == 0 || errno != ENOENT || files_creatable(path) == -1))
			return failure(
			    outcome, FAILED, path, "%s", error_text(errno));
	}
	return 0;
}

/*
 * Open a file for nobody but its owner, whatever the umask. The directory need
 * not be ours alone; if it is, the plan may have the file opened as any other.
 */
static int
open_private(const struct plan *plan, const char *path, const char **why)
{
	bool created;
	mode_t mask;
	int fd;

	if (plan->follow && files_safe_place(path)) {
		mask = umask(0177);
		fd = files_open(path, for_append | O_CREAT);
		*why = error_text(errno);
		umask(mask);
		return fd;
	}
	fd = files_open_own(path, for_append, 0600, &created, why);
	/*
	 * A umask that takes our own rights away must not. Some file systems
	 * have no modes to set; theirs are as open() left them.
	 */
	if (fd != -1 && created)
		(void)fchmod(fd, 0600);
	return fd;
}

/* Open the default file: nohup.out here, else in the home directory. */
static int
open_default(
    const struct plan *plan, struct streams *streams, struct outcome *outcome)
{
	static const char here[] = "nohup.out";
	const char *home = getenv("HOME"), *why, *why_home;
	int fd;

	streams->default_file = here;
	fd = open_private(plan, here, &why);
	if (fd == -1) {
		streams->refused[0] = why;
		if (home == NULL || *home == '\0')
			return failure(
			    outcome, FAILED, here, "%s; HOME is not set", why);
		if (asprintf(&streams->home_file, "%s%s%s", home,
			home[strlen(home) - 1] == '/' ? "" : "/", here) == -1)
			return failure(outcome, FAILED, here, "%s; HOME: %s",
			    why, error_text(ENOMEM));
		streams->default_file = streams->home_file;
		fd = open_private(plan, streams->home_file, &why_home);
		if (fd == -1) {
			streams->refused[1] = why_home;
			return failure(outcome, FAILED, here, "%s; %s: %s", why,
			    streams->home_file, why_home);
		}
	}
	return fd;
}

/*
 * Create and open the rest. A stderr to be replaced goes where stdout goes, if
 * that is a place of our or the user's choice, but never (unless the plan says
 * so) into a file that stdout came with: a dump must not get warnings.
 */
static int
open_missing(const struct plan *plan, const enum kind kinds[3],
    struct streams *streams, struct outcome *outcome)
{
	bool join;
	int n;

	for (n = 1; n < 3; n++) {
		join = n == 2 && (streams->fd[1] != 1 ||
				     (plan->join && kinds[1] != CLOSED));
		if (streams->fd[n] == MISSING)
			streams->fd[n] =
			    files_open(plan->file[n], for_append | O_CREAT);
		else if (streams->fd[n] == DEFAULT)
			streams->fd[n] =
			    join ? streams->fd[1]
				 : open_default(plan, streams, outcome);
		if (streams->fd[n] == -1)
			return outcome->failure != 0
				   ? -1
				   : failure(outcome, FAILED, plan->file[n],
					 "%s", error_text(errno));
	}
	return 0;
}

/*
 * From here on a hang-up or Ctrl-C can neither leave an empty pidfile behind,
 * nor end us between the job's start and our report of it. Not earlier: to
 * open a FIFO that the user named may take for ever. A launcher that becomes
 * the job itself has neither to fear; only its mask is noted.
 */
static int
block_signals(const struct plan *plan, struct outcome *outcome)
{
	sigset_t all;

	memset(&all, 0xff, sizeof(all)); /* sigfillset() leaves out some */
	if (sigprocmask(
		SIG_BLOCK, plan->in_place ? NULL : &all, &outcome->mask) == -1)
		return failure(
		    outcome, FAILED, "signals", "%s", error_text(errno));
	return 0;
}

int
streams_open(
    const struct plan *plan, struct streams *streams, struct outcome *outcome)
{
	enum kind kinds[3];

	*streams = (struct streams){ .pidfile.fd = -1 };
	if (look(plan, kinds, outcome) == -1)
		return -1;
	if (plan->pidfile != NULL && strcmp(plan->pidfile, "-") == 0 &&
	    kinds[1] == CLOSED)
		return failure(
		    outcome, FAILED, "-p -", "standard output is closed");
	streams->terminal = kinds[2] == TERMINAL || kinds[2] == HUNG_UP;
	streams->input_ignored =
	    (kinds[0] == REGULAR || kinds[0] == NAMELESS) &&
	    plan->file[0] == NULL;
	if (open_existing(plan, kinds, streams, outcome) == -1 ||
	    block_signals(plan, outcome) == -1 ||
	    pidfile_open(plan, &streams->pidfile, outcome) == -1)
		return -1;
	if (open_missing(plan, kinds, streams, outcome) == -1) {
		pidfile_undo(&streams->pidfile);
		return -1;
	}
	return 0;
}
