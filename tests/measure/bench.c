/*
 * bench.c measures launchers beside each other.
 *
 *	bench ROUNDS DETACH FLOOR CALLS NOTHING [OTHER]
 *
 * The job is NOTHING, a static program that ends at once, by its path. Each
 * round runs every launcher once, in turn, so that a busy moment of the machine
 * hits all alike. OTHER is another binary of detach, for a comparison. The time is from before the fork to the end of the process
 * that was started; the peak RSS is the launcher's own. A launcher that is not
 * installed is named.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ARGS = 4 };

/* Where the launcher's stdout and stderr go. */
enum output { PIPE, NULL_DEVICE };

struct row {
	const char *name;
	enum output output;
	const char *argv[ARGS]; /* without the job */
	bool missing;
	double *seconds;
	long peak; /* KiB */
	const char *file; /* where argv[0] is only a name */
};

static const char *job;

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void
become_launcher(const struct row *row, const int fds[2])
{
	const char *argv[ARGS + 1];
	int i;

	for (i = 0; row->argv[i] != NULL; i++)
		argv[i] = row->argv[i];
	argv[i++] = job;
	argv[i] = NULL;
	if (dup2(fds[NULL_DEVICE], 0) == -1 ||
	    dup2(fds[row->output], 1) == -1 || dup2(fds[row->output], 2) == -1)
		_exit(125);
	execvp(row->file != NULL ? row->file : argv[0], (char **)argv);
	_exit(127);
}

/* One launch. The pipe is read so that it never fills. */
static void
measure(struct row *row, int round, const int fds[2], int reader)
{
	char bytes[4096];
	struct rusage usage;
	double start = now();
	pid_t pid = vfork();
	int status;

	if (pid == -1)
		err(1, "vfork");
	if (pid == 0)
		become_launcher(row, fds);
	if (wait4(pid, &status, 0, &usage) == -1)
		err(1, "wait4");
	row->seconds[round] = now() - start;
	/* The job is over before the next launcher starts. */
	while (wait(NULL) != -1)
		;
	while (read(reader, bytes, sizeof(bytes)) > 0)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		row->missing = true;
	else if (status != 0)
		errx(1, "%s: status %#x", row->name, (unsigned)status);
	if (usage.ru_maxrss > row->peak)
		row->peak = usage.ru_maxrss;
}

static int
compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static void
print_row(struct row *row, int rounds, double floor)
{
	double median = row->seconds[rounds / 2];

	if (row->missing) {
		printf("%-24s not installed\n", row->name);
		return;
	}
	printf("%-24s %9.0f %9.0f %8.2f %10ld\n", row->name, median * 1e6,
	    row->seconds[rounds * 99 / 100] * 1e6, median / floor, row->peak);
}

int
main(int argc, char *argv[])
{
	const char *other = argc == 7 ? argv[6] : "another detach";
	struct row rows[] = {
		{ "floor, pipe", PIPE, { argv[3] }, 0, 0, 0, 0 },
		{ "calls alone, pipe", PIPE, { argv[4] }, 0, 0, 0, 0 },
		{ "other, pipe", PIPE, { other }, 0, 0, 0, 0 },
		{ "detach, pipe", PIPE, { argv[2] }, 0, 0, 0, 0 },
		{ "setsid -f, pipe", PIPE, { "setsid", "-f" }, 0, 0, 0, 0 },
		{ "setsid -f (ours), pipe", PIPE, { "setsid", "-f" }, 0, 0, 0,
		    argv[2] },
		{ "nohup, pipe", PIPE, { "nohup" }, 0, 0, 0, 0 },
		{ "nohup (ours), pipe", PIPE, { "nohup" }, 0, 0, 0, argv[2] },
		{ "daemonize, pipe", PIPE, { "daemonize" }, 0, 0, 0, 0 },
		{ "floor, >/dev/null", NULL_DEVICE, { argv[3] }, 0, 0, 0, 0 },
		{ "calls alone, >/dev/null", NULL_DEVICE, { argv[4] }, 0, 0, 0,
		    0 },
		{ "other, >/dev/null", NULL_DEVICE, { other }, 0, 0, 0, 0 },
		{ "detach, >/dev/null", NULL_DEVICE, { argv[2] }, 0, 0, 0, 0 },
		{ "setsid -f, >/dev/null", NULL_DEVICE, { "setsid", "-f" }, 0,
		    0, 0, 0 },
		{ "setsid -f (ours), null", NULL_DEVICE, { "setsid", "-f" }, 0,
		    0, 0, argv[2] },
		{ "nohup, >/dev/null", NULL_DEVICE, { "nohup" }, 0, 0, 0, 0 },
		{ "nohup (ours), null", NULL_DEVICE, { "nohup" }, 0, 0, 0,
		    argv[2] },
		{ "daemonize, >/dev/null", NULL_DEVICE, { "daemonize" }, 0, 0,
		    0, 0 },
	};
	const int count = sizeof(rows) / sizeof(*rows);
	int rounds = argc == 6 || argc == 7 ? atoi(argv[1]) : 0;
	int ends[2], fds[2], round, i;
	double floor[2];

	if (rounds < 1)
		errx(1,
		    "usage: bench ROUNDS DETACH FLOOR CALLS NOTHING [OTHER]");
	job = argv[5];
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1)
		err(1, "prctl");
	if (pipe2(ends, O_CLOEXEC) == -1 ||
	    fcntl(ends[0], F_SETFL, O_NONBLOCK) == -1)
		err(1, "pipe");
	fds[PIPE] = ends[1];
	fds[NULL_DEVICE] = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (i = 0; i < count; i++) {
		rows[i].seconds = calloc((size_t)rounds, sizeof(double));
		if (rows[i].seconds == NULL)
			err(1, "calloc");
	}
	for (round = 0; round < rounds; round++)
		for (i = 0; i < count; i++)
			measure(&rows[i], round, fds, ends[0]);
	for (i = 0; i < count; i++) {
		qsort(rows[i].seconds, (size_t)rounds, sizeof(double), compare);
		if (rows[i].argv[0] == argv[3])
			floor[rows[i].output] = rows[i].seconds[rounds / 2];
	}
	printf("%-24s %9s %9s %8s %10s\n", "launcher", "median us", "p99 us",
	    "/ floor", "peak KiB");
	for (i = 0; i < count; i++)
		print_row(&rows[i], rounds, floor[rows[i].output]);
	return 0;
}
