/*
 * victim-sleeps.c: victims that wait for time, memory, children or signals.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"

static long long
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* As the calls without "time64" in their name take it, on all processors. */
struct kernel_time {
	long seconds, nanoseconds;
};

/* A sleep may take longer, but never less. */
void
block_nanosleep(void)
{
	const struct kernel_time time = { 0, 300000000 };
	long long start;

	ready();
	start = now();
	expect(syscall(SYS_nanosleep, &time, NULL), 0);
	if (now() - start < time.nanoseconds)
		fail("slept too short");
}

void
block_clock_nanosleep(void)
{
	struct timespec time;
	long long end;

	ready();
	end = now() + 300000000;
	time.tv_sec = (time_t)(end / 1000000000);
	time.tv_nsec = (long)(end % 1000000000);
	expect(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL), 0);
	if (now() < end)
		fail("slept too short");
}

static uint32_t *
futex_word(void)
{
	void *word;
	int fd = open("futex", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd == -1 || ftruncate(fd, 4096) == -1)
		err(1, "futex");
	word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (word == MAP_FAILED)
		err(1, "mmap");
	close(fd);
	return word;
}

/* 0 is FUTEX_WAIT, 1 is FUTEX_WAKE. */
void
block_futex(void)
{
	uint32_t *word = futex_word();

	ready();
	expect(syscall(SYS_futex, word, 0, 0, NULL, NULL, 0), 0);
}

void
block_futex_time(void)
{
	const struct kernel_time time = { 1000, 0 };
	uint32_t *word = futex_word();

	ready();
	expect(syscall(SYS_futex, word, 0, 0, &time, NULL, 0), 0);
}

void
wake_futex(pid_t pid)
{
	(void)pid;
	/* A victim whose call is restarted is not waiting for a moment. */
	while (syscall(SYS_futex, futex_word(), 1, 1, NULL, NULL, 0) != 1)
		;
}

void
block_wait(void)
{
	char byte;
	int fd = open_fifo(), status;
	pid_t pid = fork();

	if (pid == -1)
		err(1, "fork");
	if (pid == 0)
		_exit(read(fd, &byte, 1) == 1 ? 7 : 1);
	ready();
	expect(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
		fail("status %x", status);
}

void
block_pause(void)
{
	handle(SIGUSR1, 0);
	ready();
	expect_interrupted(pause());
}

void
block_sigsuspend(void)
{
	sigset_t none;

	handle(SIGUSR1, 0);
	hold(SIGUSR1);
	sigemptyset(&none);
	ready();
	expect_interrupted(sigsuspend(&none));
}

/*
 * Not by the C library: musl's functions make the call again by themselves. Only
 * 32-bit processors have one for a time of 64 bits.
 */
#ifndef SYS_rt_sigtimedwait_time64
#define SYS_rt_sigtimedwait_time64 SYS_rt_sigtimedwait
#endif
enum { SET_SIZE = 8 };

void
block_sigwait(void)
{
	const sigset_t set = hold(SIGUSR1);

	ready();
	expect(
	    syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, SET_SIZE), SIGUSR1);
}

void
block_sigtimedwait(void)
{
	const sigset_t set = hold(SIGUSR1);

	ready();
	expect(syscall(
		   SYS_rt_sigtimedwait_time64, &set, NULL, &for_ever, SET_SIZE),
	    SIGUSR1);
}
