/*
 * pidfile.c owns the place the job's PID is written to, and what was there
 * before.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "launch/attempt.h"
#include "launch/pidfile.h"
#include "message.h"

/* Keep what the file holds. Return 0, or -1 and the reason. */
static int
save(struct pidfile *file, const char **why)
{
	char more[PIDFILE_SIZE + 1];
	ssize_t length = pread(file->fd, more, sizeof(more), 0);

	if (length == -1)
		*why = error_text(errno);
	else if (length > PIDFILE_SIZE)
		*why = "too long for a pidfile";
	else {
		memcpy(file->old, more, (size_t)length);
		file->length = (size_t)length;
		return 0;
	}
	return -1;
}

/* A copy: the job's own output takes the place of number 1. */
static int
open_stdout(struct attempt *attempt)
{
	struct pidfile *file = &attempt->pidfile;

	if (attempt->streams.kind[1] == CLOSED)
		return attempt_failed(attempt, PIDFILE_NO_STDOUT, NULL, EBADF);
	file->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (file->fd != -1)
		return 0;
	file->fd = 0;
	return attempt_failed(
	    attempt, PIDFILE_NOT_OPENED, "standard output", errno);
}

int
pidfile_open(struct attempt *attempt)
{
	const char *path = attempt->plan->pidfile, *why;
	struct pidfile *file = &attempt->pidfile;
	int fd;

	if (path == NULL)
		return 0;
	if (strcmp(path, "-") == 0)
		return open_stdout(attempt);
	fd = files_open_own(path, O_RDWR, 0666, &file->created, &why);
	if (fd != -1) {
		file->fd = fd;
		file->path = path;
		if (save(file, &why) == 0)
			return 0;
		/* What was not read must not be written back. */
		if (!file->created)
			file->fd = 0;
	}
	attempt_failed(attempt, PIDFILE_NOT_OPENED, path, 0);
	attempt->failure.reason = why;
	return -1;
}

/* Write all of it, at the start of a file. Return 0, or -1 with errno. */
static int
write_all(const struct pidfile *file, const char *text, size_t length)
{
	size_t done = 0;
	ssize_t n;

	while (done < length) {
		n = file->path == NULL
			? write(file->fd, text + done, length - done)
			: pwrite(file->fd, text + done, length - done,
			      (off_t)done);
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

int
pidfile_write(const struct pidfile *file)
{
	char text[3 * sizeof(pid_t) + 2], *at = text + sizeof(text);
	struct pollfd ready = { .fd = file->fd, .events = POLLOUT };
	unsigned long pid;

	if (file->fd == 0)
		return 0;
	/*
	 * A stopped terminal or a full pipe must not hold a launcher that has
	 * its signals blocked.
	 */
	if (file->path == NULL && poll(&ready, 1, PATIENCE_MS) == 0) {
		errno = EAGAIN;
		return -1;
	}
	pid = (unsigned long)getpid();
	*--at = '\n';
	do
		*--at = (char)('0' + pid % 10);
	while ((pid /= 10) != 0);
	if (write_all(file, at, (size_t)(text + sizeof(text) - at)) == -1)
		return -1;
	/* Only now, so that the first block is never given back. */
	if (file->length > (size_t)(text + sizeof(text) - at))
		return ftruncate(file->fd, text + sizeof(text) - at);
	return 0;
}

void
pidfile_undo(const struct pidfile *file)
{
	struct stat ours, named;

	if (file->fd == 0 || file->path == NULL)
		return;
	if (!file->created) {
		(void)write_all(file, file->old, file->length);
		(void)!ftruncate(file->fd, (off_t)file->length);
		return;
	}
	/* Another user's file may have come in its place. */
	if (fstat(file->fd, &ours) == 0 && lstat(file->path, &named) == 0 &&
	    ours.st_dev == named.st_dev && ours.st_ino == named.st_ino)
		(void)unlink(file->path);
}
