/*
 * process.c owns the reading of /proc: facts about a process, as seen from
 * outside. What follows from them is decided elsewhere.
 */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rescue/process.h"

/* PF_KTHREAD in the flags of "stat"; proc(5) does not list the values. */
enum { KERNEL_THREAD = 0x00200000 };

FILE *
process_open(pid_t pid, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	return fopen(path, "re");
}

int
process_read(pid_t pid, struct process *process)
{
	char path[64], line[1024], *end;
	unsigned long flags;
	ssize_t length = -1;
	int fd;

	/*
	 * For speed, without stdio, and without O_CLOEXEC, which costs one
	 * more call in musl: this is read for every process there is.
	 */
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY);
	if (fd != -1) {
		length = read(fd, line, sizeof(line) - 1);
		close(fd);
	}
	if (length <= 0) {
		errno = ESRCH;
		return -1;
	}
	line[length] = '\0';
	/* The name before the last ')' may hold any byte, at most 63 of them. */
	end = strrchr(line, ')');
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
process_has_ended(const struct process *process)
{
	return process->state == 'X' ||
	       (process->state == 'Z' && process->threads <= 1);
}

/*
 * List the entries of a directory that are numbers. Return how many, or -1 with
 * errno. The caller frees the list.
 */
static ssize_t
list_numbers(const char *path, int **list)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	size_t count = 0, room = 0;
	int *grown;

	*list = NULL;
	if (directory == NULL)
		return -1;
	while ((entry = readdir(directory)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (count == room) {
			room = 2 * room + 64;
			grown = realloc(*list, room * sizeof(**list));
			if (grown == NULL) {
				free(*list);
				*list = NULL;
				closedir(directory);
				return -1;
			}
			*list = grown;
		}
		(*list)[count++] = atoi(entry->d_name);
	}
	closedir(directory);
	return (ssize_t)count;
}

/* The same for a directory in that of a process. */
static ssize_t
list_numbers_of(pid_t pid, const char *name, int **list)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	return list_numbers(path, list);
}

ssize_t
process_list(struct process **list)
{
	int *pids;
	ssize_t all = list_numbers("/proc", &pids), count = 0, i;

	*list = all == -1 ? NULL : calloc((size_t)all + 1, sizeof(**list));
	if (*list == NULL)
		count = -1;
	/* Leave out those that have ended since. */
	for (i = 0; count != -1 && i < all; i++)
		if (process_read(pids[i], &(*list)[count]) == 0)
			count++;
	free(pids);
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
	all = process_list(&list);
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

ssize_t
process_threads(pid_t pid, pid_t **list)
{
	return list_numbers_of(pid, "task", list);
}

ssize_t
process_descriptors(pid_t pid, int **list)
{
	return list_numbers_of(pid, "fd", list);
}

/* Fill in the field that a line of "status" shows, if it is one of ours. */
static void
read_status_line(const char *line, struct process_status *status)
{
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
	size_t i, length;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		length = strlen(fields[i].key);
		if (strncmp(line, fields[i].key, length) == 0)
			*fields[i].value = (long long)strtoull(
			    line + length, NULL, fields[i].base);
	}
}

int
process_read_status(pid_t pid, struct process_status *status)
{
	FILE *file = process_open(pid, "status");
	char line[256];

	memset(status, 0, sizeof(*status));
	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL)
		read_status_line(line, status);
	fclose(file);
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
	FILE *file = process_open(pid, "exe");
	unsigned char head[EI_NIDENT];
	bool read;

	if (file == NULL)
		return false;
	read = fread(head, sizeof(head), 1, file) == 1;
	fclose(file);
	return read && head[EI_CLASS] != ours;
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

/*
 * Learn what a descriptor is open on: st_mode, st_rdev, st_dev and st_ino. These
 * never change, so AT_STATX_DONT_SYNC keeps the kernel from asking a file
 * server, which may not answer or may be a process that we hold. The system
 * call is as old as Linux 4.11, but musl has no function for it before 1.2.5.
 */
static int
stat_descriptor(pid_t pid, int number, struct stat *found)
{
	const int dont_sync = 0x4000;
	const unsigned wanted = 1 | 0x100; /* STATX_TYPE, STATX_INO */
	/* As in <linux/stat.h>. */
	struct {
		uint32_t start[7];
		uint16_t mode, pad;
		uint64_t inode, middle[11];
		uint32_t kind, number, device[2], end[28];
	} facts;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/fd/%d", (long)pid, number);
	if (syscall(SYS_statx, AT_FDCWD, path, dont_sync, wanted, &facts) == -1)
		return -1;
	found->st_mode = facts.mode;
	found->st_rdev = makedev(facts.kind, facts.number);
	found->st_dev = makedev(facts.device[0], facts.device[1]);
	found->st_ino = facts.inode;
	return 0;
}

bool
process_is_socket(pid_t pid, int number)
{
	struct stat found;

	return stat_descriptor(pid, number, &found) == 0 &&
	       S_ISSOCK(found.st_mode);
}

/*
 * Is this file the terminal that the process was started on? Any other terminal
 * is what it works with, such as a serial line, or a pseudo-terminal that it
 * made for a child. For a process without a controlling terminal, though, every
 * pseudo-terminal counts, since it may have been started there. The master of a
 * pseudo-terminal never counts.
 */
static bool
is_own_terminal(const struct process *process, const struct stat *found)
{
	unsigned kind = major(found->st_rdev), number = minor(found->st_rdev);

	if (!S_ISCHR(found->st_mode))
		return false;
	if (kind == TTY_ALIASES &&
	    (number == ALIAS_TTY || number == ALIAS_CONSOLE))
		return true;
	if (process->terminal == 0)
		return kind >= PTY_FIRST && kind <= PTY_LAST;
	/* "stat" shows a device number in this form: see tty_nr in proc(5). */
	return process->terminal ==
	       ((number & 0xff) | kind << 8 | (number & ~0xffU) << 12);
}

/* Return the flags that open() would need for a descriptor; -1 if closed. */
static int
open_flags(pid_t pid, int number)
{
	char name[64], line[256];
	unsigned flags;
	FILE *file;
	bool found = false;

	snprintf(name, sizeof(name), "fdinfo/%d", number);
	file = process_open(pid, name);
	if (file == NULL)
		return -1;
	while (!found && fgets(line, sizeof(line), file) != NULL)
		found = sscanf(line, "flags: %o", &flags) == 1;
	fclose(file);
	return found ? (int)flags : -1;
}

bool
process_has_device(pid_t pid, dev_t device)
{
	int *numbers;
	ssize_t count = list_numbers_of(pid, "fd", &numbers), i;
	struct stat found;
	bool has = false;

	for (i = 0; i < count && !has; i++)
		has = stat_descriptor(pid, numbers[i], &found) == 0 &&
		      S_ISCHR(found.st_mode) && found.st_rdev == device;
	free(numbers);
	return has;
}

bool
process_has_terminal(const struct process *process, int number)
{
	struct stat found;

	return stat_descriptor(process->pid, number, &found) == 0 &&
	       is_own_terminal(process, &found);
}

ssize_t
process_terminals(const struct process *process, struct terminal_fd **list)
{
	int *numbers;
	ssize_t all = list_numbers_of(process->pid, "fd", &numbers), i;
	struct terminal_fd *fd;
	struct stat found;
	ssize_t count = 0;

	*list = all == -1 ? NULL : calloc((size_t)all + 1, sizeof(**list));
	if (*list == NULL)
		count = -1;
	for (i = 0; count != -1 && i < all; i++) {
		if (stat_descriptor(process->pid, numbers[i], &found) == -1 ||
		    !is_own_terminal(process, &found))
			continue;
		fd = &(*list)[count];
		fd->number = numbers[i];
		fd->flags = open_flags(process->pid, numbers[i]);
		fd->by_name = found.st_rdev == makedev(TTY_ALIASES, ALIAS_TTY);
		/* An O_PATH descriptor names a terminal without opening it. */
		if (fd->flags != -1 && (fd->flags & O_PATH) == 0)
			count++;
	}
	free(numbers);
	return count;
}

ssize_t
process_pipes(pid_t pid, struct pipe_fd **list)
{
	int *numbers, flags;
	ssize_t all = list_numbers_of(pid, "fd", &numbers), count = 0, i;
	struct stat found;

	*list = all == -1 ? NULL : calloc((size_t)all + 1, sizeof(**list));
	if (*list == NULL)
		count = -1;
	for (i = 0; count != -1 && i < all; i++) {
		if (stat_descriptor(pid, numbers[i], &found) == -1 ||
		    !S_ISFIFO(found.st_mode))
			continue;
		flags = open_flags(pid, numbers[i]);
		if (flags == -1 || (flags & O_PATH) != 0)
			continue;
		(*list)[count++] = (struct pipe_fd){ .device = found.st_dev,
			.inode = found.st_ino,
			.reads = (flags & O_ACCMODE) != O_WRONLY,
			.writes = (flags & O_ACCMODE) != O_RDONLY };
	}
	free(numbers);
	return count;
}
