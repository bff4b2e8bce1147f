/* process.c: what /proc tells about a process. */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct process {
	pid_t pid, parent, group, session;
	unsigned terminal; /* the controlling one, 0 for none */
	pid_t foreground; /* that terminal's foreground group */
	char state; /* 'Z' a zombie, 'T' stopped */
	long threads; /* more than one in a zombie: they still run */
	bool kernel; /* a thread of the kernel */
	/*
	 * In clock ticks; with the PID, its identity: PIDs are given out in
	 * turn and do not come round within a tick.
	 */
	unsigned long long start;
};

/* A descriptor that is open on a terminal. */
struct terminal_fd {
	int number;
	int flags; /* of open(), with O_CLOEXEC */
	bool by_name; /* opened as /dev/tty, to speak with the user */
};

/* A descriptor that is open on a pipe or FIFO. */
struct pipe_end {
	pid_t pid; /* whose it is */
	dev_t device; /* with the inode, its identity */
	ino_t inode;
	bool reads, writes;
	bool rescued; /* for who asks */
};

/* Open /proc/PID/NAME for reading. Return NULL with errno if that fails. */
FILE *process_open(pid_t, const char *);

/* Fill in the facts. Return 0, or -1 with ESRCH in errno if there is none. */
int process_read(pid_t, struct process *);

/* Has it ended, with all of its threads? */
bool process_has_ended(const struct process *);

/*
 * List all processes, in no order. Return how many, or -1 with errno; the list
 * is the caller's to free.
 */
ssize_t process_list(struct process **);

/*
 * List the threads of a process, by their own PIDs. Return how many, or -1 with
 * errno; the list is the caller's to free.
 */
ssize_t process_threads(pid_t, pid_t **);

/*
 * A number from the status file, such as "SigIgn", in that base. -1 if there is
 * no such line or no such process.
 */
long long process_status(pid_t, const char *, int);

/* Its effective user, or -1. */
uid_t process_user(pid_t);

/* Is it a program of the other word size than ours? */
bool process_is_foreign(pid_t);

/*
 * A variable of the environment that the process started with. Return its
 * value, which is the caller's to free, or NULL.
 */
char *process_environment(pid_t, const char *);

/* Is this descriptor of the process a socket? */
bool process_is_socket(pid_t, int);

/*
 * Does it pass on what comes from its terminal, which it has opened by name, to
 * a child on a terminal of its own making, as sudo does?
 */
bool process_is_relay(const struct process *);

/*
 * Is the end of its terminal nothing to it, as if nohup or detach had started
 * it? It has no descriptor there, and ignores SIGHUP or handles it.
 */
bool process_is_independent(pid_t);

/* Is this descriptor of the process open on its terminal? */
bool process_has_terminal(const struct process *, int);

/*
 * List the descriptors that are open on the terminal of the process. Return
 * how many, or -1 with errno; the list is the caller's to free.
 */
ssize_t process_terminals(const struct process *, struct terminal_fd **);

/*
 * Add the ends of pipes and FIFOs that the process has to a list of so many,
 * which is the caller's to free. Return how many there are then, or -1 with
 * ENOMEM in errno. What cannot be had, for the process has ended or is another
 * user's, is left out.
 */
ssize_t process_pipes(pid_t, struct pipe_end **, ssize_t);

#endif
