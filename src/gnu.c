/*
 * gnu.c owns the words that GNU coreutils and util-linux have in common for a
 * command line that is not valid or asks for help.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "gnu.h"
#include "message.h"

void
gnu_refused(const char *program, const char *word, const struct option *name)
{
	fprintf(stderr, "%s: ", program);
	while (name->name != NULL && name->val != optopt)
		name++;
	if (optopt == 0)
		fprintf(stderr, "unrecognized option '%s'\n", word);
	else if (name->name == NULL)
		fprintf(stderr, "invalid option -- '%c'\n", optopt);
	else
		fprintf(stderr, "option '--%s' doesn't allow an argument\n",
		    name->name);
}

_Noreturn void
gnu_try_help(const char *program, int status)
{
	fprintf(stderr, "Try '%s --help' for more information.\n", program);
	exit(status);
}

_Noreturn void
gnu_print(const char *program, const char *text, int status)
{
	if (fputs(text, stdout) != EOF && fflush(stdout) != EOF)
		exit(0);
	fprintf(stderr, "%s: write error: %s\n", program, error_text(errno));
	exit(status);
}
