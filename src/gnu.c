/*
 * gnu.c owns the words that GNU coreutils and util-linux have in common for a
 * command line that is not valid or asks for help.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gnu.h"
#include "message.h"

void
gnu_refused(const char *program, const char *word, const struct option *all)
{
	const struct option *name = all;

	fprintf(stderr, "%s: ", program);
	while (name->name != NULL && name->val != optopt)
		name++;
	if (strncmp(word, "--=", 3) == 0) {
		/* An empty name is a prefix of every option. */
		fprintf(
		    stderr, "option '%s' is ambiguous; possibilities:", word);
		for (name = all; name->name != NULL; name++)
			fprintf(stderr, " '--%s'", name->name);
		fputc('\n', stderr);
	} else if (optopt == 0)
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
gnu_print(const char *program, const char *text, int status, bool silent)
{
	if (fputs(text, stdout) != EOF && fflush(stdout) != EOF)
		exit(0);
	if (errno == EBADF && silent)
		exit(0);
	fprintf(stderr, "%s: write error: %s\n", program, error_text(errno));
	exit(status);
}
