/* process.c: what /proc tells about a process. */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Device numbers of terminals, from the kernel's devices.txt. */
enum {
	PTY_FIRST = 136, /* the majors of pseudo-terminals */
	PTY_LAST = 143,
	TTY_ALIASES = 5, /* the major of names that stand for a terminal; */
	ALIAS_TTY = 0, /* its minors: /dev/tty, */
	ALIAS_CONSOLE = 1, /* /dev/console */
	PTY_MASTER = 2, /* and /dev/ptmx, the master of a pseudo-terminal */
};

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
	long long pid;
	long long process; /* the PID of the process that a thread is in */
	long long tracer; /* 0 for none */
	long long seccomp; /* the mode; 0 without a filter */
	long long filters; /* how many seccomp filters */
	long long pending; /* signals for this thread alone */
	long long shared_pending; /* signals for any thread of the process */
	long long blocked, ignored, caught;
};

/* A descriptor that is open on a terminal. */
struct terminal_fd {
	int number;
	int flags; /* as for open(), O_CLOEXEC included */
	bool by_name; /* opened as /dev/tty, to talk to the user */
};

/* A descriptor that is open on a pipe or FIFO. */
struct pipe_fd {
	dev_t device; /* with the inode, this identifies the pipe */
	ino_t inode;
	bool reads, writes;
};

/*
 * Open /proc/PID/NAME for reading. Return a stream that the caller closes, or
 * NULL with errno.
 */
FILE *process_open(pid_t pid, const char *name);

/* Read "stat". Return 0, or -1 with ESRCH if there is no such process. */
int process_read(pid_t pid, struct process *process);

/*
 * Read "status". Return 0; or -1 with errno and all fields 0, if there is no
 * such process.
 */
int process_read_status(pid_t pid, struct process_status *status);

/* Has the process ended, with all of its threads? */
bool process_has_ended(const struct process *process);

/*
 * List all processes, in no order. Return how many, or -1 with errno. The
 * caller frees the list.
 */
ssize_t process_list(struct process **list);

/*
 * Find what a number stands for: the process, or, if that has ended, the oldest
 * living process of the group with that number, which outlives its leader. One
 * that was not waited for yet, and left no group, is found as it is. Return 0;
 * or -1 with errno, which is ESRCH if there is neither.
 */
int process_find(pid_t number, struct process *process);

/*
 * List the thread IDs of a process. Return how many, or -1 with errno. The
 * caller frees the list.
 */
ssize_t process_threads(pid_t pid, pid_t **list);

/* List the numbers of its descriptors, in the same way. */
ssize_t process_descriptors(pid_t pid, int **list);

/* Is the word size of its program another than ours? */
bool process_is_foreign(pid_t pid);

/*
 * Find a variable in the environment that the process was started with. Return
 * the value, which the caller frees, or NULL.
 */
char *process_environment(pid_t pid, const char *name);

/* Is this descriptor of the process a socket? */
bool process_is_socket(pid_t pid, int number);

/* Does the process have this character device open? */
bool process_has_device(pid_t pid, dev_t device);

/* Is this descriptor of the process open on its terminal? */
bool process_has_terminal(const struct process *process, int number);

/*
 * List the descriptors that are open on the terminal of the process. Return
 * how many, or -1 with errno. The caller frees the list.
 */
ssize_t process_terminals(
    const struct process *process, struct terminal_fd **list);

/*
 * List the descriptors that are open on pipes and FIFOs. Return how many, or -1
 * with errno: EACCES for a process of another user, ENOENT for one that has
 * ended. The caller frees the list.
 */
ssize_t process_pipes(pid_t pid, struct pipe_fd **list);

#endif
