/* report.c: what the user is told about a rescue. */
#ifndef REPORT_H
#define REPORT_H

#include <sys/types.h>

#include <stdbool.h>

#include "rescue/members.h"

/*
 * All of these write lines to standard error, and those that return something
 * return the exit status: 0, or STATUS_FAILED if a line told of a failure.
 */

/* What failed, or why this process is not rescued. */
int report_refusal(pid_t pid, const char *why);

/* This job is rescued by another detach just now; -1 for an unknown PID. */
int report_rescued_by(pid_t pid, pid_t other);

/*
 * What became of the job. "quiet" leaves out success, and "chosen" the name of
 * an output file that the user chose.
 */
int report_job(const struct job *job, bool quiet, bool chosen);

/* The pipes of all jobs that break nevertheless. */
int report_pipes(const struct jobs *jobs);

#endif
