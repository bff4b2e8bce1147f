/*
 * files.c owns how a file is opened: one that the user named, and one in a
 * place where another user may have planted something.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "files.h"

/* An open terminal must not become a controlling terminal: O_NOCTTY. */
enum { ALWAYS = O_CLOEXEC | O_NOCTTY };

/* Close a descriptor that is of no use, for this reason. Return -1. */
static int
refuse(int fd, int error)
{
	close(fd);
	errno = error;
	return -1;
}

int
files_open(const char *path, int flags)
{
	struct stat st;
	int fd;

	fd = open(path, flags | ALWAYS, 0666);
	if (fd == -1)
		return -1;
	/* A directory opens for reading, but no job can read it. */
	if (fstat(fd, &st) == -1)
		return refuse(fd, errno);
	if (S_ISDIR(st.st_mode))
		return refuse(fd, EISDIR);
	return fd;
}

int
files_creatable(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t length;

	if (*path == '\0') {
		errno = ENOENT;
		return -1;
	}
	if (slash == NULL)
		return access(".", W_OK | X_OK);
	length = (size_t)(slash - path) + 1;
	if (length >= sizeof(directory)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(directory, path, length);
	directory[length] = '\0';
	return access(directory, W_OK | X_OK);
}

/* Why an open file is not to be trusted, or NULL. */
static const char *
distrust(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_uid != geteuid())
		return "owned by another user";
	if (st->st_nlink != 1)
		return "not its only name";
	return NULL;
}

/* What an error of opening a file that exists, but is no regular one, means. */
static const char *
open_error(int error)
{
	switch (error) {
	case ELOOP: /* O_NOFOLLOW on a symbolic link */
		return "a symbolic link";
	case ENXIO: /* a FIFO that nobody reads, or a socket */
		return "not a regular file";
	default:
		return strerror(error);
	}
}

int
files_open_own(
    const char *path, int flags, mode_t mode, bool *created, const char **why)
{
	const int safe = flags | ALWAYS | O_NOFOLLOW;
	struct stat st;
	int fd, tries;

	/* Again only if the file came or went between the two calls. */
	for (tries = 0; tries < 100; tries++) {
		*created = false;
		fd = open(path, safe | O_NONBLOCK);
		if (fd != -1 || errno != ENOENT)
			break;
		*created = true;
		fd = open(path, safe | O_CREAT | O_EXCL, mode);
		if (fd != -1)
			return fd;
		if (errno != EEXIST)
			break;
	}
	if (fd == -1) {
		*why = open_error(errno);
		return -1;
	}
	/* O_NONBLOCK was for the open alone: drop it. */
	if (fstat(fd, &st) == -1 || fcntl(fd, F_SETFL, flags) == -1)
		*why = strerror(errno);
	else
		*why = distrust(&st);
	return *why == NULL ? fd : refuse(fd, EPERM);
}
