/*
 * main.c leads a command line through plan and job to an exit status, and
 * says in one line what the user must know.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "launch/command.h"
#include "launch/descriptors.h"
#include "launch/launch.h"
#include "launch/streams.h"
#include "launch/wait.h"
#include "message.h"
#include "nohup.h"
#include "options.h"
#include "rescue/rescue.h"
#include "setsid.h"

/*
 * Say what was decided for the user; on a terminal, at least the PID. The
 * directory takes PATH_MAX bytes.
 */
static void
report_start(const struct streams *streams, const struct outcome *outcome,
    char *directory)
{
	const char *file = streams->default_file;
	const char *ignored = streams->input_ignored ? ", input ignored" : "";

	if (file == NULL) {
		if (streams->terminal || streams->input_ignored)
			message("PID %ld%s", (long)outcome->pid, ignored);
		return;
	}
	/* Where the working directory has no name, the file's own must do. */
	if (*file == '/' || getcwd(directory, PATH_MAX) == NULL)
		directory[0] = '\0';
	message("PID %ld, output in '%s%s%s'%s", (long)outcome->pid, directory,
	    directory[0] == '\0' || directory[1] == '\0' ? "" : "/", file,
	    ignored);
}

/* A name longer than this is shortened, so that the reason finds room. */
enum { NAME_SHOWN = 900 };

/*
 * Say why nothing was started, or what failed after the start. A line that gets
 * lost changes nothing.
 */
static int
report_failure(const struct plan *plan, const struct streams *streams,
    const struct outcome *outcome)
{
	(void)plan;
	(void)streams;
	if (outcome->pid != 0)
		message("%s for PID %ld: %s", outcome->thing,
		    (long)outcome->pid, outcome->reason);
	else
		message("%.*s%s: %s", NAME_SHOWN,
		    *outcome->thing != '\0' ? outcome->thing : "''",
		    strlen(outcome->thing) > NAME_SHOWN ? "..." : "",
		    outcome->reason);
	return 0;
}

/* What the name that the program is called by makes of a command line. */
static const struct personality {
	const char *name;
	void (*plan)(int, char *[], struct plan *);
	/* What must be said before the start, or NULL. -1: it cannot be. */
	int (*announce)(const struct streams *);
	/* Why nothing was started. -1: that cannot be said. */
	int (*explain)(const struct plan *, const struct streams *,
	    const struct outcome *);
} personalities[] = {
	{ "detach", options_detach, NULL, report_failure },
	{ "nohup", nohup_plan, nohup_announce, nohup_explain },
	{ "setsid", setsid_plan, NULL, setsid_explain },
};

/* The personality of that name; the first for any other. */
static const struct personality *
called(const char *name)
{
	size_t i = sizeof(personalities) / sizeof(*personalities);

	while (--i > 0 && strcmp(personalities[i].name, name) != 0)
		;
	return &personalities[i];
}

/* Do all that comes before the start. Return 0, or -1 and an outcome. */
static int
prepare(const struct plan *plan, char *room, const char **path,
    struct streams *streams, struct outcome *outcome)
{
	int error;

	*path = command_find(plan->argv[0], room, &error);
	if (plan->protect == FROM_CALLER && error != 0)
		return command_refused(plan->argv[0], *path, error, outcome);
	if (plan->protect == FROM_CALLER &&
	    descriptors_check(plan, outcome) == -1)
		return -1;
	return streams_open(plan, streams, outcome);
}

/* Stay with the job as the plan says. Return the exit status, or -1. */
static int
stay(const struct plan *plan, struct outcome *outcome)
{
	int status = wait_for_job(plan, outcome);

	if (status == WAIT_FAILED)
		return failure(
		    outcome, FAILED, "wait", "%s", error_text(errno));
	if (status == WAIT_TIMEOUT)
		return 0;
	if (plan->alive)
		message("PID %ld ended too early, with status %d",
		    (long)outcome->pid, status);
	return plan->alive && status == 0 ? 1 : status;
}

/* Explain a failure. Return the exit status. */
static int
fail(const struct personality *personality, const struct plan *plan,
    const struct streams *streams, const struct outcome *outcome)
{
	enum failure failure = outcome->failure;

	if (personality->explain(plan, streams, outcome) == -1 &&
	    failure > FAILED_CHILD)
		failure = FAILED_CHILD;
	return plan->status[failure];
}

int
main(int argc, char *argv[])
{
	const struct personality *personality =
	    called(program_invocation_short_name);
	/*
	 * What hangs on these lives until the end: it is not lost memory. And
	 * a small stack is one page less for the kernel to make.
	 */
	static struct plan plan;
	static struct outcome outcome;
	static struct streams streams;
	static char room[PATH_MAX];
	const char *path;
	int status = 0;

	personality->plan(argc, argv, &plan);
	if (plan.nrescue > 0)
		return rescue(&plan);
	if (prepare(&plan, room, &path, &streams, &outcome) == -1)
		return fail(personality, &plan, &streams, &outcome);
	if (personality->announce != NULL &&
	    personality->announce(&streams) == -1)
		return plan.status[FAILED];
	if (launch(&plan, path, &streams, &outcome) == -1)
		return fail(personality, &plan, &streams, &outcome);
	if (!plan.quiet)
		report_start(&streams, &outcome, room);
	if (plan.wait || plan.alive)
		status = stay(&plan, &outcome);
	return status != -1 ? status
			    : fail(personality, &plan, &streams, &outcome);
}
