/*
 * victim.h: what the kinds of victims share, and their functions for the table
 * in victim.c. A "block" function makes the call that is to be rescued, and
 * returns after it; a "wake" function, in another process, has the thing happen
 * that the call of the victim with that PID waits for.
 *
 * Whatever fails otherwise ends the process, with a line on stderr.
 */
#ifndef VICTIM_H
#define VICTIM_H

#include <sys/types.h>

#include <signal.h>
#include <time.h>

/* Say that the next thing is the call. */
void ready(void);

/* The call returned this, and should have returned that. */
void expect(long result, long expected);

/* It should have been interrupted by the one signal that handle() handles. */
void expect_interrupted(long result);

/* The verdict is this text, of one line. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Tell that the call is over, and the verdict, and end the process. */
_Noreturn void finish(void);

/* Handle a signal by counting it, with these flags of sigaction(2). */
void handle(int number, int flags);
extern volatile sig_atomic_t handled;

/* Block this signal, too, for this thread. Return a set of it alone. */
sigset_t hold(int number);

/* For a time that needs 64 bits, 32-bit processors have another call. */
static const struct timespec for_ever = { 5000000000, 0 };

/* Both ends of the FIFO "fifo", so that neither open() nor read() sees an end. */
int open_fifo(void);

/* Write a text to a FIFO that somebody reads. */
void tell(const char *path, const char *text);

void start_thread(void *(*run)(void *));

/* Write a byte to the FIFO "fifo"; send SIGUSR1; do nothing. */
void wake_fifo(pid_t pid);
void wake_signal(pid_t pid);
void wake_nothing(pid_t pid);

/* victim-files.c */
void block_read_terminal(void);
void block_read(void);
void block_write(void);
void wake_write(pid_t pid);
void block_open(void);
void block_poll(void);
void block_ppoll(void);
void block_select(void);
void block_epoll_wait(void);
void block_epoll_pwait(void);
void block_epoll_signal(void);
void block_flock(void);

/* victim-sleeps.c */
void block_nanosleep(void);
void block_clock_nanosleep(void);
void block_futex(void);
void block_futex_time(void);
void wake_futex(pid_t pid);
void block_wait(void);
void block_pause(void);
void block_sigsuspend(void);
void block_sigwait(void);
void block_sigtimedwait(void);

/* A new socket, which has the name "socket"; connect this one to that one. */
int bound_socket(int type);
int connect_socket(int fd);

/* victim-messages.c */
void block_accept(void);
void wake_accept(pid_t pid);
void block_recv(void);
void block_recv_time(void);
void block_read_socket_time(void);
void wake_socket(pid_t pid);
void block_msgrcv(void);
void wake_msgrcv(pid_t pid);
void block_semop(void);
void block_semtimedop(void);
void wake_semop(pid_t pid);

/* victim-computes.c */
void block_compute(void);
void block_compute_alone(void);
void block_rseq(void);
void wake_compute(pid_t pid);

/* victim-unmarked.c */
void block_readv_time(void);
void block_recvmsg_time(void);
void block_recvmmsg_time(void);
void block_accept_time(void);
void block_accept4_time(void);
void block_write_time(void);
void block_writev_time(void);
void block_sendto_time(void);
void block_sendmsg_time(void);
void block_sendmmsg_time(void);
void block_connect_time(void);
void block_epoll_pwait2(void);
void block_io_getevents(void);

/* victim-changes.c */
void block_again(void);
void block_exchange(void);
void block_exec(void);
void block_execve(void);
void block_execveat(void);
void block_flood(void);
void block_filter(void);
void filter_calls(void);

/* victim-states.c */
void block_vfork(void);
void block_vfork_read(void);
void block_vfork_kill(void);
void block_dispatch(void);
void block_limit(void);
void block_relay(void);
void block_pending(void);
void block_pending_stop(void);
void block_without_main(void);
void block_descriptors(void);
void block_blind_shell(void);
void block_waitid_shell(void);
void block_lend_child(void);

#endif
