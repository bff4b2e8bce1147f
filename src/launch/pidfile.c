/*
 * pidfile.c owns the place that the job's PID is written to, and what was there
 * before.
 */
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "files.h"
#include "launch/attempt.h"
#include "launch/pidfile.h"
#include "message.h"

/* How often to reopen a file that another launch removes. */
enum { TRIES = 100 };

/* A PID in digits, and a newline. */
enum { TEXT_SIZE = 3 * sizeof(pid_t) + 2 };

static int
refuse(struct attempt *attempt, const char *why, int error)
{
	attempt_failed(
	    attempt, PIDFILE_NOT_OPENED, attempt->plan->pidfile, error);
	attempt->failure.reason = why;
	return -1;
}

/* Is it empty, or a number with white space around it? */
static bool
is_number(const char *text, size_t length)
{
	size_t i = 0, digits;

	while (i < length && isspace((unsigned char)text[i]))
		i++;
	for (digits = i; i < length && isdigit((unsigned char)text[i]); i++)
		;
	digits = i - digits;
	while (i < length && isspace((unsigned char)text[i]))
		i++;
	return i == length && (digits > 0 || length == 0);
}

/* Keep what the file holds. Return NULL, or why it is no pidfile. */
static const char *
save(struct pidfile *file)
{
	char more[PIDFILE_SIZE + 1];
	ssize_t length = pread(file->fd, more, sizeof(more), 0);

	if (length == -1)
		return error_text(errno);
	if (length > PIDFILE_SIZE || !is_number(more, (size_t)length))
		return "not a pidfile";
	memcpy(file->old, more, (size_t)length);
	file->length = (size_t)length;
	return NULL;
}

/*
 * Lock the file until the launch is over, so that no other launch writes between
 * our write and its undoing. The lock belongs to the open file description (OFD,
 * Linux 3.15), so it ends when launcher and job have both closed it. A launch
 * holds it for a moment; if it stays locked longer, something else holds it. A
 * file system without locks is used without. Return NULL, or why not.
 */
static const char *
lock(int fd)
{
	const struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const long long end = clock_now() + PATIENCE_MS * 1000000LL;
	struct flock other;

	while (fcntl(fd, F_OFD_SETLK, &whole) == -1) {
		if (errno != EAGAIN && errno != EACCES)
			return NULL;
		/* Whoever may read the file can lock it so; no launch does. */
		other = whole;
		if (fcntl(fd, F_OFD_GETLK, &other) == 0 &&
		    other.l_type == F_RDLCK)
			return NULL;
		if (clock_now() >= end)
			return "locked by another process";
		(void)poll(NULL, 0, 1);
	}
	return NULL;
}

/* Is the open file still the one of that name? */
static bool
is_named(int fd, const char *path)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && lstat(path, &named) == 0 &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/*
 * Open a pidfile that the user named, and lock it. Another launch may have
 * removed the file before we had the lock: then there is a new one to open.
 */
static int
open_named(struct attempt *attempt)
{
	struct pidfile *file = &attempt->pidfile;
	const char *path = attempt->plan->pidfile, *why;
	int tries;

	for (tries = 0;; tries++) {
		file->fd =
		    files_open_own(path, O_RDWR, 0666, &file->created, &why);
		if (file->fd == -1)
			return refuse(attempt, why, 0);
		why = lock(file->fd);
		if (why != NULL)
			return refuse(attempt, why, 0);
		if (is_named(file->fd, path))
			break;
		close(file->fd);
		if (tries == TRIES)
			return refuse(attempt, "comes and goes", 0);
	}
	file->path = path;
	why = save(file);
	/* Another launch may have locked our new file first. */
	file->created = file->created && file->length == 0;
	/* What was not read must not be written back. */
	if (why == NULL || file->created)
		file->state = PIDFILE_NAMED;
	return why == NULL ? 0 : refuse(attempt, why, 0);
}

/* Has it room for a line? Return 0, or -1 with errno. */
static int
await_room(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	int found = poll(&ready, 1, PATIENCE_MS);

	if (found == 0)
		errno = EAGAIN;
	else if (found == 1 && (ready.revents & (POLLERR | POLLHUP)) != 0)
		errno = EPIPE;
	else if (found == 1)
		return 0;
	return -1;
}

/* A copy: the job's own output takes the place of number 1. */
static int
open_stdout(struct attempt *attempt)
{
	struct pidfile *file = &attempt->pidfile;
	const enum kind kind = attempt->streams.kind[1];
	int flags;

	if (kind == CLOSED)
		return attempt_failed(attempt, PIDFILE_NO_STDOUT, NULL, EBADF);
	file->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	flags = file->fd == -1 ? -1 : fcntl(file->fd, F_GETFL);
	if (flags == -1)
		return refuse(attempt, NULL, errno);
	if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0)
		return refuse(attempt, NULL, EBADF);
	/*
	 * What a file got before the exec could not be taken back without
	 * cutting off what others have appended. A device such as /dev/full
	 * says before the start that it takes nothing.
	 */
	file->state = kind == DEVICE ? PIDFILE_BEFORE : PIDFILE_AFTER;
	if (file->state == PIDFILE_AFTER && await_room(file->fd) == -1)
		return refuse(attempt, NULL, errno);
	return 0;
}

int
pidfile_open(struct attempt *attempt)
{
	if (attempt->plan->pidfile == NULL)
		return 0;
	return strcmp(attempt->plan->pidfile, "-") == 0 ? open_stdout(attempt)
							: open_named(attempt);
}

/* Put the PID's text at the end of the room. Return where it begins. */
static char *
text_of(pid_t pid, char room[TEXT_SIZE])
{
	char *at = room + TEXT_SIZE;
	unsigned long number = (unsigned long)pid;

	*--at = '\n';
	do
		*--at = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	return at;
}

/* Write all of it, at the start of a named file. Return 0, or -1 with errno. */
static int
write_all(const struct pidfile *file, const char *text, size_t length)
{
	size_t done = 0;
	ssize_t n;

	while (done < length) {
		n = file->state == PIDFILE_NAMED
			? pwrite(
			      file->fd, text + done, length - done, (off_t)done)
			: write(file->fd, text + done, length - done);
		if (n == -1)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

int
pidfile_write(const struct pidfile *file)
{
	char room[TEXT_SIZE], *text;
	size_t length;

	if (file->state != PIDFILE_NAMED && file->state != PIDFILE_BEFORE)
		return 0;
	text = text_of(getpid(), room);
	length = (size_t)(room + sizeof(room) - text);
	if (write_all(file, text, length) == -1)
		return -1;
	/*
	 * Only now: the write then reuses a block that the file already has,
	 * and a full disk cannot fail it.
	 */
	if (file->state == PIDFILE_NAMED && file->length > length)
		return ftruncate(file->fd, (off_t)length);
	return 0;
}

int
pidfile_finish(struct attempt *attempt)
{
	const struct pidfile *file = &attempt->pidfile;
	char room[TEXT_SIZE], *text = text_of(attempt->pid, room);
	int result = 0;

	if (file->state == PIDFILE_NONE)
		return 0;
	if (file->state == PIDFILE_AFTER) {
		/*
		 * The room that was seen may have been taken. Of a reader that
		 * has gone EPIPE tells: SIGPIPE is blocked, and discarded by
		 * the message about it.
		 */
		result = await_room(file->fd);
		if (result == 0)
			result = write_all(
			    file, text, (size_t)(room + sizeof(room) - text));
		if (result == -1)
			attempt_failed(attempt, PID_NOT_PRINTED, NULL, errno);
	}
	close(file->fd);
	return result;
}

/*
 * Does the file hold nothing but what it held before, and over that as much of
 * the child's PID as it came to write? Then nobody else has written since.
 */
static bool
is_untouched(const struct pidfile *file, pid_t child)
{
	char now[PIDFILE_SIZE + 1], ours[PIDFILE_SIZE], room[TEXT_SIZE];
	const char *text = text_of(child, room);
	const size_t most = (size_t)(room + sizeof(room) - text);
	ssize_t length = pread(file->fd, now, sizeof(now), 0);
	size_t written;

	memcpy(ours, file->old, file->length);
	for (written = 0; length != -1 && written <= most; written++) {
		if (written > 0)
			ours[written - 1] = text[written - 1];
		/* All of the old tail is there, or ftruncate() took it away. */
		if ((size_t)length != file->length && (size_t)length != written)
			continue;
		if (memcmp(now, ours, (size_t)length) == 0)
			return true;
	}
	return false;
}

void
pidfile_undo(const struct attempt *attempt)
{
	const struct pidfile *file = &attempt->pidfile;

	if (file->state == PIDFILE_NAMED &&
	    is_untouched(file, attempt->child)) {
		if (!file->created) {
			(void)write_all(file, file->old, file->length);
			(void)!ftruncate(file->fd, (off_t)file->length);
		} else if (is_named(file->fd, file->path))
			/* Another user's file may have come in its place. */
			(void)unlink(file->path);
	}
	if (file->state == PIDFILE_NAMED)
		close(file->fd);
}
