/*
 * main.c leads a command line through plan and job to an exit status, and
 * says in one line what the user must know.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "descriptors.h"
#include "launch.h"
#include "message.h"
#include "options.h"
#include "streams.h"
#include "wait.h"

/* What a name that the program is called by makes of a command line. */
static const struct personality {
	const char *name;
	void (*parse)(int, char *[], struct plan *);
} personalities[] = {
	{ "detach", options_detach },
};

/* Say what was decided for the user; on a terminal, at least the PID. */
static void
report_start(const struct streams *streams, const struct outcome *outcome)
{
	const char *file = streams->default_file;
	const char *ignored = streams->input_ignored ? ", input ignored" : "";
	char directory[PATH_MAX];

	if (file == NULL) {
		if (streams->terminal || streams->input_ignored)
			message("PID %ld%s", (long)outcome->pid, ignored);
		return;
	}
	/* Where the working directory has no name, the file's own must do. */
	if (*file == '/' || getcwd(directory, sizeof(directory)) == NULL)
		directory[0] = '\0';
	message("PID %ld, output in '%s%s%s'%s", (long)outcome->pid, directory,
	    directory[0] == '\0' || directory[1] == '\0' ? "" : "/", file,
	    ignored);
}

/* Stay with the job as the plan says. Return the exit status. */
static int
stay(const struct plan *plan, const struct outcome *outcome)
{
	int status = wait_for_job(plan, outcome);

	if (status == WAIT_FAILED) {
		message("wait for PID %ld: %s", (long)outcome->pid,
		    strerror(errno));
		return STATUS_FAILED;
	}
	if (status == WAIT_TIMEOUT)
		return 0;
	if (plan->alive)
		message("PID %ld ended too early, with status %d",
		    (long)outcome->pid, status);
	return plan->alive && status == 0 ? 1 : status;
}

int
main(int argc, char *argv[])
{
	/* What hangs on these lives until the end: it is not lost memory. */
	static struct plan plan;
	static struct outcome outcome;
	static struct streams streams;
	char room[PATH_MAX];
	const char *path;

	personalities[0].parse(argc, argv, &plan);
	if ((path = command_find(plan.argv[0], room, &outcome)) == NULL ||
	    descriptors_check(&plan, &outcome) == -1 ||
	    streams_open(&plan, &streams, &outcome) == -1 ||
	    launch(&plan, path, &streams, &outcome) == -1) {
		message("%s: %s", *outcome.thing != '\0' ? outcome.thing : "''",
		    outcome.reason);
		return outcome.status;
	}
	if (!plan.quiet)
		report_start(&streams, &outcome);
	return plan.wait || plan.alive ? stay(&plan, &outcome) : 0;
}
