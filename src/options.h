/* options.c: command lines become plans. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <getopt.h>

#include "plan.h"

/*
 * Parse detach's own command line into the plan, which points into argv.
 * For --help and --version, and for a line that is not valid (after one line
 * that names the culprit), the process exits here.
 */
void options_detach(int, char *[], struct plan *);

/*
 * Say, in the words of GNU's getopt_long(), why it has just refused the word.
 * None of the options takes a value.
 */
void options_refused(const char *, const struct option *);

#endif
