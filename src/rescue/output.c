/*
 * output.c owns the files that a rescued job gets in place of its terminal:
 * detach opens them itself, each once.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "message.h"
#include "rescue/output.h"
#include "rescue/process.h"

enum { FOR_APPEND = O_WRONLY | O_APPEND | O_CREAT };

/* Whose rights a file is opened with. */
struct identity {
	uid_t user;
	gid_t group;
	int ngroups;
	gid_t *groups;
};

/*
 * Act with these rights from now on. The right to change ids goes with the user
 * id, so that is set last here, and first when they are taken back. Return 0,
 * or -1 with errno.
 */
static int
give_up(const struct identity *identity)
{
	return setgroups((size_t)identity->ngroups, identity->groups) == -1 ||
		       setegid(identity->group) == -1
		   ? -1
		   : seteuid(identity->user);
}

static int
take_back(const struct identity *identity)
{
	return seteuid(identity->user) == -1 || setegid(identity->group) == -1
		   ? -1
		   : setgroups((size_t)identity->ngroups, identity->groups);
}

/* The numbers of the line "Groups:". Return 0, or -1 with errno. */
static int
parse_groups(const char *line, struct identity *identity)
{
	/* A digit and a blank each. */
	const size_t most = strcspn(line, "\n") / 2 + 1;
	unsigned long group;
	char *end;

	identity->groups = calloc(most, sizeof(gid_t));
	if (identity->groups == NULL)
		return -1;
	while (group = strtoul(line, &end, 10), end != line) {
		identity->groups[identity->ngroups++] = (gid_t)group;
		line = end;
	}
	return 0;
}

/*
 * The effective rights of a process. Return 0, or -1 with errno; the groups are
 * to be freed.
 */
static int
get_identity(pid_t pid, struct identity *identity)
{
	const char *text = process_text(pid, "status");
	const char *users, *groups;

	*identity = (struct identity){ 0 };
	if (text == NULL)
		return -1;
	users = strstr(text, "\nUid:");
	groups = strstr(text, "\nGroups:");
	if (users == NULL || groups == NULL ||
	    sscanf(users, " Uid: %*u %u %*u %*u Gid: %*u %u", &identity->user,
		&identity->group) != 2) {
		errno = ESRCH;
		return -1;
	}
	return parse_groups(groups + sizeof("\nGroups:") - 1, identity);
}

/* Note why nothing was opened. Return -1. */
__attribute__((format(printf, 2, 3))) static int
refuse(struct output *output, const char *format, ...)
{
	va_list arguments;
	char *why;

	va_start(arguments, format);
	output->why =
	    vasprintf(&why, format, arguments) == -1 ? error_text(ENOMEM) : why;
	va_end(arguments);
	return -1;
}

/* Note what was opened, by its real name. Return 0. */
static int
note(struct output *output, int fd, const char *path)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, output->path, sizeof(output->path) - 1);
	if (length > 0)
		output->path[length] = '\0';
	else
		snprintf(output->path, sizeof(output->path), "%s", path);
	output->file = fd;
	return 0;
}

/*
 * Open the file that the user named, for us. A FIFO that nobody reads is
 * refused, for the job must not wait for a reader: O_NONBLOCK, for the open
 * alone.
 */
static int
open_named(struct output *output, const char *path)
{
	int fd = files_open(path, FOR_APPEND | O_NONBLOCK, 0666);

	if (fd == -1 || fcntl(fd, F_SETFL, O_APPEND) == -1) {
		refuse(output, "%s: %s", *path != '\0' ? path : "''",
		    error_text(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	return note(output, fd, path);
}

/* Open a default file with the rights that we have now. As open(). */
static int
open_own(const char *path, const char **why)
{
	bool created;
	int fd = files_open_own(path, O_WRONLY | O_APPEND, 0600, &created, why);

	/* A umask that takes away the owner's rights must not. */
	if (fd != -1 && created)
		(void)fchmod(fd, 0600);
	return fd;
}

/* Open the default file: here, else in that home directory. */
static int
open_default(struct output *output, const char *home)
{
	static const char here[] = FILES_DEFAULT;
	const char *why, *why_home;
	char path[PATH_MAX];
	int fd = open_own(here, &why);

	if (fd != -1)
		return note(output, fd, here);
	if (home == NULL || *home == '\0')
		return refuse(output, "%s: %s; HOME is not set", here, why);
	if (snprintf(path, sizeof(path), "%s/%s", home, here) >=
	    (int)sizeof(path))
		path[0] = '\0';
	fd = open_own(path, &why_home);
	if (fd != -1)
		return note(output, fd, path);
	return refuse(output, "%s: %s; %s: %s", here, why, path, why_home);
}

/*
 * The same with the rights of the process, and in its home directory. If we are
 * that user already, nothing is changed, for an ordinary user may not call
 * setgroups(); and the home directory is ours, for that of a set-user-ID program
 * is whatever its caller says.
 */
static int
open_for(struct output *output, pid_t pid)
{
	/* First of all: with its rights we may not look at it. */
	char *home = process_environment(pid, "HOME");
	struct identity theirs, ours = { 0 };
	int result = -1, error = 0;

	if (get_identity(pid, &theirs) == -1 ||
	    get_identity(getpid(), &ours) == -1)
		error = errno;
	else if (theirs.user == ours.user)
		result = open_default(output, getenv("HOME"));
	else {
		if (give_up(&theirs) == 0)
			result = open_default(output, home);
		else
			error = errno;
		if (take_back(&ours) == -1)
			error = errno;
	}
	free(ours.groups);
	free(theirs.groups);
	free(home);
	if (error == 0)
		return result;
	return refuse(output,
	    FILES_DEFAULT ": cannot be opened as the job's user: %s",
	    error_text(error));
}

int
output_open(struct output *output, const struct rescue_plan *plan, pid_t pid)
{
	if (output->why != NULL)
		return -1;
	if (output->path[0] != '\0')
		return 0;
	return plan->output != NULL ? open_named(output, plan->output)
				    : open_for(output, pid);
}

int
output_null(void)
{
	static int null = -1;

	/* What is opened later must not become our own standard error. */
	while (null <= STDERR_FILENO &&
	       (null = open("/dev/null", O_RDWR | O_CLOEXEC)) != -1)
		;
	return null;
}
