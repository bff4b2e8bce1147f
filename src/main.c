/*
 * main.c leads a command line through plan and job to an exit status. What is
 * said on the way is in the words of the name that the program is called by.
 */
#include <errno.h>
#include <string.h>

#include "launch/attempt.h"
#include "launch/command.h"
#include "launch/descriptors.h"
#include "launch/launch.h"
#include "launch/wait.h"
#include "nohup.h"
#include "options.h"
#include "rescue/rescue.h"
#include "setsid.h"
#include "signals.h"
#include "words.h"

/* A name that the program can be called by. */
static const struct personality {
	const char *name;
	void (*parse)(int argc, char *argv[], struct plan *plan);
	/* What must be said before the start, or NULL. -1: it cannot be. */
	int (*announce)(const struct attempt *);
	/* Why nothing was started. -1: that cannot be said. */
	int (*explain)(const struct attempt *);
} personalities[] = {
	{ "detach", options_parse, NULL, words_explain },
	{ "nohup", nohup_parse, nohup_announce, nohup_explain },
	{ "setsid", setsid_parse, NULL, setsid_explain },
};

/* The personality of that name; the first for any other. */
static const struct personality *
personality_of(const char *name)
{
	size_t i = sizeof(personalities) / sizeof(*personalities);

	while (--i > 0 && strcmp(personalities[i].name, name) != 0)
		;
	return &personalities[i];
}

/*
 * From here on a hang-up or Ctrl-C can neither leave an empty pidfile behind,
 * nor end us between the job's start and our report of it. Not earlier:
 * opening a FIFO may block for ever. A launcher that becomes the job itself
 * needs no blocking; only its mask is read.
 */
static int
block_signals(struct attempt *attempt)
{
	int result = attempt->plan->in_place
			 ? signals_mask(&attempt->mask)
			 : signals_block_all(&attempt->mask);

	return result == 0 ? 0
			   : attempt_failed(attempt, SIGNALS_NOT_BLOCKED,
				 "signals", errno);
}

/*
 * Do all that comes before the start: first what changes nothing, then what
 * creates files. Return 0, or -1 and a failure.
 */
static int
prepare(struct attempt *attempt)
{
	if (launch_check(attempt) == -1 || command_find(attempt) == -1 ||
	    descriptors_check(attempt) == -1 ||
	    streams_inspect(attempt) == -1 || streams_open(attempt) == -1)
		return -1;
	if (block_signals(attempt) == -1 || pidfile_open(attempt) == -1 ||
	    streams_create(attempt) == -1)
		return -1;
	return 0;
}

/*
 * Explain a failure, and undo what must not stay if nothing was started. Return
 * the exit status.
 */
static int
fail(const struct personality *personality, struct attempt *attempt)
{
	enum blame blame = attempt->failure.blame;

	if (attempt->pid == 0)
		pidfile_undo(attempt);
	if (personality->explain(attempt) == -1 && blame > CHILD)
		blame = CHILD;
	return attempt->plan->rules->status[blame];
}

/* The exit status of a launch that has gone well. */
static int
status_of(const struct attempt *attempt)
{
	if (!attempt->ended)
		return 0;
	/* For -a, any end is too early. */
	return attempt->plan->alive && attempt->status == 0 ? 1
							    : attempt->status;
}

int
main(int argc, char *argv[])
{
	const struct personality *personality =
	    personality_of(program_invocation_short_name);
	/*
	 * What hangs on these lives until the end: it is not lost memory. And
	 * a small stack is one page less for the kernel to make.
	 */
	static struct plan plan;
	static struct attempt attempt;

	attempt.plan = &plan.launch;
	personality->parse(argc, argv, &plan);
	if (plan.rescue.count > 0)
		return rescue(&plan.rescue);
	if (prepare(&attempt) == -1)
		return fail(personality, &attempt);
	if (personality->announce != NULL &&
	    personality->announce(&attempt) == -1)
		return plan.launch.rules->status[LAUNCHER];
	if (launch(&attempt) == -1)
		return fail(personality, &attempt);
	/* The job runs: its PID that got lost does not change that. */
	if (pidfile_finish(&attempt) == -1)
		(void)personality->explain(&attempt);
	if (!plan.launch.quiet)
		words_started(&attempt);
	if ((plan.launch.wait || plan.launch.alive) &&
	    wait_for_job(&attempt) == -1)
		return fail(personality, &attempt);
	if (plan.launch.alive && attempt.ended)
		words_ended(&attempt);
	return status_of(&attempt);
}
