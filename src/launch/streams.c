/*
 * streams.c owns the decision what the job's stdin, stdout and stderr are: it
 * turns what the plan wants and what the launcher has into three descriptors.
 */
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "files.h"
#include "launch/attempt.h"
#include "launch/streams.h"
#include "message.h"

/* In place of a descriptor: what is still to be created. */
enum { MISSING = -2, DEFAULT = -3 };

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

	/* If it cannot be examined, assume that nobody chose it. */
	if (fstat(fd, &st) == -1)
		return errno == EBADF ? CLOSED : OTHER;
	if (S_ISREG(st.st_mode))
		return st.st_nlink == 0 ? NAMELESS : REGULAR;
	if (S_ISCHR(st.st_mode))
		return kind_of_device(fd);
	return S_ISBLK(st.st_mode) ? DEVICE : OTHER;
}

/*
 * Fill a closed place, so that no file opened later lands there: open() takes
 * the lowest free number. Use /dev/null; or, if the job is to find the place
 * closed, an O_PATH descriptor, which cannot be read or written, and which exec
 * closes.
 */
static int
fill_place(struct attempt *attempt, int n)
{
	const struct rules *rules = attempt->plan->rules;
	const bool null = (rules->replace[n] & CLOSED) != 0;
	const char *path = null ? "/dev/null" : "/";
	int flags = O_PATH | O_CLOEXEC;

	if (null)
		flags = n == 0 ? rules->null_flags : O_WRONLY;
	if (open(path, flags) == n)
		return 0;
	return attempt_failed(attempt, PLACE_NOT_FILLED, path, errno);
}

/* Is there something to read on stdin, which is of that kind? */
static bool
has_input(enum kind kind)
{
	int waiting;

	if (kind == REGULAR || kind == NAMELESS)
		return true;
	return kind == OTHER && ioctl(0, FIONREAD, &waiting) == 0 &&
	       waiting > 0;
}

int
streams_inspect(struct attempt *attempt)
{
	struct streams *streams = &attempt->streams;
	int n;

	for (n = 0; n < 3; n++) {
		streams->kind[n] = kind_of(n);
		if (streams->kind[n] == CLOSED && fill_place(attempt, n) == -1)
			return -1;
	}
	streams->input_ignored =
	    attempt->plan->file[0] == NULL && has_input(streams->kind[0]);
	return 0;
}

/* A file that the user named cannot be opened. Return -1. */
static int
refuse_named(struct attempt *attempt, int n)
{
	attempt_failed(attempt, FILE_NOT_OPENED, attempt->plan->file[n], errno);
	attempt->failure.number = n;
	return -1;
}

/*
 * Open what the user named for one of them, if that exists. Return its
 * descriptor, MISSING for one that can be created, or -1 and a failure.
 */
static int
open_named(struct attempt *attempt, int n)
{
	const char *path = attempt->plan->file[n];
	int flags = n == 0 ? O_RDONLY : for_append, fd;

	/*
	 * As the shell: in a directory like /tmp, fs.protected_regular and
	 * fs.protected_fifos refuse another user's file, but to O_CREAT alone.
	 */
	if (n != 0 && files_access(path, F_OK) == 0)
		flags |= O_CREAT;
	fd = files_open(path, flags, 0666);
	if (fd != -1)
		return fd;
	if (n != 0 && errno == ENOENT && files_creatable(path) == 0)
		return MISSING;
	return refuse_named(attempt, n);
}

/* Return a descriptor for /dev/null, or -1 and a failure. */
static int
open_null(struct attempt *attempt)
{
	int fd = files_open("/dev/null", attempt->plan->rules->null_flags, 0);

	if (fd == -1)
		attempt_failed(attempt, NULL_NOT_OPENED, "/dev/null", errno);
	return fd;
}

int
streams_open(struct attempt *attempt)
{
	const struct launch_plan *plan = attempt->plan;
	const struct rules *rules = plan->rules;
	struct streams *streams = &attempt->streams;
	int n;

	for (n = 0; n < 3; n++) {
		streams->fd[n] = n;
		if (plan->file[n] != NULL) {
			if (strcmp(plan->file[n], "-") != 0)
				streams->fd[n] = open_named(attempt, n);
		} else if (streams->kind[n] != CLOSED &&
			   (streams->kind[n] & rules->replace[n]) != 0)
			streams->fd[n] = n == 0 ? open_null(attempt) : DEFAULT;
		if (streams->fd[n] == -1)
			return -1;
	}
	return 0;
}

/*
 * Open a file for nobody but its owner, whatever the umask. The directory need
 * not be ours alone; if it is, the rules may have the file opened as any other.
 * Return its descriptor, or -1 and why not.
 */
static int
open_private(const struct rules *rules, const char *path, const char **why)
{
	bool created;
	mode_t mask;
	int fd;

	if (rules->follow && files_safe_place(path)) {
		/* Where a default ACL is in force, the mode alone counts. */
		mask = umask(0177);
		fd = files_open(path, for_append | O_CREAT, 0600);
		*why = fd == -1 ? error_text(errno) : NULL;
		umask(mask);
		return fd;
	}
	fd = files_open_own(path, for_append, 0600, &created, why);
	/*
	 * The umask must not take the owner's rights away. Some file systems
	 * have no modes to set; theirs are as open() left them.
	 */
	if (fd != -1 && created)
		(void)fchmod(fd, 0600);
	return fd;
}

/*
 * Open the default file: nohup.out here, else in the home directory. Return its
 * descriptor, or -1 and a failure.
 */
static int
open_default(struct attempt *attempt)
{
	static const char here[] = FILES_DEFAULT;
	const struct rules *rules = attempt->plan->rules;
	struct default_file *file = &attempt->streams.default_file;
	const char *home = getenv("HOME");
	size_t length;
	char *path;
	int fd;

	fd = open_private(rules, here, &file->why_not_here);
	if (fd != -1) {
		file->path = here;
		return fd;
	}
	if (home == NULL || *home == '\0')
		return attempt_failed(attempt, DEFAULT_NOT_OPENED, here, 0);
	length = strlen(home);
	/* As GNU: "/x//" is "/x", but slashes alone stay as they are. */
	while (length > 0 && home[length - 1] == '/')
		length--;
	if (length == 0)
		length = strlen(home) - 1;
	if (asprintf(&path, "%.*s/%s", (int)length, home, here) == -1) {
		file->home = "HOME";
		file->why_not_home = error_text(ENOMEM);
		return attempt_failed(attempt, DEFAULT_NOT_OPENED, here, 0);
	}
	file->home = path;
	fd = open_private(rules, path, &file->why_not_home);
	if (fd == -1)
		return attempt_failed(attempt, DEFAULT_NOT_OPENED, here, 0);
	file->path = path;
	return fd;
}

/*
 * Does a stderr that is to be replaced go where stdout goes? It does if that is
 * a place of our or the user's choice, but never (unless the rules say so) into
 * a file that stdout came with: a dump must not get warnings.
 */
static bool
is_joined(const struct attempt *attempt)
{
	const struct streams *streams = &attempt->streams;

	if (streams->fd[1] != 1)
		return true;
	/* An O_PATH descriptor is a name, not an open file. */
	return attempt->plan->rules->join && streams->kind[1] != CLOSED &&
	       (fcntl(1, F_GETFL) & O_PATH) == 0;
}

int
streams_create(struct attempt *attempt)
{
	struct streams *streams = &attempt->streams;
	int n;

	for (n = 1; n < 3; n++) {
		if (streams->fd[n] == MISSING) {
			/* With signals blocked, nothing could end a wait. */
			streams->fd[n] = files_create(
			    attempt->plan->file[n], for_append, 0666);
			if (streams->fd[n] == -1)
				return refuse_named(attempt, n);
		}
		if (streams->fd[n] != DEFAULT)
			continue;
		streams->fd[n] = n == 2 && is_joined(attempt)
				     ? streams->fd[1]
				     : open_default(attempt);
		if (streams->fd[n] == -1)
			return -1;
	}
	return 0;
}
