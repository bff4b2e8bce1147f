/*
 * lock.c owns the lock on a job, so that of two rescues at once one has all of
 * it, and the other leaves it alone.
 *
 * It is a record lock on /proc/PID/clear_refs of the oldest process of the group,
 * and of the named one, which moves from group to group near the end.
 * Only root and the user of the process can open that file, and only for
 * writing: so nobody else can hold the lock, not even a shared one. The kernel
 * tells who holds it, and drops it when that one dies. Nothing is written, which
 * would have an effect. Through another mount of /proc, as in a container, it is
 * another file; then the processes that the other detach holds refuse.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "rescue/lock.h"

/* Take the lock. Return 0, or the PID of who has it; -1 for an unknown one. */
static pid_t
take(int file)
{
	struct flock lock;

	for (;;) {
		lock = (struct flock){ .l_type = F_WRLCK };
		if (fcntl(file, F_SETLK, &lock) == 0)
			return 0;
		/* Without locks, as in an emulator, there are no others. */
		if ((errno != EAGAIN && errno != EACCES) ||
		    fcntl(file, F_GETLK, &lock) == -1)
			return 0;
		/* It may have been dropped in between. */
		if (lock.l_type != F_UNLCK)
			return lock.l_pid > 0 ? lock.l_pid : -1;
	}
}

/* Lock one process, in the same way. */
static pid_t
lock_process(pid_t pid, int *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/clear_refs", (long)pid);
	*file = open(path, O_WRONLY | O_CLOEXEC);
	return *file == -1 ? 0 : take(*file);
}

pid_t
lock_job(const struct process *process, struct lock *lock)
{
	struct process first;
	pid_t other;

	*lock = (struct lock){ -1, -1 };
	if (process->group <= 0 || process_find(process->group, &first) == -1)
		first = *process;
	other = lock_process(first.pid, &lock->group);
	/* To close a file frees all our locks on it: so open none twice. */
	if (other == 0 && first.pid != process->pid)
		other = lock_process(process->pid, &lock->process);
	return other;
}

void
lock_free(const struct lock *lock)
{
	if (lock->group != -1)
		close(lock->group);
	if (lock->process != -1)
		close(lock->process);
}
