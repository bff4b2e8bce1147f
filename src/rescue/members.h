/* members.c: the processes of a job that already runs. */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "rescue/process.h"
#include "rescue/replace.h"
#include "rescue/thread.h"

struct member {
	struct process process; /* as it was found */
	struct tracee tracee; /* the thread that was stopped last */
	enum { FOUND, REPLACED, REFUSED, GONE } state;
	char *reason; /* of a refusal */
	char *file; /* for its output, if it is not the job's */
};

/*
 * All zeros at first, but for the named process, the first job and whether the
 * leader is named.
 */
struct job {
	const struct job *first; /* of an array of jobs, this being one */
	struct process named; /* by the user */
	struct member *members;
	size_t count;
	bool stuck; /* one did not stop in time */
	bool blind; /* the list of all processes could not be had */
	bool shared; /* its group is also that of one to be left alone */
	bool with_leader; /* the user named the session's leader, too */
	pid_t shell; /* that controls it, or 0; for shell.c */
	pid_t leader; /* who else is in the group, left alone; or 0 */
	struct output output;
};

/* Why a process is not to be touched, or NULL. */
const char *members_refusal(const struct process *);

/* Find one by its PID. Return NULL if it is none. */
struct member *members_find(const struct job *, pid_t);

/* Does it belong to this job or an earlier one? Then that has dealt with it. */
bool members_know(const struct job *, pid_t);

/* It is not rescued, for this reason, which is copied. */
void members_refuse(struct member *, const char *);

/*
 * Find the processes of the named one's group, and all that descend from it, as
 * long as they are in its session or on its terminal, but not its leader, which
 * must be named; stop those that are new, which are then held, refused or gone.
 * Return whether there were any.
 */
bool members_stop_new(struct job *);

/*
 * Stop one again that was rescued and let go, within two seconds, if it is still
 * there and may be touched: then it is held.
 */
void members_hold_again(struct job *, struct member *);

/*
 * Have the threads of those that were rescued, one after the other, make again
 * what they sleep in: with the new descriptors, and not cut short by a stop.
 * The main ones too, if asked for.
 */
void members_touch(struct job *, bool);

/* Send it a signal, if it is still there. */
void members_signal(const struct member *, int);

/*
 * Wait until a fact about the job has come true, at most so many milliseconds;
 * those that are late are let go meanwhile. Return whether it has.
 */
bool members_wait(const struct job *, bool (*)(const struct job *), int);

/* Let all go on that are held. */
void members_release(struct job *);

/* Let those go on that are late. */
void members_let_late_go(const struct job *);

#endif
