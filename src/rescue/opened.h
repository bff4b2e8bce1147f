/* opened.c: what the descriptors of a process are open on. */
#ifndef OPENED_H
#define OPENED_H

#include "rescue/process.h"

/* Device numbers of terminals, from the kernel's devices.txt. */
enum {
	PTY_FIRST = 136, /* the majors of pseudo-terminals */
	PTY_LAST = 143,
	TTY_ALIASES = 5, /* the major of names that stand for a terminal; */
	ALIAS_TTY = 0, /* its minors: /dev/tty, */
	ALIAS_CONSOLE = 1, /* /dev/console */
	PTY_MASTER = 2, /* and /dev/ptmx, the master of a pseudo-terminal */
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

/* What else a process has open. */
struct opened {
	bool pipes; /* and FIFOs */
	bool masters; /* of pseudo-terminals */
	bool others; /* neither devices nor pipes nor sockets */
};

/* Is this descriptor of the process a socket? */
bool opened_is_socket(pid_t pid, int number);

/* Is this descriptor of the process open on its terminal? */
bool opened_has_terminal(const struct process *process, int number);

/*
 * List the descriptors that are open on the terminal of the process. Return
 * how many, or -1 with errno. The caller frees the list. The rest is for what
 * else it has; NULL will do.
 */
ssize_t opened_terminals(const struct process *process,
    struct terminal_fd **list, struct opened *rest);

/*
 * List the descriptors that are open on pipes and FIFOs. Return how many, or -1
 * with errno: EACCES for a process of another user, ENOENT for one that has
 * ended. The caller frees the list.
 */
ssize_t opened_pipes(pid_t pid, struct pipe_fd **list);

#endif
