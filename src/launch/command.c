/*
 * command.c owns the way from a command's name to its file, and the reasons
 * why that file cannot run. libc's execvp() is no help: it does not tell which
 * file it tried, and musl's does not know scripts without "#!".
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch/command.h"
#include "message.h"

/* The head of a file; execve() itself looks at 256 bytes. */
enum { HEAD_SIZE = 512 };

/* Say that there is no such command, or that it cannot run. Return -1. */
static int
unusable(const char *name, int error, struct outcome *outcome)
{
	enum failure why = error == ENOENT ? NOT_FOUND : CANNOT_RUN;
	const char *hint = "";

	if (error == ENOENT && strpbrk(name, " \t\n|") != NULL)
		hint = " (a shell command line needs sh -c)";
	return failure(outcome, why, name, "%s%s", error_text(error), hint);
}

/* As PATH has it: a directory is no command, but another may follow. */
static bool
is_directory(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1 || !S_ISDIR(st.st_mode))
		return false;
	errno = EACCES;
	return true;
}

/* The first executable of that name in PATH. */
static const char *
search_path(const char *name, char *room, int *error)
{
	const char *at = getenv("PATH");
	char file[PATH_MAX];
	int length;

	room[0] = '\0';
	*error = ENOENT;
	if (*name == '\0')
		return room;
	for (at = at != NULL ? at : "/bin:/usr/bin";; at += length + 1) {
		/* POSIX: an empty element is the working directory. */
		length = (int)strcspn(at, ":");
		if (snprintf(file, sizeof(file), "%.*s/%s",
			length > 0 ? length : 1, length > 0 ? at : ".",
			name) < (int)sizeof(file)) {
			if (access(file, X_OK) == 0 && !is_directory(file)) {
				*error = 0;
				return strcpy(room, file);
			}
			if (errno == EACCES && *room == '\0')
				strcpy(room, file);
			/* A directory that cannot be searched has no say. */
			if (errno == EACCES && access(file, F_OK) == 0)
				*error = EACCES;
		}
		if (at[length] == '\0')
			return room;
	}
}

/*
 * access() asks for the real user, which is the effective one: detach is never
 * set-user-ID.
 */
const char *
command_find(const char *name, char *room, int *error)
{
	if (strchr(name, '/') == NULL && strlen(name) <= NAME_MAX)
		return search_path(name, room, error);
	*error = access(name, X_OK) == -1 ? errno : 0;
	return name;
}

/* Read the first bytes of a file. Return how many, or -1. */
static ssize_t
head(const char *path, char *bytes)
{
	ssize_t length;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd == -1)
		return -1;
	length = read(fd, bytes, HEAD_SIZE);
	close(fd);
	return length;
}

bool
command_is_script(const char *path)
{
	char bytes[HEAD_SIZE];
	ssize_t length = head(path, bytes), i;

	/* POSIX, sh: a file with a NUL in its first line is no script. */
	for (i = 0; i < length && bytes[i] != '\n'; i++)
		if (bytes[i] == '\0')
			return false;
	return length >= 0;
}

int
command_refused(
    const char *name, const char *path, int error, struct outcome *outcome)
{
	char bytes[HEAD_SIZE];
	ssize_t length;
	char *start;

	/*
	 * ENOENT for a file that is there, or EACCES for one that may be
	 * executed: what is to interpret it cannot be.
	 */
	if ((error != ENOENT || access(path, F_OK) == -1) &&
	    (error != EACCES || access(path, X_OK) == -1))
		return unusable(name, error, outcome);
	length = head(path, bytes);
	if (length >= 2 && memcmp(bytes, "#!", 2) == 0) {
		bytes[length < HEAD_SIZE ? length : HEAD_SIZE - 1] = '\0';
		start = bytes + 2 + strspn(bytes + 2, " \t");
		start[strcspn(start, " \t\n")] = '\0';
		return failure(outcome,
		    error == ENOENT ? NOT_FOUND : CANNOT_RUN, name,
		    "bad interpreter '%s': %s", start, error_text(error));
	}
	if (error == EACCES)
		return unusable(name, error, outcome);
	return failure(
	    outcome, NOT_FOUND, name, "its interpreter: %s", error_text(error));
}
