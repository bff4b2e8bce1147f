/* gnu.c: what the command lines of nohup and setsid share. */
#ifndef GNU_H
#define GNU_H

#include <getopt.h>
#include <stdbool.h>

/*
 * Say, in the words of GNU's getopt_long(), why it has just refused the word.
 * None of the options takes a value. A program's name, here and below, is the
 * one that its messages begin with.
 */
void gnu_refused(
    const char *program, const char *word, const struct option *all);

/* Point to --help, and exit with the status. */
_Noreturn void gnu_try_help(const char *program, int status);

/*
 * Write the text to standard output and exit with 0; with the status, after a
 * line that says why, if it cannot be written. A standard output that is closed
 * is nothing to talk of for those that are silent then.
 */
_Noreturn void gnu_print(
    const char *program, const char *text, int status, bool silent);

#endif
