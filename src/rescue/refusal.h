/* refusal.c: which processes must not be touched, and why. */
#ifndef REFUSAL_H
#define REFUSAL_H

#include "rescue/opened.h"

/* Return why a process must not be rescued, or NULL if it may be. */
const char *refusal_of(const struct process *process);

/*
 * Return why a thread must not be stopped or make calls for us, or NULL if it
 * may. A filter can appear at any time, so ask again once the thread is held.
 */
const char *refusal_of_thread(const struct process_status *thread);

/*
 * Return why it is of no use to rescue a process that is held, by its main
 * thread, or NULL. The text is good until the next call.
 */
const char *refusal_of_pending(const struct process_status *process);

/*
 * Return what the errno of thread_hold() means. The text is good until the next
 * call.
 */
const char *refusal_of_stop(int error);

/*
 * Return why a process with these descriptors must keep its terminal, or NULL if
 * it need not.
 */
const char *refusal_of_terminals(const struct process *process,
    const struct opened_fd *list, ssize_t count, const struct opened *rest);

/* Does detach descend from this process? */
bool refusal_is_ancestor(pid_t pid);

/*
 * Does the process survive the end of its terminal without our help, as if it
 * had been started by nohup or detach? Then it has no descriptor on it, and
 * ignores or handles SIGHUP.
 */
bool refusal_is_independent(pid_t pid);

#endif
