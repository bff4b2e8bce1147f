/*
 * fuzz.c feeds arbitrary command lines to the parser: "make fuzz".
 *
 * An input is the arguments, each ended by a NUL or a newline. The parser ends
 * in one of three ways: it returns a plan that makes sense, it ends the process
 * with 0 for --help and --version, or with 125 after one printable line. It is
 * linked with src/message.c and nothing else, so it could not start a job; and
 * with --wrap, so that exit() and write() come here first.
 */
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <getopt.h>

#include "options.h"

enum { ARGUMENTS_MAX = 64, RETURNED = -1 };

static jmp_buf end;
static bool parsing;
static int status, lines;
static struct plan plan;

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
_Noreturn void __real_exit(int);
_Noreturn void __wrap_exit(int);
ssize_t __real_write(int, const void *, size_t);
ssize_t __wrap_write(int, const void *, size_t);

static void
must(bool fact)
{
	if (!fact)
		abort();
}

_Noreturn void
__wrap_exit(int value)
{
	if (!parsing)
		__real_exit(value);
	status = value;
	longjmp(end, 1);
}

/* A line of a message: whole, the only one in it, and printable. */
ssize_t
__wrap_write(int fd, const void *bytes, size_t length)
{
	const char *text = bytes;
	size_t i;

	if (!parsing)
		return __real_write(fd, bytes, length);
	must(fd == STDERR_FILENO && length > 9 && length <= 4096);
	must(memcmp(text, "detach: ", 8) == 0 && text[length - 1] == '\n');
	for (i = 0; i < length - 1; i++)
		must((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
	lines++;
	return (ssize_t)length;
}

static void
check_plan(char *const *argv, int argc)
{
	const struct launch_plan *launch = &plan.launch;
	size_t i;

	must(launch->argv > argv && launch->argv < argv + argc);
	must(launch->argv[0] != NULL);
	must((launch->keep != NULL) == (launch->nkeep > 0));
	for (i = 0; i < launch->nkeep; i++)
		must(launch->keep[i] >= 3);
	must(!launch->wait || !launch->alive);
	must(launch->alive_ns >= 0 && launch->alive_ns < 1000000000000000000);
	must(launch->alive || launch->alive_ns == 0);
	must((plan.rescue.pids != NULL) == (plan.rescue.count > 0));
	for (i = 0; i < plan.rescue.count; i++)
		must(plan.rescue.pids[i] > 0);
	if (plan.rescue.count > 0)
		must(launch->file[0] == NULL && launch->file[2] == NULL &&
		     launch->pidfile == NULL && launch->nkeep == 0 &&
		     !launch->wait && !launch->alive &&
		     launch->file[1] == plan.rescue.output);
}

/* Was one of these asked for, perhaps abbreviated? */
static bool
asks(char *const *argv, int argc)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strncmp(argv[i], "--h", 3) == 0 ||
		    strncmp(argv[i], "--v", 3) == 0 ||
		    (argv[i][0] == '-' && argv[i][1] != '-' &&
			strpbrk(argv[i], "hV") != NULL))
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char name[] = "detach";
	char *argv[ARGUMENTS_MAX + 2] = { name };
	char *text = malloc(size + 1), *at;
	volatile int argc = 1;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	for (at = text; at < text + size && argc <= ARGUMENTS_MAX;) {
		argv[argc++] = at;
		at += strcspn(at, "\n");
		*at++ = '\0';
	}
	memset(&plan, 0, sizeof(plan));
	status = RETURNED;
	lines = 0;
	optind = 0; /* getopt_long() starts anew */
	parsing = true;
	if (setjmp(end) == 0)
		options_parse(argc, argv, &plan);
	parsing = false;
	if (status == RETURNED)
		check_plan(argv, argc);
	else
		must(status == STATUS_FAILED || asks(argv, argc));
	must(status == RETURNED || status == STATUS_FAILED || status == 0);
	must(lines == (status == STATUS_FAILED));
	free(plan.launch.keep);
	free(plan.rescue.pids);
	free(text);
	return 0;
}
