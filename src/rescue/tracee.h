/* tracee.c: a thread that is traced; every call of ptrace(). */
#ifndef TRACEE_H
#define TRACEE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "rescue/arch.h"
#include "rescue/memory.h"

enum tracee_state {
	TRACEE_FREE, /* it is not traced */
	TRACEE_LATE, /* it is traced, but has not stopped yet */
	TRACEE_HELD, /* it has stopped for us */
	/* It has ended, or lost its PID to exec() in another thread. */
	TRACEE_GONE,
};

/* All zeros for none, which is free. */
struct tracee {
	enum tracee_state state;
	pid_t process;
	pid_t pid; /* of the thread, that of the process for the main one */
	bool was_stopped; /* by job control, before we came */
	bool has_called; /* for us; since then its signals are blocked */
	bool lost_sigsys; /* somebody sent it SIGSYS, which it did not get */
	struct sleeping_call sleeping; /* what it was last seen in */
	/* Only while it is held; and what will be put back: */
	struct memory memory;
	struct registers registers;
	uint64_t mask; /* the signals that it blocked */
	void *vectors; /* those that a call would clear, or NULL */
	size_t vectors_size; /* 0 for none */
};

/*
 * A -1 comes with errno. If the thread turns out to have ended, it becomes
 * gone, and errno is ESRCH.
 */

/* Begin to trace a thread: it is late then. Return 0 or -1. */
int tracee_seize(struct tracee *tracee, pid_t process, pid_t thread);

/*
 * Ask one that is late to stop, and wait for that, at most so many
 * milliseconds. Return 0 if it is held then; or -1, with ETIMEDOUT if it has not
 * stopped.
 */
int tracee_interrupt(struct tracee *tracee, int ms);

/*
 * Let one that has stopped go on, with a signal that it is to get or 0, and no
 * longer trace it: it is free then, or gone.
 */
void tracee_detach(struct tracee *tracee, int number);

/*
 * See, without waiting, whether one that is late or gone has stopped by now.
 * Return true if it has, and the signal that it is about to get, or 0. One that
 * we no longer trace becomes free.
 */
bool tracee_poll_stop(struct tracee *tracee, int *number);

/*
 * Let one that is held go on until it enters a system call, or leaves it.
 * Return 0 or -1, with EOPNOTSUPP if it is kept from making that call.
 */
int tracee_reach_call(struct tracee *tracee);

/*
 * Let one that is held go on to the place where the kernel acts on an
 * interrupted call. Return 0 or -1.
 */
int tracee_reach_restart(struct tracee *tracee);

/*
 * The registers of one that has stopped. Return 0 or -1, with ENOEXEC for a
 * program of another word size.
 */
int tracee_get_registers(struct tracee *tracee, struct registers *registers);
int tracee_set_registers(
    struct tracee *tracee, const struct registers *registers);

/* The signals that it blocks: bit N - 1 is signal N. Return 0 or -1. */
int tracee_get_mask(struct tracee *tracee, uint64_t *mask);
int tracee_set_mask(struct tracee *tracee, uint64_t mask);

/*
 * Another set of registers, by its number in <elf.h>. Return whether there is
 * one; the size becomes that of the set.
 */
bool tracee_get_set(
    const struct tracee *tracee, int set, void *bytes, size_t *size);
bool tracee_write_set(
    const struct tracee *tracee, int set, const void *bytes, size_t size);

/* Ask for what a request of ptrace() tells. Return whether the kernel did. */
bool tracee_ask(
    const struct tracee *tracee, int request, void *answer, size_t size);

#endif
