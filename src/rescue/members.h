/* members.c: the processes of a job that already runs. */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "rescue/output.h"
#include "rescue/process.h"
#include "rescue/thread.h"

/* What has become of a process of the job. */
enum member_state {
	FOUND, /* nothing yet */
	REPLACED, /* its terminals are replaced */
	REFUSED, /* left as it was, for a reason */
	RETRIED, /* did not stop in time; it is worth another try */
	GONE, /* it has ended, or has become another program by exec */
};

struct member {
	/*
	 * As it was found. If it has no terminal of its own but shares the
	 * job's, that one is in the terminal field.
	 */
	struct process process;
	struct tracee tracee; /* the thread that was stopped last */
	enum member_state state;
	bool stopped; /* by job control, or about to be: continue it */
	char *reason; /* of REFUSED; NULL if there was no memory for it */
	bool was_tied; /* it is REPLACED, and was not safe before */
	bool has_pipes; /* it is REPLACED, and may have pipes */
	bool awaits_hangup; /* SIGHUP, which it still gets */
};

struct job;

/* The jobs of a rescue that were begun so far, in that order. */
struct jobs {
	const struct job *list;
	size_t count;
};

/* A job starts as all zeros, except for the first four. */
struct job {
	const struct jobs *all; /* this job and the earlier ones */
	struct process named; /* the process that the user named */
	pid_t
	    group; /* the user named this group, and that one is in it; or 0 */
	bool with_leader; /* the user also named the session's leader */
	struct member *members;
	size_t count;
	pid_t leader; /* the session's leader that must be told of, or 0 */
	bool shared; /* its group has others, which are not members */
	bool incomplete; /* members may be missing from the list */
	bool timed_out; /* a thread did not stop in time */
	pid_t shell; /* for shell.c: the shell that controls it, or 0 */
	struct output output;
};

/* Return the member with this PID, or NULL. */
struct member *members_find(const struct job *job, pid_t pid);

/* Is this process a member of one of the jobs, and not GONE or RETRIED? */
bool members_is_known(const struct jobs *jobs, pid_t pid);

/* Note that the member cannot be rescued. The reason is copied. */
void members_refuse(struct member *member, const char *reason);

/*
 * Find the processes of the job and stop those that are not known yet. These
 * are then held, or REFUSED, or GONE. Return whether there were any.
 *
 * To the job belong the named process, its group, and all descendants in the
 * same session or on the same terminal. Left out are detach, its ancestors, and
 * the leader of the session unless it was named.
 */
bool members_stop_new(struct job *job);

/*
 * Stop the main thread of a REPLACED member once more, if it may still be
 * touched: then it is held. This takes at most two seconds.
 */
void members_stop_again(struct job *job, struct member *member);

/*
 * Stop the threads of all REPLACED members, one after the other, and let them go
 * on. The kernel then makes again the calls that they sleep in, so that these
 * work on the new descriptors. The main threads are left out unless asked for.
 */
void members_restart_calls(struct job *job, bool with_main);

/* Send the member a signal, if it still exists. */
void members_signal(const struct member *member, int signal);

/*
 * Wait at most "ms" milliseconds until a fact about the job is true, and let
 * late threads go meanwhile. Return whether it is.
 */
bool members_wait_until(
    const struct job *job, bool (*fact)(const struct job *), int ms);

/* Do we trace no member: is none held, or late, or gone? */
bool members_are_free(const struct job *job);

/* Let all members go on that are held. */
void members_release(struct job *job);

/* Let the threads go on that did not stop in time, if they have by now. */
void members_release_late(const struct job *job);

#endif
