/* options.c: detach's command line becomes a plan. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "plan.h"

/*
 * Parse the command line into the plan, which points into argv.
 * For --help and --version, and for a line that is not valid (after one line
 * that names the culprit), the process exits here.
 */
void options_parse(int argc, char *argv[], struct plan *plan);

#endif
