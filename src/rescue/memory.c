/*
 * memory.c owns access to the memory of a process that is held: it reads and
 * writes it, and finds an instruction there that makes a system call (the
 * gate). Callers write only where the program has neither code nor data.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rescue/arch.h"
#include "rescue/memory.h"
#include "rescue/process.h"

/*
 * Find the gate between two addresses. Return its address, or 0. Of a large
 * mapping, only the beginning is read: it may be no program at all.
 */
static unsigned long
find_gate_in(const struct memory *memory, unsigned long from, unsigned long to)
{
	const unsigned long most = 16UL << 20;
	unsigned char bytes[65536];
	const size_t size = sizeof(arch_gate);
	ssize_t length;
	size_t i;

	if (to - from > most)
		to = from + most;
	for (; from < to; from += (size_t)length - size + 1) {
		length = pread(memory->fd, bytes, sizeof(bytes), (off_t)from);
		if (length < (ssize_t)size)
			return 0;
		for (i = 0; i + size <= (size_t)length && from + i < to; i++)
			if ((from + i) % ARCH_ALIGNMENT == 0 &&
			    memcmp(bytes + i, arch_gate, size) == 0)
				return from + i;
	}
	return 0;
}

/*
 * Take the addresses from a line of the maps file, if it shows code that may have
 * a gate: in the vDSO, which is the kernel's own part of every program, or in a
 * file. Return whether it does. ([vsyscall] is neither: the kernel emulates that code, and
 * nothing executes it.)
 */
static bool
parse_code_line(
    const char *line, bool in_file, unsigned long *from, unsigned long *to)
{
	char rights[5], name[16] = "";
	unsigned long long inode;

	if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %llu %15s", from, to, rights,
		&inode, name) < 4 ||
	    rights[0] != 'r' || rights[2] != 'x')
		return false;
	return in_file ? inode != 0 : strcmp(name, "[vdso]") == 0;
}

/*
 * Find the gate in all of the memory, in the vDSO first. Return 0, or -1 with
 * errno.
 */
static int
find_gate(struct memory *memory, pid_t pid)
{
	FILE *maps = process_open(pid, "maps");
	unsigned long from, to;
	size_t room = 0;
	char *line = NULL;
	int in_file;

	memory->gate = 0;
	for (in_file = 0; maps != NULL && in_file < 2; in_file++) {
		rewind(maps);
		while (memory->gate == 0 && getline(&line, &room, maps) != -1)
			if (parse_code_line(line, in_file, &from, &to))
				memory->gate = find_gate_in(memory, from, to);
	}
	free(line);
	if (maps != NULL)
		fclose(maps);
	errno = ENOSYS;
	return memory->gate == 0 ? -1 : 0;
}

/*
 * Did the program make a call just before pc? Code is at pc, and so all over its
 * page. Not where the kernel has looked for a mark before the stop: it may turn
 * what is called at that place into restart_syscall().
 */
static bool
is_gate_before(struct memory *memory, unsigned long pc)
{
	const unsigned long page = 4096;

	memory->gate = pc - sizeof(arch_gate);
	return ARCH_MARK_COUNTS && memory->gate / page == pc / page &&
	       memory_is_gate(memory, memory->gate);
}

int
memory_open(struct memory *memory, pid_t pid, unsigned long pc)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/mem", (long)pid);
	memory->fd = open(path, O_RDWR | O_CLOEXEC);
	if (memory->fd == -1)
		return -1;
	return is_gate_before(memory, pc) ? 0 : find_gate(memory, pid);
}

/* Fail a transfer that did not do all. Return 0, or -1 with errno. */
static int
require_all(ssize_t done, size_t length)
{
	if (done == (ssize_t)length)
		return 0;
	if (done != -1)
		errno = EIO;
	return -1;
}

int
memory_read(const struct memory *memory, unsigned long address, void *bytes,
    size_t length)
{
	return require_all(
	    pread(memory->fd, bytes, length, (off_t)address), length);
}

int
memory_write(const struct memory *memory, unsigned long address,
    const void *bytes, size_t length)
{
	return require_all(
	    pwrite(memory->fd, bytes, length, (off_t)address), length);
}

bool
memory_is_gate(const struct memory *memory, unsigned long address)
{
	unsigned char bytes[sizeof(arch_gate)];

	return memory_read(memory, address, bytes, sizeof(bytes)) == 0 &&
	       memcmp(bytes, arch_gate, sizeof(bytes)) == 0;
}

void
memory_close(struct memory *memory)
{
	if (memory->fd != -1)
		close(memory->fd);
	memory->fd = -1;
}
