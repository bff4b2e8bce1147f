/*
 * rings.c owns what is known about the io_uring rings of a process. A file that
 * is registered with a ring (IORING_REGISTER_FILES) stays open there, whatever
 * becomes of its descriptor, and is used by its number in the ring.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rescue/rings.h"

enum { TRIES = 100 }; /* to look at a ring that is busy, a millisecond apart */

/*
 * What the kernel shows of a ring's registered files: none; one that is the
 * terminal; a table without entries, for it is empty or the ring is busy; or
 * nothing.
 */
enum registered { NOTHING, TERMINAL, NONE_SHOWN, UNCLEAR };

/* The text ends before a mark such as " (deleted)", or the end of the line. */
static void
cut(char *text)
{
	text[strcspn(text, " \\\n")] = '\0';
}

/* Where this descriptor of the process leads. An empty text: that is unknown. */
static void
read_link(pid_t pid, int number, char target[PATH_MAX])
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%ld/fd/%d", (long)pid, number);
	length = readlink(path, target, PATH_MAX - 1);
	target[length > 0 ? length : 0] = '\0';
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/*
 * Is this the pseudo-terminal of the process? For a process without a controlling
 * terminal, every pseudo-terminal counts.
 */
static bool
is_pty(const struct process *process, const char *name)
{
	/* The kernel's way to write a device number, in proc(5). */
	const unsigned kind = process->terminal >> 8 & 0xfff;
	const unsigned number =
	    (process->terminal & 0xff) | (process->terminal >> 12 & 0xfff00);
	const char *last = last_part(name);
	char *end;

	unsigned long shown = strtoul(last, &end, 10);

	if (*end != '\0')
		return false;
	if (last != name &&
	    (last - name < 5 || strncmp(last - 5, "/pts/", 5) != 0))
		return false;
	return process->terminal == 0 || (kind == PTY && shown == number);
}

/*
 * Is a registered file a terminal of the process? Before Linux 6.13 the kernel
 * shows only the last part of its path.
 */
static bool
is_terminal(const struct process *process, const struct opened_fd *list,
    ssize_t count, const char *name)
{
	char target[PATH_MAX];
	const char *last = last_part(name);
	ssize_t i;

	if (is_pty(process, name) || strcmp(name, "/dev/tty") == 0 ||
	    strcmp(name, "tty") == 0)
		return true;
	for (i = 0; i < count; i++) {
		read_link(process->pid, list[i].number, target);
		cut(target);
		if (strcmp(name, last == name ? last_part(target) : target) ==
		    0)
			return true;
	}
	return false;
}

/*
 * Look at what the kernel shows of a ring: a line "UserFiles:" with the number
 * of places, then one for each file, with its place, a colon and its name. Of a
 * ring that is busy it leaves out the latter, or both.
 */
static enum registered
read_ring(const struct process *process, const struct opened_fd *list,
    ssize_t count, int number)
{
	enum registered result = UNCLEAR;
	char name[64], *line = NULL;
	bool inside = false;
	unsigned files;
	size_t room = 0;
	int start = 0;
	FILE *file;

	snprintf(name, sizeof(name), "fdinfo/%d", number);
	file = process_open(process->pid, name);
	while (file != NULL && getline(&line, &room, file) != -1) {
		start = 0;
		if (sscanf(line, "UserFiles: %u", &files) == 1) {
			inside = true;
			result = files == 0 ? NOTHING : NONE_SHOWN;
		} else if (inside && sscanf(line, " %*u: %n", &start) == 0 &&
			   start > 0) {
			cut(line + start);
			if (is_terminal(process, list, count, line + start))
				result = TERMINAL;
			else if (result == NONE_SHOWN)
				result = NOTHING;
		} else
			inside = false;
	}
	free(line);
	if (file == NULL)
		return NOTHING; /* it was closed just now */
	fclose(file);
	return result;
}

/* The same, until it is not busy. */
static enum registered
read_ring_until_idle(const struct process *process,
    const struct opened_fd *list, ssize_t count, int number)
{
	const struct timespec millisecond = { 0, 1000000 };
	enum registered result = UNCLEAR;
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		result = read_ring(process, list, count, number);
		if (result == NOTHING || result == TERMINAL)
			break;
		nanosleep(&millisecond, NULL);
	}
	return result;
}

const char *
rings_refusal(
    const struct process *process, const struct opened_fd *list, ssize_t count)
{
	enum registered result = NOTHING;
	char target[PATH_MAX];
	int *numbers;
	ssize_t all = process_numbers(process->pid, "fd", &numbers), i;

	for (i = 0; i < all && result != TERMINAL && result != UNCLEAR; i++) {
		read_link(process->pid, numbers[i], target);
		if (strcmp(target, "anon_inode:[io_uring]") == 0)
			result = read_ring_until_idle(
			    process, list, count, numbers[i]);
	}
	free(numbers);
	if (result == TERMINAL)
		return "has registered its terminal with io_uring";
	if (result == UNCLEAR)
		return "has an io_uring ring that cannot be looked into";
	return NULL;
}
