/* memory.c: the memory of a process that is held. */
#ifndef MEMORY_H
#define MEMORY_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

struct memory {
	int fd; /* -1 while it is closed */
	/* Address of an instruction that makes a system call. */
	unsigned long gate;
};

/*
 * Open the memory of a process whose program goes on at pc, and find the
 * instruction. Return 0; or -1 with errno, ENOSYS if there is no such
 * instruction. Close it in either case.
 */
int memory_open(struct memory *memory, pid_t pid, unsigned long pc);

/* Transfer all bytes from or to an address. Return 0, or -1 with errno. */
int memory_read(const struct memory *memory, unsigned long address, void *bytes,
    size_t length);
int memory_write(const struct memory *memory, unsigned long address,
    const void *bytes, size_t length);

/* Is there an instruction that makes a system call at that address? */
bool memory_is_gate(const struct memory *memory, unsigned long address);

/* It may be closed already. */
void memory_close(struct memory *memory);

#endif
