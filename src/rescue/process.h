/* process.c: what /proc tells about a process. */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A process or thread, from its file "stat". */
struct process {
	pid_t pid, parent, group, session;
	unsigned terminal; /* the device number of the controlling one, or 0 */
	pid_t foreground; /* the foreground group of that terminal */
	char state; /* 'T' stopped, 'Z' zombie, as in proc(5) */
	long threads; /* more than 1 in a zombie: the others still run */
	bool kernel; /* a kernel thread */
	/*
	 * When it was started, in clock ticks. With the PID this identifies a
	 * process: the kernel hands out all other PIDs before it uses one
	 * again, which takes longer than a tick.
	 */
	unsigned long long start;
};

/*
 * A process or thread, from its file "status". In a set of signals, bit N - 1
 * stands for signal N. What the kernel is too old to show is 0.
 */
struct process_status {
	char state; /* as in "stat" */
	long long pid;
	long long process; /* the PID of the process that a thread is in */
	long long tracer; /* 0 for none */
	long long seccomp; /* the mode; 0 without a filter */
	long long filters; /* how many seccomp filters */
	long long pending; /* signals for this thread alone */
	long long shared_pending; /* signals for any thread of the process */
	long long blocked, ignored, caught;
};

/*
 * Open /proc/PID/NAME for reading. Return a stream that the caller closes, or
 * NULL with errno.
 */
FILE *process_open(pid_t pid, const char *name);

/*
 * Read /proc/PID/NAME as a whole. Return its text, which is good until the next
 * call, or NULL with errno. For speed, this is not stdio.
 */
const char *process_text(pid_t pid, const char *name);

/* Read "stat". Return 0, or -1 with ESRCH if there is no such process. */
int process_read(pid_t pid, struct process *process);

/*
 * Read "status". Return 0; or -1 with errno and all fields 0, if there is no
 * such process.
 */
int process_read_status(pid_t pid, struct process_status *status);

/* Do these two records tell of one process? */
bool process_is_same(const struct process *one, const struct process *other);

/* Has the process ended, with all of its threads? */
bool process_has_ended(const struct process *process);

/* A list of PIDs. It starts as all zeros, and is freed with free(list). */
struct process_pids {
	pid_t *list;
	size_t count, room;
};

/* Add a PID. Return 0, or -1 with errno. */
int process_add_pid(struct process_pids *pids, pid_t pid);

/*
 * Add the children of a process with a single thread. It must be held, or they
 * may change meanwhile. Return 0, or -1 with errno: ENOENT if the kernel does
 * not tell (CONFIG_PROC_CHILDREN), EAGAIN if they change without end.
 */
int process_add_children(struct process_pids *pids, pid_t pid);

/*
 * Add all processes for which a function such as getsid() gives this id, in no
 * order; or all there are, for NULL. (To call it for each is quick; to read
 * "stat" of each is not.) If it fails for a process, that may be added, too.
 * Return 0, or -1 with errno.
 */
int process_add_all(struct process_pids *pids, pid_t (*of)(pid_t), pid_t id);

/*
 * Read "stat" of each that still exists. Return how many, or -1 with
 * errno. The caller frees the list.
 */
ssize_t process_read_all(
    const struct process_pids *pids, struct process **list);

/* Both in one: process_add_all() and process_read_all(). */
ssize_t process_list(struct process **list, pid_t (*of)(pid_t), pid_t id);

/*
 * Find what a number stands for: the process, or, if that has ended, the oldest
 * living process of the group with that number, which outlives its leader. One
 * that was not waited for yet, and left no group, is found as it is. Return 0;
 * or -1 with errno, which is ESRCH if there is neither.
 */
int process_find(pid_t number, struct process *process);

/*
 * List the numbers in a directory of the process: its thread IDs in "task", its
 * descriptors in "fd". Return how many, or -1 with errno. The caller frees the
 * list.
 */
ssize_t process_numbers(pid_t pid, const char *name, int **list);

/* Is the word size of its program another than ours? */
bool process_is_foreign(pid_t pid);

/*
 * Find a variable in the environment that the process was started with. Return
 * the value, which the caller frees, or NULL.
 */
char *process_environment(pid_t pid, const char *name);

#endif
