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

#include "launch/attempt.h"
#include "launch/descriptors.h"

/* Linux 5.9; the C library's headers may be older. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* The lowest descriptor from FD up that the plan keeps, INT_MAX for none. */
static int
next_kept(const struct launch_plan *plan, int fd)
{
	int next = INT_MAX;
	size_t i;

	for (i = 0; i < plan->nkeep; i++)
		if (plan->keep[i] >= fd && plan->keep[i] < next)
			next = plan->keep[i];
	return next;
}

/*
 * The N of an argument /dev/fd/N or /proc/self/fd/N, also behind the first
 * "=" of an option. -1 for any other.
 */
static int
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
			return (int)fd;
	}
	return -1;
}

/* Note what is wrong with that descriptor. Return -1. */
static int
refuse(struct attempt *attempt, enum problem problem, const char *thing, int fd)
{
	const int error = errno;

	attempt_failed(attempt, problem, thing, error);
	attempt->failure.number = fd;
	return -1;
}

int
descriptors_check(struct attempt *attempt)
{
	const struct launch_plan *plan = attempt->plan;
	size_t i;
	int fd;

	if (plan->rules->protect != FROM_CALLER)
		return 0;
	for (i = 0; i < plan->nkeep; i++)
		if (fcntl(plan->keep[i], F_GETFD) == -1)
			return refuse(
			    attempt, KEEP_NOT_OPEN, NULL, plan->keep[i]);
	for (i = 0; plan->argv[i] != NULL; i++) {
		fd = named_descriptor(plan->argv[i]);
		if (fd >= 3 && next_kept(plan, fd) != fd &&
		    fcntl(fd, F_GETFD) != -1)
			return refuse(
			    attempt, ARGUMENT_CLOSED, plan->argv[i], fd);
	}
	return 0;
}

/* The same for all that the attempt needs. */
static int
next_needed(const struct attempt *attempt, int fd)
{
	const int *streams = attempt->streams.fd;
	const int pidfile = attempt->pidfile.fd;
	int next = next_kept(attempt->plan, fd), n;

	for (n = 0; n < 3; n++)
		if (streams[n] >= fd && streams[n] < next)
			next = streams[n];
	return pidfile >= fd && pidfile < next ? pidfile : next;
}

/* Before Linux 5.9, or where a container forbids the call: /proc has a list. */
static int
close_listed(const struct attempt *attempt)
{
	DIR *list = opendir("/proc/self/fd");
	struct dirent *entry;
	int fd, error;

	if (list == NULL)
		return -1;
	while (errno = 0, (entry = readdir(list)) != NULL) {
		fd = atoi(entry->d_name);
		if (fd >= 3 && fd != dirfd(list) &&
		    next_needed(attempt, fd) != fd)
			(void)close(fd);
	}
	error = errno;
	closedir(list);
	errno = error;
	return error == 0 ? 0 : -1;
}

int
descriptors_close(const struct attempt *attempt)
{
	int from, needed;

	for (from = 3;; from = needed + 1) {
		needed = next_needed(attempt, from);
		if (needed > from &&
		    syscall(SYS_close_range, (unsigned)from,
			needed == INT_MAX ? ~0U : (unsigned)needed - 1,
			0U) == -1)
			return close_listed(attempt);
		if (needed == INT_MAX)
			return 0;
	}
}
