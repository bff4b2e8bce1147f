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

#include "files.h"
#include "launch/attempt.h"
#include "launch/command.h"

/* The head of a file; execve() itself looks at 256 bytes. */
enum { HEAD_SIZE = 512 };

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Why a file in PATH is not the command: an errno, or 0 if it is. */
static int
why_not(const char *file)
{
	if (files_access(file, X_OK) == -1)
		return errno;
	return is_directory(file) ? EACCES : 0;
}

/*
 * The first executable of that name in PATH goes into the room. Return 0, or
 * the errno that says why there is none; the first file that was in the way
 * is then in the room, or "".
 */
static int
search_path(const char *name, char *room)
{
	const char *at = getenv("PATH");
	char file[PATH_MAX];
	int length, error = ENOENT, why;

	room[0] = '\0';
	if (*name == '\0')
		return error;
	for (at = at != NULL ? at : "/bin:/usr/bin";; at += length + 1) {
		/* POSIX: an empty element is the working directory. */
		length = (int)strcspn(at, ":");
		if (snprintf(file, sizeof(file), "%.*s/%s",
			length > 0 ? length : 1, length > 0 ? at : ".",
			name) < (int)sizeof(file)) {
			why = why_not(file);
			if (why == 0) {
				strcpy(room, file);
				return 0;
			}
			if (why == EACCES && *room == '\0')
				strcpy(room, file);
			/*
			 * EACCES from a directory that cannot be searched does
			 * not count.
			 */
			if (why == EACCES && files_access(file, F_OK) == 0)
				error = EACCES;
		}
		if (at[length] == '\0')
			return error;
	}
}

int
command_find(struct attempt *attempt)
{
	const char *name = attempt->plan->argv[0];
	int error;

	if (strchr(name, '/') == NULL && strlen(name) <= NAME_MAX) {
		error = search_path(name, attempt->room);
		attempt->path = attempt->room;
	} else {
		error = files_access(name, X_OK) == -1 ? errno : 0;
		if (error == 0 && is_directory(name))
			error = EISDIR;
		attempt->path = name;
	}
	if (error == 0 || attempt->plan->rules->protect != FROM_CALLER)
		return 0;
	return command_failed(attempt, error);
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

/*
 * The interpreter that a script names in its first line. Return "" for a file
 * that is no script, or NULL if there is no memory for the name.
 */
static const char *
interpreter_of(const char *path)
{
	char bytes[HEAD_SIZE];
	ssize_t length = head(path, bytes);
	char *start;

	if (length < 2 || memcmp(bytes, "#!", 2) != 0)
		return "";
	bytes[length < HEAD_SIZE ? length : HEAD_SIZE - 1] = '\0';
	start = bytes + 2 + strspn(bytes + 2, " \t");
	start[strcspn(start, " \t\n")] = '\0';
	return strdup(start);
}

int
command_failed(struct attempt *attempt, int error)
{
	const char *path = attempt->path, *interpreter = NULL;

	/*
	 * ENOENT for a file that is there, or EACCES for one that may be
	 * executed: its interpreter is missing, or may not be executed.
	 */
	if ((error == ENOENT && files_access(path, F_OK) == 0) ||
	    (error == EACCES && files_access(path, X_OK) == 0))
		interpreter = interpreter_of(path);
	/* A binary that may not be executed has no better reason. */
	if (error == EACCES && interpreter != NULL && *interpreter == '\0')
		interpreter = NULL;
	attempt->failure = (struct failure){ .problem = COMMAND_NOT_RUN,
		.blame = error == ENOENT ? NOT_FOUND : CANNOT_RUN,
		.error = error,
		.thing = attempt->plan->argv[0],
		.reason = interpreter };
	return -1;
}
