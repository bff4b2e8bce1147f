/* memory.c: the memory of a process that is held. */
#ifndef MEMORY_H
#define MEMORY_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

struct memory {
	int fd; /* -1 while it is closed */
	unsigned long gate; /* address of an instruction for system calls */
};

/*
 * Open the memory and find the instruction. Return 0, or -1 with errno, ENOSYS
 * if there is none; also then it may be open, and is the caller's to close.
 */
int memory_open(struct memory *, pid_t);

/* All bytes, from or to an address. Return 0, or -1 with errno. */
int memory_read(const struct memory *, unsigned long, void *, size_t);
int memory_write(const struct memory *, unsigned long, const void *, size_t);

/* Is there an instruction for system calls at that address? */
bool memory_is_gate(const struct memory *, unsigned long);

/* What is closed may be closed again. */
void memory_close(struct memory *);

#endif
