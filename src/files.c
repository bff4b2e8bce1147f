/*
 * files.c owns how a file is opened: one that the user named, and one in a
 * place where another user may have planted something.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "message.h"

/* The C library's headers may be older. */
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

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

/*
 * access(2) asks for the real user, and without its capabilities. Before Linux
 * 5.8, or where a container forbids the call (EPERM), it has to be enough.
 */
int
files_access(const char *path, int mode)
{
	if (syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS) == 0)
		return 0;
	return errno == ENOSYS || errno == EPERM ? access(path, mode) : -1;
}

/* A directory opens for reading, but no job can read it: close one. */
static int
refuse_directory(int fd)
{
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		return refuse(fd, errno);
	return S_ISDIR(st.st_mode) ? refuse(fd, EISDIR) : fd;
}

int
files_open(const char *path, int flags, mode_t mode)
{
	return refuse_directory(open(path, flags | ALWAYS, mode));
}

int
files_create(const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags | ALWAYS | O_CREAT | O_EXCL, mode);

	/*
	 * There is a link to a missing file, or something came since. That may
	 * be a FIFO; and O_EXCL follows no link.
	 */
	if (fd != -1 || errno != EEXIST)
		return fd;
	fd = refuse_directory(
	    open(path, flags | ALWAYS | O_CREAT | O_NONBLOCK, mode));
	/* O_NONBLOCK was for the open alone: drop it. */
	if (fd != -1 && fcntl(fd, F_SETFL, flags) == -1)
		return refuse(fd, errno);
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

/*
 * Follow a link, if the path is one: put what it leads to into PATH_MAX bytes.
 * Return 1, 0 for no link, or -1 with errno.
 */
static int
follow_link(const char *path, char *target)
{
	char link[PATH_MAX], directory[PATH_MAX];
	ssize_t length = readlink(path, link, sizeof(link) - 1);

	if (length == -1)
		return errno == EINVAL || errno == ENOENT ? 0 : -1;
	link[length] = '\0';
	if (link[0] == '/')
		directory[0] = '\0';
	else if (directory_of(path, directory) == -1)
		return -1;
	if (snprintf(target, PATH_MAX, "%s%s%s", directory,
		directory[0] == '\0' ? "" : "/", link) < PATH_MAX)
		return 1;
	errno = ENAMETOOLONG;
	return -1;
}

int
files_creatable(const char *path)
{
	/* As many as the kernel follows. */
	enum { LINKS = 40 };
	char places[2][PATH_MAX], directory[PATH_MAX];
	int links, more;

	if (*path == '\0') {
		errno = ENOENT;
		return -1;
	}
	for (links = 0; links <= LINKS; links++) {
		more = follow_link(path, places[links % 2]);
		if (more == -1)
			return -1;
		if (more == 0)
			return directory_of(path, directory) == -1
				   ? -1
				   : files_access(directory, W_OK);
		path = places[links % 2];
	}
	errno = ELOOP;
	return -1;
}

/*
 * A user namespace shows every owner that it has no number for as one and the
 * same (65534, or what /proc/sys/kernel/overflowuid has), and the user may have
 * none itself. So have the kernel compare what is behind these numbers: it lets
 * only the owner set O_NOATIME. Return 0, or -1 for another user's file.
 */
static int
prove_owner(int fd, int flags)
{
	return fcntl(fd, F_SETFL, flags | O_NOATIME);
}

/* The same for a directory. One that cannot be read proves nothing. */
static int
prove_directory_owner(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC);

	return fd == -1 ? -1 : close(fd);
}

bool
files_safe_place(const char *path)
{
	char directory[PATH_MAX];
	struct stat st;

	/* Rights that an access control list gives show as the group's. */
	return directory_of(path, directory) == 0 &&
	       stat(directory, &st) == 0 &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
	       (st.st_uid == 0 || (st.st_uid == geteuid() &&
				      prove_directory_owner(directory) == 0));
}

/* What the errno of opening such a file means. */
static const char *
open_error(int error)
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

/*
 * Who owns a file that we make beside that path, as the file system shows it?
 * vfat, vboxsf, CIFS and NFS may know one owner for all. The file has no name,
 * or, where that cannot be had, one for a moment. *proven is whether the kernel
 * takes us for its owner: see prove_owner(). Return 0, or -1.
 */
static int
examine_new(const char *path, struct stat *st, bool *proven)
{
	char directory[PATH_MAX], name[PATH_MAX];
	int fd, result;

	if (directory_of(path, directory) == -1)
		return -1;
	name[0] = '\0';
	fd = open(directory, O_TMPFILE | O_WRONLY | ALWAYS, 0600);
	if (fd == -1) {
		if (snprintf(name, sizeof(name), "%s/.detach-%ld", directory,
			(long)getpid()) >= (int)sizeof(name))
			return -1;
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY | ALWAYS, 0600);
	}
	if (fd == -1)
		return -1;
	result = fstat(fd, st);
	*proven = prove_owner(fd, O_WRONLY) == 0;
	close(fd);
	if (name[0] != '\0')
		(void)unlink(name);
	return result;
}

/*
 * Is a file root's or ours, or on a file system that knows no owners? That shows
 * a file that we make there with the same owner. If it shows us (CIFS with
 * "multiuser"), it must not know us as the owner of that file either.
 */
static bool
is_trusted(int fd, int flags, const struct stat *st, const char *path)
{
	const bool shows_us = st->st_uid == geteuid();
	struct stat new;
	bool proven;

	if (st->st_uid == 0 || (shows_us && prove_owner(fd, flags) == 0))
		return true;
	return examine_new(path, &new, &proven) == 0 &&
	       st->st_uid == new.st_uid && st->st_dev == new.st_dev &&
	       !(shows_us && proven);
}

/*
 * Why a file that was opened by that path is not to be used, or NULL. It may
 * get O_NOATIME beside its flags.
 */
static const char *
distrust(int fd, int flags, const struct stat *st, const char *path)
{
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (!is_trusted(fd, flags, st, path))
		return "owned by another user";
	return st->st_nlink == 1 ? NULL : "not its only name";
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
	*why = fstat(fd, &st) == -1 ? error_text(errno)
				    : distrust(fd, flags, &st, path);
	/* O_NONBLOCK and O_NOATIME were for us alone: drop them. */
	if (*why == NULL && fcntl(fd, F_SETFL, flags) == -1)
		*why = error_text(errno);
	return *why == NULL ? fd : refuse(fd, EPERM);
}
