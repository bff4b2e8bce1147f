/* opened.c: what the descriptors of a process are open on. */
#ifndef OPENED_H
#define OPENED_H

#include "rescue/process.h"

/* Device numbers of terminals, from the kernel's devices.txt. */
enum {
	PTY = 136, /* the major of pseudo-terminals */
	TTY_ALIASES = 5, /* the major of names that stand for a terminal; */
	ALIAS_TTY = 0, /* its minors: /dev/tty, */
	ALIAS_CONSOLE = 1, /* /dev/console */
	PTY_MASTER = 2, /* and /dev/ptmx, the master of a pseudo-terminal */
};

/* Which descriptors: those on the terminal of a process, or on pipes and FIFOs. */
enum opened_kind { TERMINALS, PIPES };

/* One of these descriptors. */
struct opened_fd {
	int number;
	int flags; /* as for open(), O_CLOEXEC included */
	bool by_name; /* opened as /dev/tty, to talk to the user */
	dev_t device; /* with the inode, this identifies a pipe */
	ino_t inode;
};

/* What else a process has open. */
struct opened {
	bool pipes; /* and FIFOs */
	bool masters; /* of pseudo-terminals */
	bool others; /* neither devices nor pipes nor sockets */
};

/*
 * Is this descriptor of the process open on its terminal? Return 1 or 0, or -1
 * with errno.
 */
int opened_has_terminal(const struct process *process, int number);

/*
 * List the descriptors of that kind. For pipes, the PID is all that is needed.
 * Return how many; or -1 with errno: EACCES for a process of another user, ENOENT
 * for one that has ended. The caller frees the list, in either case. The rest is
 * for what else it has; NULL will do.
 */
ssize_t opened_list(const struct process *process, enum opened_kind kind,
    struct opened_fd **list, struct opened *rest);

#endif
