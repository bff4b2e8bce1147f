/*
 * hangup.c owns who waits for SIGHUP. The kernel does not discard an ignored
 * signal while the main thread blocks it (sig_ignored()): it stays pending, and
 * sigwait() or signalfd() can still take it. If the main thread does not block
 * it, it is discarded on arrival; otherwise when it is unblocked.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rescue/hangup.h"
#include "rescue/process.h"
#include "rescue/quirks.h"

static const uint64_t hangup = (uint64_t)1 << (SIGHUP - 1);

/* Is it in the set at this address of the process? */
static bool
is_in_set(const struct tracee *tracee, unsigned long address)
{
	uint64_t set;

	return memory_read(&tracee->memory, address, &set, sizeof(set)) == 0 &&
	       (set & hangup) != 0;
}

/*
 * Does this thread sleep in sigwait(), sigwaitinfo() or sigtimedwait() for it?
 * They are one system call. Its mask does not tell: the kernel takes what is
 * waited for out of it meanwhile.
 */
static bool
is_in_sigwait(const struct tracee *tracee, pid_t thread)
{
	struct sleeping_call call = tracee->sleeping;

	if (thread != tracee->pid)
		quirks_read_call(thread, &call);
	return (call.number == SYS_rt_sigtimedwait ||
		   call.number == ARCH_TIME64(rt_sigtimedwait)) &&
	       is_in_set(tracee, call.argument[0]);
}

static bool
has_sigwait(const struct tracee *tracee)
{
	pid_t *threads;
	ssize_t count = process_numbers(tracee->process, "task", &threads), i;
	bool has = false;

	for (i = 0; i < count && !has; i++)
		has = is_in_sigwait(tracee, threads[i]);
	free(threads);
	return has;
}

/* Is this descriptor one of signalfd() for it? Only these have a sigmask. */
static bool
is_signalfd(pid_t pid, int number)
{
	const char *text;
	char name[64];
	unsigned long long set = 0;

	snprintf(name, sizeof(name), "fdinfo/%d", number);
	text = process_text(pid, name);
	text = text != NULL ? strstr(text, "sigmask:") : NULL;
	return text != NULL && sscanf(text, "sigmask: %llx", &set) == 1 &&
	       (set & hangup) != 0;
}

static bool
has_signalfd(pid_t pid)
{
	int *numbers;
	ssize_t count = process_numbers(pid, "fd", &numbers), i;
	bool has = false;

	for (i = 0; i < count && !has; i++)
		has = is_signalfd(pid, numbers[i]);
	free(numbers);
	return has;
}

bool
hangup_is_awaited(const struct tracee *tracee)
{
	return (tracee->mask & hangup) != 0 &&
	       (has_sigwait(tracee) || has_signalfd(tracee->process));
}
