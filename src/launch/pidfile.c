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

int
pidfile_open(
    const struct plan *plan, struct pidfile *file, struct outcome *outcome)
{
	const char *why;

	file->fd = -1;
	file->path = NULL;
	file->created = false;
	file->length = 0;
	if (plan->pidfile == NULL)
		return 0;
	if (strcmp(plan->pidfile, "-") == 0) {
		/* A copy: the job's own output takes the place of number 1. */
		file->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		if (file->fd == -1)
			return failure(outcome, FAILED, "standard output", "%s",
			    error_text(errno));
		return 0;
	}
	file->path = plan->pidfile;
	file->fd =
	    files_open_own(file->path, O_RDWR, 0666, &file->created, &why);
	if (file->fd != -1 && save(file, &why) == 0)
		return 0;
	/* An old file is as it was: to undo would write what was not read. */
	if (file->created)
		pidfile_undo(file);
	return failure(outcome, FAILED, file->path, "%s", why);
}

/* Write all of it, at the start of a file. Return 0, or -1 with errno. */
static int
put(const struct pidfile *file, const char *text, size_t length)
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

	if (file->fd == -1)
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
	if (put(file, at, (size_t)(text + sizeof(text) - at)) == -1)
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

	if (file->fd == -1 || file->path == NULL)
		return;
	if (!file->created) {
		(void)put(file, file->old, file->length);
		(void)!ftruncate(file->fd, (off_t)file->length);
		return;
	}
	/* Another user's file may have come in its place. */
	if (fstat(file->fd, &ours) == 0 && lstat(file->path, &named) == 0 &&
	    ours.st_dev == named.st_dev && ours.st_ino == named.st_ino)
		(void)unlink(file->path);
}
