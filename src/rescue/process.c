/*
 * process.c owns the reading of /proc: facts about a process, as seen from
 * outside. What follows from them is decided elsewhere.
 */
#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rescue/process.h"

/* PF_KTHREAD in the flags of "stat"; proc(5) does not list the values. */
enum { KERNEL_THREAD = 0x00200000 };

/*
 * A read of less than half a page was the last one: the kernel gives such a file
 * by pages, or in one piece if it is a single record (seq_read_iter()).
 */
enum { HALF_PAGE = 2048 };

FILE *
process_open(pid_t pid, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	return fopen(path, "re");
}

const char *
process_text(pid_t pid, const char *name)
{
	static char *text;
	static size_t room;
	size_t length = 0;
	ssize_t part;
	char path[128], *grown;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	/*
	 * Without O_CLOEXEC, which costs one more call in musl: this is read
	 * for every process there is.
	 */
	fd = open(path, O_RDONLY);
	if (fd == -1)
		return NULL;
	do {
		if (room - length < 2 * HALF_PAGE) {
			grown = realloc(text, 2 * room + 4096);
			if (grown == NULL) {
				part = -1;
				break;
			}
			text = grown;
			room = 2 * room + 4096;
		}
		part = read(fd, text + length, room - length - 1);
		if (part > 0)
			length += (size_t)part;
	} while (part >= HALF_PAGE);
	close(fd);
	if (part == -1)
		return NULL;
	text[length] = '\0';
	return text;
}

int
process_read(pid_t pid, struct process *process)
{
	const char *text = process_text(pid, "stat");
	/* The name before the last ')' may hold any byte, at most 63 of them. */
	const char *end = text != NULL ? strrchr(text, ')') : NULL;
	unsigned long flags;

	process->pid = pid;
	if (end == NULL ||
	    sscanf(end + 1,
		" %c %d %d %d %d %d %lu"
		" %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld %*d %llu",
		&process->state, &process->parent, &process->group,
		&process->session, (int *)&process->terminal,
		&process->foreground, &flags, &process->threads,
		&process->start) != 9) {
		errno = ESRCH;
		return -1;
	}
	process->kernel = (flags & KERNEL_THREAD) != 0;
	return 0;
}

bool
process_is_same(const struct process *one, const struct process *other)
{
	return one->pid == other->pid && one->start == other->start;
}

bool
process_has_ended(const struct process *process)
{
	return process->state == 'X' ||
	       (process->state == 'Z' && process->threads <= 1);
}

int
process_add_pid(struct process_pids *pids, pid_t pid)
{
	size_t room = 2 * pids->room + 64;
	pid_t *grown;

	if (pids->count == pids->room) {
		grown = realloc(pids->list, room * sizeof(*grown));
		if (grown == NULL)
			return -1;
		pids->list = grown;
		pids->room = room;
	}
	pids->list[pids->count++] = pid;
	return 0;
}

/* Add the entries of a directory that are numbers. Return 0, or -1 with errno. */
static int
add_entries(struct process_pids *numbers, const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int result = 0;

	if (directory == NULL)
		return -1;
	do {
		errno = 0;
		entry = readdir(directory);
		if (entry == NULL)
			result = errno == 0 ? 0 : -1;
		else if (isdigit((unsigned char)entry->d_name[0]))
			result = process_add_pid(numbers, atoi(entry->d_name));
	} while (entry != NULL && result == 0);
	closedir(directory);
	return result;
}

ssize_t
process_numbers(pid_t pid, const char *name, int **list)
{
	struct process_pids numbers = { 0 };
	char path[64];

	*list = NULL;
	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	if (add_entries(&numbers, path) == -1) {
		free(numbers.list);
		return -1;
	}
	*list = numbers.list;
	return (ssize_t)numbers.count;
}

/*
 * While the kernel shows the children, one that nobody has to wait for may end,
 * and then the next one is left out (get_children_pid()). The one that ended was
 * shown, and is not shown again: so what is shown twice is complete.
 */
int
process_add_children(struct process_pids *pids, pid_t pid)
{
	const char *text;
	char name[64], *before = NULL, *end;
	int tries = 100, result = 0;
	bool again = true;
	long child;

	snprintf(name, sizeof(name), "task/%ld/children", (long)pid);
	while (again) {
		text = process_text(pid, name);
		again = text != NULL && *text != '\0' &&
			(before == NULL || strcmp(before, text) != 0);
		free(before);
		before = again ? strdup(text) : NULL;
		if (text == NULL || (again && before == NULL))
			return -1;
		/* Orphans can come without end: see PR_SET_CHILD_SUBREAPER. */
		if (again && --tries == 0) {
			free(before);
			errno = EAGAIN;
			return -1;
		}
	}
	for (; result == 0; text = end) {
		child = strtol(text, &end, 10);
		if (end == text)
			break;
		result = process_add_pid(pids, (pid_t)child);
	}
	return result;
}

/* Does this function give that id for a process? */
static bool
is_of(pid_t pid, pid_t (*of)(pid_t), pid_t id)
{
	pid_t found = of != NULL ? of(pid) : id;

	/* A security policy may forbid the question. */
	return found == id || (found == -1 && errno != ESRCH);
}

int
process_add_all(struct process_pids *pids, pid_t (*of)(pid_t), pid_t id)
{
	size_t i = pids->count, kept = i;

	if (add_entries(pids, "/proc") == -1)
		return -1;
	for (; i < pids->count; i++)
		if (is_of(pids->list[i], of, id))
			pids->list[kept++] = pids->list[i];
	pids->count = kept;
	return 0;
}

ssize_t
process_read_all(const struct process_pids *pids, struct process **list)
{
	ssize_t count = 0;
	size_t i;

	*list = calloc(pids->count + 1, sizeof(**list));
	if (*list == NULL)
		return -1;
	for (i = 0; i < pids->count; i++)
		if (process_read(pids->list[i], &(*list)[count]) == 0)
			count++;
	return count;
}

ssize_t
process_list(struct process **list, pid_t (*of)(pid_t), pid_t id)
{
	struct process_pids pids = { 0 };
	ssize_t count = -1;

	*list = NULL;
	if (process_add_all(&pids, of, id) == 0)
		count = process_read_all(&pids, list);
	free(pids.list);
	return count;
}

int
process_find(pid_t number, struct process *process)
{
	struct process *list, *oldest = NULL;
	bool found = process_read(number, process) == 0;
	ssize_t all, i;

	if (found && !process_has_ended(process))
		return 0;
	all = process_list(&list, getpgid, number);
	if (all == -1)
		return -1;
	for (i = 0; i < all; i++)
		if (list[i].group == number && !process_has_ended(&list[i]) &&
		    (oldest == NULL || list[i].start < oldest->start))
			oldest = &list[i];
	if (oldest != NULL)
		*process = *oldest;
	free(list);
	if (found || oldest != NULL)
		return 0;
	errno = ESRCH;
	return -1;
}

/* Fill in the field that a line of "status" shows, if it is one of ours. */
static void
read_status_line(const char *line, struct process_status *status)
{
	static const char state[] = "State:\t";
	const struct {
		const char *key;
		int base;
		long long *value;
	} fields[] = {
		{ "Tgid:", 10, &status->process },
		{ "Pid:", 10, &status->pid },
		{ "TracerPid:", 10, &status->tracer },
		{ "SigPnd:", 16, &status->pending },
		{ "ShdPnd:", 16, &status->shared_pending },
		{ "SigBlk:", 16, &status->blocked },
		{ "SigIgn:", 16, &status->ignored },
		{ "SigCgt:", 16, &status->caught },
		{ "Seccomp:", 10, &status->seccomp },
		{ "Seccomp_filters:", 10, &status->filters },
	};
	const size_t length = strcspn(line, "\t");
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strncmp(line, fields[i].key, length) == 0)
			*fields[i].value = (long long)strtoull(
			    line + length, NULL, fields[i].base);
	if (strncmp(line, state, sizeof(state) - 1) == 0)
		status->state = line[sizeof(state) - 1];
}

int
process_read_status(pid_t pid, struct process_status *status)
{
	const char *line = process_text(pid, "status");

	memset(status, 0, sizeof(*status));
	if (line == NULL)
		return -1;
	for (; *line != '\0';
	     line += strcspn(line, "\n"), line += *line == '\n')
		read_status_line(line, status);
	/* One that ends between open and read shows nothing. */
	if (status->pid != 0)
		return 0;
	errno = ESRCH;
	return -1;
}

bool
process_is_foreign(pid_t pid)
{
	const int ours = sizeof(long) == 8 ? ELFCLASS64 : ELFCLASS32;
	unsigned char head[EI_NIDENT];
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)pid);
	fd = open(path, O_RDONLY);
	if (fd == -1)
		return false;
	length = read(fd, head, sizeof(head));
	close(fd);
	return length == sizeof(head) && head[EI_CLASS] != ours;
}

char *
process_environment(pid_t pid, const char *name)
{
	FILE *file = process_open(pid, "environ");
	size_t length = strlen(name), room = 0;
	char *entry = NULL, *value = NULL;

	if (file == NULL)
		return NULL;
	while (value == NULL && getdelim(&entry, &room, '\0', file) > 0)
		if (strncmp(entry, name, length) == 0 && entry[length] == '=')
			value = strdup(entry + length + 1);
	free(entry);
	fclose(file);
	return value;
}
