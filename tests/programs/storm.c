/*
 * storm.c launches under a storm of signals, and judges: all or nothing.
 *
 *	storm COUNT LAUNCHER [ARG]...
 *
 * The launcher is to start tests/programs/probe with "facts" as its argument, and may
 * write a pidfile "pid". It is alone in a process group, as a shell's
 * foreground job is. From a random moment of each launch on, that group is sent
 * random ones of the signals that a terminal and its user send. A launcher that
 * exits 0 has started a job that is the same as without a storm, and that runs
 * to its end; any other was killed by one of the signals, has started nothing
 * and left no pidfile.
 */
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"

enum {
	PATIENCE = 30, /* seconds; what takes longer hangs */
	CALM = 20, /* launches that measure how long one takes */
	COUNT_MAX = 200 /* signals of a storm */
};

static const int storm[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP,
	SIGCONT };

enum { SIGNALS = sizeof(storm) / sizeof(*storm) };

struct weather {
	unsigned choice; /* of signals, a bit each; 0 for a calm */
	long count; /* so many of them */
	long long delay; /* nanoseconds */
};

/* What came of a launch. */
struct run {
	int status; /* the launcher's */
	pid_t job; /* 0 for none */
	int job_status;
	long sent; /* signals */
	long long duration; /* nanoseconds */
};

static volatile sig_atomic_t impatient;

static void
wake(int signal)
{
	impatient = signal;
}

static long long
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static pid_t
start(char *const argv[])
{
	pid_t pid = fork();
	int i;

	if (pid == -1)
		err(1, "fork");
	if (pid == 0) {
		for (i = 0; i < SIGNALS; i++)
			signal(storm[i], SIG_DFL);
		setpgid(0, 0);
		execv(argv[0], argv);
		_exit(1);
	}
	setpgid(pid, pid);
	return pid;
}

/*
 * Follow a launcher to its end. With a choice of signals, so many of them come
 * after the delay, and then a last SIGCONT, for it may have been stopped. (A
 * storm without an end can keep it from ever getting anywhere.)
 */
static void
follow(pid_t launcher, const struct weather *weather, struct run *run)
{
	long long begin = now();
	bool over = weather->choice == 0;
	pid_t pid;
	int i;

	while ((pid = waitpid(launcher, &run->status, over ? 0 : WNOHANG)) !=
		   launcher &&
	       !impatient) {
		if (pid == -1 && errno != EINTR)
			err(1, "waitpid");
		if (over || now() - begin < weather->delay)
			continue;
		i = (int)(random() % SIGNALS);
		over = run->sent >= weather->count;
		if (over)
			kill(-launcher, SIGCONT);
		else if ((weather->choice & 1U << i) != 0) {
			kill(-launcher, storm[i]);
			run->sent++;
		}
	}
	run->duration = now() - begin;
	if (impatient) {
		kill(-launcher, SIGKILL);
		waitpid(launcher, &run->status, 0);
	}
}

/*
 * Take what the launcher left, which is ours because we are a subreaper. A job
 * that was stopped would never end by itself.
 */
static void
reap(struct run *run)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WUNTRACED)) != -1) {
		if (run->job == 0 || run->job == pid)
			run->job_status = status;
		run->job = pid;
		if (WIFSTOPPED(status))
			kill(pid, SIGKILL);
	}
	if (errno != ECHILD)
		errx(1, "the job hangs");
}

static void
launch(char *const argv[], const struct weather *weather, struct run *run)
{
	const struct itimerval patience = { { 1, 0 }, { PATIENCE, 0 } };
	const struct itimerval none = { { 0, 0 }, { 0, 0 } };

	memset(run, 0, sizeof(*run));
	unlink("facts");
	unlink("pid");
	setitimer(ITIMER_REAL, &patience, NULL);
	follow(start(argv), weather, run);
	reap(run);
	setitimer(ITIMER_REAL, &none, NULL);
}

static const char *
judge_killed(const struct run *run)
{
	if (run->job != 0 || access("facts", F_OK) == 0)
		return "a launcher killed, and a job";
	if (access("pid", F_OK) == 0)
		return "a launcher killed, and a pidfile left";
	return NULL;
}

/* What is wrong with a launch? NULL for nothing. */
static const char *
judge(const struct run *run, unsigned choice, const char *calm_facts)
{
	char facts[FACTS_SIZE];
	int i;

	if (impatient)
		return "hangs";
	if (WIFSIGNALED(run->status)) {
		for (i = 0; i < SIGNALS; i++)
			if (WTERMSIG(run->status) == storm[i] &&
			    (choice & 1U << i) != 0)
				return judge_killed(run);
		return "crashed";
	}
	if (WEXITSTATUS(run->status) != 0)
		return "a start that fails by a signal";
	if (run->job == 0)
		return "status 0, and no job";
	if (run->job_status != 0)
		return "a job stopped, killed or failed";
	facts_read(run->job, facts);
	return strcmp(facts, calm_facts) != 0 ? "a job with other facts" : NULL;
}

/* Start in a calm: the facts of a job, and how long a launch takes. */
static long long
launch_calmly(char *const argv[], char *facts)
{
	const struct weather calm = { .choice = 0 };
	long long longest = 0;
	struct run run;
	int i;

	for (i = 0; i < CALM; i++) {
		launch(argv, &calm, &run);
		if (run.status != 0 || run.job == 0)
			errx(1, "does not start");
		if (run.duration > longest)
			longest = run.duration;
	}
	facts_read(run.job, facts);
	return longest;
}

int
main(int argc, char *argv[])
{
	static char facts[FACTS_SIZE];
	const struct sigaction interrupt = { .sa_handler = wake };
	long i, count, jobs = 0, killed = 0, sent = 0, violations = 0;
	const char *violation;
	struct weather weather;
	struct run run;
	long long longest;

	if (argc < 3 || (count = atol(argv[1])) <= 0)
		errx(1, "usage: storm COUNT LAUNCHER [ARG]...");
	srandom((unsigned)now());
	sigaction(SIGALRM, &interrupt, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	longest = launch_calmly(argv + 2, facts);
	for (i = 0; i < count && !impatient; i++) {
		weather.choice = 1 + (unsigned)random() % ((1U << SIGNALS) - 1);
		weather.count = 1 + random() % COUNT_MAX;
		weather.delay = random() % (longest + 1);
		launch(argv + 2, &weather, &run);
		violation = judge(&run, weather.choice, facts);
		sent += run.sent;
		jobs += run.job != 0;
		killed += WIFSIGNALED(run.status);
		if (violation == NULL)
			continue;
		violations++;
		printf("launch %ld: %s (status 0x%x, job's 0x%x)\n", i,
		    violation, (unsigned)run.status, (unsigned)run.job_status);
	}
	printf("%ld launches, %ld signals: %ld jobs, %ld launchers killed, "
	       "%ld violations\n",
	    i, sent, jobs, killed, violations);
	return violations == 0 && jobs > 0 && killed > 0 ? 0 : 1;
}
