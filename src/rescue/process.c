/*
 * process.c owns the reading of /proc: what is to be known about a process
 * from outside.
 */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rescue/process.h"

enum {
	KERNEL_THREAD = 0x00200000, /* PF_KTHREAD, which proc(5) leaves out */
	PTY_FIRST = 136, /* majors of the slave sides; from devices.txt, */
	PTY_LAST = 143,
	TTY_ALIASES = 5, /* as are those that stand for another terminal, */
	ALIAS_TTY = 0, /* /dev/tty */
	ALIAS_CONSOLE = 1, /* and /dev/console, */
	PTY_MASTER = 2, /* and the master sides' /dev/ptmx */
};

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

	/* Not by stdio: a rescue reads that of all processes, some times. */
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		length = read(fd, line, sizeof(line) - 1);
		close(fd);
	}
	if (length <= 0) {
		errno = ESRCH;
		return -1;
	}
	line[length] = '\0';
	/* The name may hold anything; it is at most 63 bytes long. */
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
 * errno; the list is the caller's to free.
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

/* The same in the directory of a process. */
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
	/* One that has ended since is none. */
	for (i = 0; count != -1 && i < all; i++)
		if (process_read(pids[i], &(*list)[count]) == 0)
			count++;
	free(pids);
	return count;
}

ssize_t
process_threads(pid_t pid, pid_t **list)
{
	return list_numbers_of(pid, "task", list);
}

long long
process_status(pid_t pid, const char *key, int base)
{
	FILE *file = process_open(pid, "status");
	size_t length = strlen(key);
	char line[256];
	long long value = -1;

	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, key, length) == 0 && line[length] == ':')
			value =
			    (long long)strtoull(line + length + 1, NULL, base);
	fclose(file);
	return value;
}

uid_t
process_user(pid_t pid)
{
	FILE *file = process_open(pid, "status");
	char line[256];
	uid_t user = (uid_t)-1;

	if (file == NULL)
		return user;
	while (fgets(line, sizeof(line), file) != NULL)
		(void)sscanf(line, "Uid: %*u %u", &user);
	fclose(file);
	return user;
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
 * What is behind a descriptor: st_mode, st_rdev, st_dev and st_ino. They never
 * change, so no file server is asked (AT_STATX_DONT_SYNC): it may not answer, or
 * be a process that we hold. musl before 1.2.5 has no statx(), a system call
 * since Linux 4.11.
 */
static int
look_at(pid_t pid, int number, struct stat *found)
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

	return look_at(pid, number, &found) == 0 && S_ISSOCK(found.st_mode);
}

/*
 * Is this file the terminal of the process? Other terminals are its work,
 * such as a serial line or the pseudo-terminal that it made for a child; but
 * without a controlling terminal every pseudo-terminal can be the one that it
 * was started on. The master sides are none of them.
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
	/* The kernel's way to write a device number, in proc(5). */
	return process->terminal ==
	       ((number & 0xff) | kind << 8 | (number & ~0xffU) << 12);
}

/* The flags of an open descriptor, as given to open(). -1 if it is closed. */
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

/* Has it a child on another terminal? */
static bool
has_child_elsewhere(const struct process *process)
{
	struct process *list;
	ssize_t count = process_list(&list), i;
	bool found = false;

	for (i = 0; i < count; i++)
		found |= list[i].parent == process->pid &&
			 list[i].terminal != 0 &&
			 list[i].terminal != process->terminal;
	free(list);
	return found;
}

/* Is one of the descriptors open on the device of that name? */
static bool
has_open(pid_t pid, unsigned kind, unsigned number)
{
	int *numbers;
	ssize_t count = list_numbers_of(pid, "fd", &numbers), i;
	struct stat found;
	bool has = false;

	for (i = 0; i < count && !has; i++)
		has = look_at(pid, numbers[i], &found) == 0 &&
		      S_ISCHR(found.st_mode) &&
		      found.st_rdev == makedev(kind, number);
	free(numbers);
	return has;
}

bool
process_is_relay(const struct process *process)
{
	return has_open(process->pid, TTY_ALIASES, PTY_MASTER) &&
	       has_open(process->pid, TTY_ALIASES, ALIAS_TTY) &&
	       has_child_elsewhere(process);
}

bool
process_has_terminal(const struct process *process, int number)
{
	struct stat found;

	return look_at(process->pid, number, &found) == 0 &&
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
		if (look_at(process->pid, numbers[i], &found) == -1 ||
		    !is_own_terminal(process, &found))
			continue;
		fd = &(*list)[count];
		fd->number = numbers[i];
		fd->flags = open_flags(process->pid, numbers[i]);
		fd->by_name = found.st_rdev == makedev(TTY_ALIASES, ALIAS_TTY);
		/* An O_PATH descriptor is a name, not an open terminal. */
		if (fd->flags != -1 && (fd->flags & O_PATH) == 0)
			count++;
	}
	free(numbers);
	return count;
}

bool
process_is_independent(pid_t pid)
{
	const long long hangup = 1LL << (SIGHUP - 1);
	long long kept = process_status(pid, "SigIgn", 16) |
			 process_status(pid, "SigCgt", 16);
	struct process process;
	struct terminal_fd *fds;
	ssize_t count;

	if (kept == -1 || (kept & hangup) == 0 ||
	    process_read(pid, &process) == -1)
		return false;
	count = process_terminals(&process, &fds);
	free(fds);
	return count == 0;
}

ssize_t
process_pipes(pid_t pid, struct pipe_end **list, ssize_t count)
{
	int *numbers, flags;
	ssize_t all = list_numbers_of(pid, "fd", &numbers), i;
	struct pipe_end *grown;
	struct stat found;

	for (i = 0; i < all; i++) {
		if (look_at(pid, numbers[i], &found) == -1 ||
		    !S_ISFIFO(found.st_mode))
			continue;
		flags = open_flags(pid, numbers[i]);
		if (flags == -1 || (flags & O_PATH) != 0)
			continue;
		grown = realloc(*list, ((size_t)count + 1) * sizeof(*grown));
		if (grown == NULL) {
			count = -1;
			break;
		}
		*list = grown;
		grown[count++] = (struct pipe_end){ .pid = pid,
			.device = found.st_dev,
			.inode = found.st_ino,
			.reads = (flags & O_ACCMODE) != O_WRONLY,
			.writes = (flags & O_ACCMODE) != O_RDONLY,
			.rescued = false };
	}
	free(numbers);
	return count;
}
