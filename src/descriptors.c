/*
 * descriptors.c owns the descriptors from 3 up: none of them reaches the job
 * unless the plan keeps it.
 */
#include <sys/syscall.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "descriptors.h"
#include "message.h"

/* Linux 5.9 and 5.11; the C library's headers may be older. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

static bool
is_kept(const struct plan *plan, long fd)
{
	size_t i;

	for (i = 0; i < plan->nkeep; i++)
		if (plan->keep[i] == fd)
			return true;
	return false;
}

/*
 * The N of an argument /dev/fd/N or /proc/self/fd/N, also behind the first
 * "=" of an option. -1 for any other.
 */
static long
named_descriptor(const char *argument)
{
	static const char *const directories[] = { "/dev/fd/",
		"/proc/self/fd/" };
	const char *value = strchr(argument, '='), *number;
	char *end;
	size_t i, length;
	long fd;

	if (*argument == '-' && value != NULL)
		argument = value + 1;
	for (i = 0; i < sizeof(directories) / sizeof(*directories); i++) {
		length = strlen(directories[i]);
		if (strncmp(argument, directories[i], length) != 0)
			continue;
		number = argument + length;
		fd = strtol(number, &end, 10);
		if (isdigit((unsigned char)*number) && *end == '\0' &&
		    fd <= INT_MAX)
			return fd;
	}
	return -1;
}

/* Does every argument /dev/fd/N name what will stay, or is not open anyway? */
static int
check_arguments(const struct plan *plan, struct outcome *outcome)
{
	size_t i;
	long fd;

	for (i = 0; plan->argv[i] != NULL; i++) {
		fd = named_descriptor(plan->argv[i]);
		if (fd >= 3 && !is_kept(plan, fd) &&
		    fcntl((int)fd, F_GETFD) != -1)
			return failure(outcome, STATUS_FAILED, plan->argv[i],
			    "would be closed in the job (-k %ld keeps it)", fd);
	}
	return 0;
}

/*
 * Close, or mark close-on-exec, every descriptor from 3 up. Before Linux 5.11,
 * or where a container forbids the call, /proc lists them. Return 0, or -1
 * with errno.
 */
static int
from_three(bool on_exec)
{
	struct dirent *entry;
	DIR *list;
	int fd, failed = 0;

	if (syscall(SYS_close_range, 3U, ~0U,
		on_exec ? CLOSE_RANGE_CLOEXEC : 0U) == 0)
		return 0;
	list = opendir("/proc/self/fd");
	if (list == NULL)
		return -1;
	while (errno = 0, (entry = readdir(list)) != NULL) {
		fd = atoi(entry->d_name);
		if (fd < 3 || fd == dirfd(list))
			continue;
		if (on_exec ? fcntl(fd, F_SETFD, FD_CLOEXEC) : close(fd))
			failed = errno;
	}
	if (errno != 0)
		failed = errno;
	closedir(list);
	errno = failed;
	return failed == 0 ? 0 : -1;
}

int
descriptors_seal(const struct plan *plan, struct outcome *outcome)
{
	size_t i;

	if (check_arguments(plan, outcome) == -1)
		return -1;
	if (from_three(true) == -1)
		return failure(outcome, STATUS_FAILED, "/proc/self/fd", "%s",
		    strerror(errno));
	for (i = 0; i < plan->nkeep; i++)
		if (fcntl(plan->keep[i], F_SETFD, 0) == -1)
			return failure(outcome, STATUS_FAILED, "-k",
			    "descriptor %d: %s", plan->keep[i],
			    strerror(errno));
	return 0;
}

void
descriptors_close(void)
{
	(void)from_three(false);
}
