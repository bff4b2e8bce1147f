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
#include "message.h"

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

/* The directory of a path, into PATH_MAX bytes. Return 0, or -1 with errno. */
static int
directory_of(const char *path, char *directory)
{
	const char *slash = strrchr(path, '/');
	size_t length;

	length = slash != NULL ? (size_t)(slash - path) + 1 : 1;
	if (length >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(directory, slash != NULL ? path : ".", length);
	directory[length] = '\0';
	return 0;
}

int
files_creatable(const char *path)
{
	char directory[PATH_MAX];

	if (*path == '\0') {
		errno = ENOENT;
		return -1;
	}
	if (directory_of(path, directory) == -1)
		return -1;
	return access(directory, W_OK | X_OK);
}

bool
files_safe_place(const char *path)
{
	char directory[PATH_MAX];
	struct stat st;

	/* Rights that an access control list gives show as the group's. */
	return directory_of(path, directory) == 0 &&
	       stat(directory, &st) == 0 &&
	       (st.st_uid == geteuid() || st.st_uid == 0) &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

const char *
files_distrust(const struct stat *st, uid_t user)
{
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_uid != user)
		return "owned by another user";
	if (st->st_nlink != 1)
		return "not its only name";
	return NULL;
}

const char *
files_open_error(int error)
{
	switch (error) {
	case ELOOP: /* O_NOFOLLOW on a symbolic link */
		return "a symbolic link";
	case ENXIO: /* a FIFO that nobody reads, or a socket */
		return "not a regular file";
	default:
		return error_text(error);
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
		*why = files_open_error(errno);
		return -1;
	}
	/* O_NONBLOCK was for the open alone: drop it. */
	if (fstat(fd, &st) == -1 || fcntl(fd, F_SETFL, flags) == -1)
		*why = error_text(errno);
	else
		*why = files_distrust(&st, geteuid());
	return *why == NULL ? fd : refuse(fd, EPERM);
}
