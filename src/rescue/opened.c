/*
 * opened.c owns what the descriptors of a process are open on, as /proc shows it:
 * terminals, pipes, sockets and devices.
 */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rescue/opened.h"

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
		return kind == PTY;
	/* "stat" shows a device number in this form: see tty_nr in proc(5). */
	return process->terminal ==
	       ((number & 0xff) | kind << 8 | (number & ~0xffU) << 12);
}

/* The flags that open() would need for a descriptor. Return 0, or -1 with errno. */
static int
read_flags(pid_t pid, int number, int *flags)
{
	const char *text;
	char name[64];

	snprintf(name, sizeof(name), "fdinfo/%d", number);
	text = process_text(pid, name);
	if (text == NULL)
		return -1;
	text = strstr(text, "flags:");
	if (text != NULL && sscanf(text, "flags: %o", (unsigned *)flags) == 1)
		return 0;
	errno = EIO;
	return -1;
}

/*
 * After an error of stat_descriptor(): 0 if it is no terminal and no pipe. It may
 * have been closed, or its file system refuses: FUSE does, to all but the user
 * who mounted it. Only a lack of memory tells nothing.
 */
static int
unless_unknown(void)
{
	return errno == ENOMEM ? -1 : 0;
}

int
opened_has_terminal(const struct process *process, int number)
{
	struct stat found;

	if (stat_descriptor(process->pid, number, &found) == -1)
		return unless_unknown();
	return is_own_terminal(process, &found);
}

static void
note_kind(struct opened *rest, const struct stat *found)
{
	rest->pipes |= S_ISFIFO(found->st_mode);
	rest->masters |= found->st_rdev == makedev(TTY_ALIASES, PTY_MASTER);
	rest->others |= !S_ISCHR(found->st_mode) && !S_ISFIFO(found->st_mode) &&
			!S_ISSOCK(found->st_mode);
}

/*
 * Look at the descriptor with this number, and fill in the rest. Return 1 if it
 * is of that kind, 0 if not, -1 with errno.
 */
static int
look_at(const struct process *process, enum opened_kind kind,
    struct opened_fd *fd, struct opened *rest)
{
	struct stat found;

	if (stat_descriptor(process->pid, fd->number, &found) == -1)
		return unless_unknown();
	note_kind(rest, &found);
	if (kind == PIPES ? !S_ISFIFO(found.st_mode)
			  : !is_own_terminal(process, &found))
		return 0;
	if (read_flags(process->pid, fd->number, &fd->flags) == -1)
		return errno == ENOENT ? 0 : -1; /* closed just now */
	fd->by_name = found.st_rdev == makedev(TTY_ALIASES, ALIAS_TTY);
	fd->device = found.st_dev;
	fd->inode = found.st_ino;
	/* An O_PATH descriptor names a file without opening it. */
	return (fd->flags & O_PATH) == 0;
}

ssize_t
opened_list(const struct process *process, enum opened_kind kind,
    struct opened_fd **list, struct opened *rest)
{
	int *numbers, is_one;
	ssize_t all = process_numbers(process->pid, "fd", &numbers), i;
	struct opened noted = { 0 };
	ssize_t count = 0;

	*list = all == -1 ? NULL : calloc((size_t)all + 1, sizeof(**list));
	if (*list == NULL)
		count = -1;
	for (i = 0; count != -1 && i < all; i++) {
		(*list)[count].number = numbers[i];
		is_one = look_at(process, kind, &(*list)[count], &noted);
		count = is_one == -1 ? -1 : count + is_one;
	}
	if (rest != NULL)
		*rest = noted;
	free(numbers);
	return count;
}
