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
#include "message.h"
#include "streams.h"

/* What an inherited descriptor is, as far as it matters here. */
enum kind {
	CLOSED,
	REGULAR,
	NAMELESS, /* a regular file that has no link any more */
	DEVICE, /* one that is no terminal */
	TERMINAL,
	OTHER /* pipe, socket, and what may come */
};

enum { MISSING = -1, DEFAULT = -2 };

static const int for_append = O_WRONLY | O_APPEND;

/*
 * A terminal that was hung up answers EIO, and is still a terminal; what is
 * none answers ENOTTY, or EINVAL from some drivers. So not isatty(): musl's
 * makes one of the other.
 */
static bool
is_terminal(int fd)
{
	struct termios settings;

	return tcgetattr(fd, &settings) == 0 ||
	       (errno != ENOTTY && errno != EINVAL);
}

static int
kind_of(int fd, enum kind *kind)
{
	struct stat st;

	if (fstat(fd, &st) == -1) {
		*kind = CLOSED;
		return errno == EBADF ? 0 : -1;
	}
	if (S_ISREG(st.st_mode))
		*kind = st.st_nlink == 0 ? NAMELESS : REGULAR;
	else if (S_ISCHR(st.st_mode))
		*kind = is_terminal(fd) ? TERMINAL : DEVICE;
	else
		*kind = S_ISBLK(st.st_mode) ? DEVICE : OTHER;
	return 0;
}

/*
 * Find out what 0, 1 and 2 are. A closed one becomes /dev/null, and so no file
 * that is opened later can land on it: open() takes the lowest free number.
 */
static int
look(enum kind kinds[3], struct outcome *outcome)
{
	static const char *const names[] = { "standard input",
		"standard output", "standard error" };
	int n;

	for (n = 0; n < 3; n++) {
		if (kind_of(n, &kinds[n]) == -1)
			return failure(outcome, STATUS_FAILED, names[n], "%s",
			    strerror(errno));
		if (kinds[n] == CLOSED &&
		    open("/dev/null", n == 0 ? O_RDONLY : O_WRONLY) != n)
			return failure(outcome, STATUS_FAILED, "/dev/null",
			    "%s", strerror(errno));
	}
	return 0;
}

/*
 * Must an inherited descriptor of this kind be replaced for output? A file
 * without a name is not the user's choice but the caller's buffer: Debian's
 * cron mails what is in it when the command has ended, and the rest is lost.
 */
static bool
holds_caller(enum kind kind)
{
	return kind == TERMINAL || kind == NAMELESS || kind == OTHER;
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
	int n;

	for (n = 0; n < 3; n++) {
		streams->fd[n] = n;
		path = plan->file[n];
		if (path == NULL && n == 0)
			path = "/dev/null";
		if (path == NULL && holds_caller(kinds[n]))
			streams->fd[n] = DEFAULT;
		if (path == NULL || strcmp(path, "-") == 0)
			continue;
		streams->fd[n] =
		    files_open(path, n == 0 ? O_RDONLY : for_append);
		if (streams->fd[n] == -1 &&
		    (n == 0 || errno != ENOENT || files_creatable(path) == -1))
			return failure(outcome, STATUS_FAILED, path, "%s",
			    strerror(errno));
	}
	return 0;
}

/*
 * Open the default file: nohup.out here, else in the home directory. Neither
 * directory need be ours alone.
 */
static int
open_default(struct streams *streams, struct outcome *outcome)
{
	static const char here[] = "nohup.out";
	const char *home = getenv("HOME"), *why, *why_home;
	bool created;
	char *path;
	int fd;

	streams->default_file = here;
	fd = files_open_own(here, for_append, 0600, &created, &why);
	if (fd == -1) {
		if (home == NULL || *home == '\0')
			return failure(outcome, STATUS_FAILED, here,
			    "%s; HOME is not set", why);
		if (asprintf(&path, "%s/%s", home, here) == -1)
			return failure(outcome, STATUS_FAILED, here, "%s; %s",
			    why, strerror(errno));
		streams->default_file = path;
		fd =
		    files_open_own(path, for_append, 0600, &created, &why_home);
		if (fd == -1)
			return failure(outcome, STATUS_FAILED, here,
			    "%s; %s: %s", why, path, why_home);
	}
	/*
	 * A umask that takes our own rights away must not. Some file systems
	 * have no modes to set; theirs are as open() left them.
	 */
	if (created)
		(void)fchmod(fd, 0600);
	return fd;
}

/*
 * Create and open the rest. A stderr to be replaced goes where stdout goes, if
 * that is a place of our or the user's choice, but never into a file that
 * stdout came with: a dump must not get warnings.
 */
static int
open_missing(
    const struct plan *plan, struct streams *streams, struct outcome *outcome)
{
	int n;

	for (n = 1; n < 3; n++) {
		if (streams->fd[n] == MISSING)
			streams->fd[n] =
			    files_open(plan->file[n], for_append | O_CREAT);
		else if (streams->fd[n] == DEFAULT)
			streams->fd[n] = n == 2 && streams->fd[1] != 1
					     ? streams->fd[1]
					     : open_default(streams, outcome);
		if (streams->fd[n] == -1)
			return outcome->status != 0
				   ? -1
				   : failure(outcome, STATUS_FAILED,
					 plan->file[n], "%s", strerror(errno));
	}
	return 0;
}

/*
 * From here on a hang-up or Ctrl-C can neither leave an empty pidfile behind,
 * nor end us between the job's start and our report of it. Not earlier: to
 * open a FIFO that the user named may take for ever.
 */
static int
block_signals(struct outcome *outcome)
{
	sigset_t all;

	sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, &outcome->mask) == -1)
		return failure(
		    outcome, STATUS_FAILED, "signals", "%s", strerror(errno));
	return 0;
}

int
streams_open(
    const struct plan *plan, struct streams *streams, struct outcome *outcome)
{
	enum kind kinds[3];

	streams->default_file = NULL;
	streams->pidfile.fd = -1;
	if (look(kinds, outcome) == -1)
		return -1;
	if (plan->pidfile != NULL && strcmp(plan->pidfile, "-") == 0 &&
	    kinds[1] == CLOSED)
		return failure(outcome, STATUS_FAILED, "-p -",
		    "standard output is closed");
	streams->terminal = kinds[2] == TERMINAL;
	streams->input_ignored =
	    (kinds[0] == REGULAR || kinds[0] == NAMELESS) &&
	    plan->file[0] == NULL;
	if (open_existing(plan, kinds, streams, outcome) == -1 ||
	    block_signals(outcome) == -1 ||
	    pidfile_open(plan, &streams->pidfile, outcome) == -1)
		return -1;
	if (open_missing(plan, streams, outcome) == -1) {
		pidfile_undo(&streams->pidfile);
		return -1;
	}
	return 0;
}
