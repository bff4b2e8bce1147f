/*
 * options.c turns detach's command line into a plan. No other file but the
 * parsers of the two other names knows flags. It opens and starts nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "message.h"
#include "options.h"

enum { SHOW_HELP = 'h', SHOW_VERSION = 'V' };

/*
 * What is not inherited as stdout or stderr. A file without a name is not the
 * user's choice but the caller's buffer: Debian's cron mails what is in it when
 * the command has ended, and the rest is lost.
 */
enum { NOT_CHOSEN = CLOSED | TERMINAL | HUNG_UP | NAMELESS | OTHER };

/* What detach promises, whatever its options are. */
static const struct rules rules = {
	.replace = { ANY, NOT_CHOSEN, NOT_CHOSEN },
	.null_flags = O_RDONLY,
	.protect = FROM_CALLER,
	.status = { [LAUNCHER] = STATUS_FAILED,
	    [CHILD] = STATUS_FAILED,
	    [CANNOT_RUN] = STATUS_CANNOT_RUN,
	    [NOT_FOUND] = STATUS_NOT_FOUND },
};

static const char help[] =
    "usage: detach [OPTION]... COMMAND [ARG]...\n"
    "       detach -r [-q] [-o FILE] PID...\n"
    "Start COMMAND detached from the caller's terminal, session, descriptors\n"
    "and signals; return when it runs.\n"
    "\n"
    "  -i, --input=FILE     read stdin from FILE ('-': keep the inherited "
    "one)\n"
    "  -o, --output=FILE    append stdout to FILE ('-': keep the inherited "
    "one),\n"
    "                       and stderr, unless it is a file or has -e\n"
    "  -e, --error=FILE     append stderr to FILE ('-': keep the inherited "
    "one)\n"
    "  -p, --pidfile=FILE   write the job's PID to FILE ('-': to stdout)\n"
    "  -k, --keep-fd=N[,N]  leave these descriptors open in the job\n"
    "  -w, --wait           wait for the job and exit with its status\n"
    "  -a, --alive=TIME     stay for TIME (2, 0.5s, 3m, 1h), to see whether "
    "the\n"
    "                       job lives\n"
    "  -q, --quiet          no message on success\n"
    "  -r, --rescue         detach processes that already run: each PID with\n"
    "                       its process group and descendants\n"
    "  -h, --help           print this and exit\n"
    "  -V, --version        print the version and exit\n"
    "\n"
    "Without options stdin is /dev/null, and output that would go to a\n"
    "terminal, pipe or socket is appended to " FILES_DEFAULT
    ", or $HOME/" FILES_DEFAULT ".\n"
    "Status: 0 started, 125 detach failed, 126 COMMAND cannot run, 127 not\n"
    "found; with -w, the job's own; with -a, that of a job that has ended,\n"
    "but 1 in place of 0.\n";

static const struct option names[] = {
	{ "input", required_argument, NULL, 'i' },
	{ "output", required_argument, NULL, 'o' },
	{ "error", required_argument, NULL, 'e' },
	{ "pidfile", required_argument, NULL, 'p' },
	{ "keep-fd", required_argument, NULL, 'k' },
	{ "wait", no_argument, NULL, 'w' },
	{ "alive", required_argument, NULL, 'a' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "rescue", no_argument, NULL, 'r' },
	{ "help", no_argument, NULL, SHOW_HELP },
	{ "version", no_argument, NULL, SHOW_VERSION },
	{ NULL, 0, NULL, 0 },
};

static _Noreturn void invalid(const char *, ...)
    __attribute__((format(printf, 1, 2)));

/* Say what is wrong with the command line and exit. */
static _Noreturn void
invalid(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	message("%s", text);
	exit(STATUS_FAILED);
}

/* Write text to standard output and exit. */
static _Noreturn void
print(const char *text)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) == EOF)
		invalid("standard output: %s", error_text(errno));
	exit(0);
}

/* Set an option's value. A second one would contradict the first. */
static void
set_once(const char **value, int option, const char *argument)
{
	if (*value != NULL)
		invalid("-%c %s: given twice, first as %s", option, argument,
		    *value);
	*value = argument;
}

/*
 * Nanoseconds of a TIME: digits with at most one point, then nothing, s, m
 * or h. Less than a thousand million seconds, for any time_t can hold that.
 */
static long long
nanoseconds(const char *time)
{
	const long long second = 1000000000, most = 1000000000;
	long long unit = second, total = 0, fraction = 0, place = second;
	const char *at = time;
	bool digits = false;

	for (; *at >= '0' && *at <= '9'; at++, digits = true)
		if ((total = total * 10 + (*at - '0')) > most)
			invalid("-a %s: time too long", time);
	if (*at == '.')
		for (at++; *at >= '0' && *at <= '9'; at++, digits = true)
			fraction += (place /= 10) * (*at - '0');
	if (*at == 's' || *at == 'm' || *at == 'h') {
		unit = *at == 's' ? 1 : *at == 'm' ? 60 : 3600;
		total *= unit;
		fraction *= unit;
		at++;
	}
	if (!digits || *at != '\0')
		invalid("-a %s: not a time (2, 0.5s, 3m, 1h)",
		    *time != '\0' ? time : "''");
	if (total >= most)
		invalid("-a %s: time too long", time);
	return total * second + fraction;
}

/* Add the numbers of a list N[,N]... to the plan's descriptors to keep. */
static void
add_kept(struct launch_plan *plan, const char *list)
{
	int *numbers = plan->keep;
	const char *at = list;
	char *end;
	long number;

	for (;; at = end + 1) {
		errno = 0;
		number = strtol(at, &end, 10);
		if (*at < '0' || *at > '9' || (*end != '\0' && *end != ',') ||
		    errno != 0 || number > INT_MAX)
			invalid("-k %s: not a list of descriptors", list);
		if (number < 3)
			invalid(
			    "-k %s: 0, 1 and 2 are for -i, -o and -e", list);
		numbers =
		    realloc(numbers, (plan->nkeep + 1) * sizeof(*numbers));
		if (numbers == NULL)
			invalid("-k %s: %s", list, error_text(errno));
		numbers[plan->nkeep++] = (int)number;
		plan->keep = numbers;
		if (*end == '\0')
			return;
	}
}

/* Refuse options that say nothing to a rescue; take those that do. */
static void
take_rescue_options(const struct launch_plan *given, struct rescue_plan *plan)
{
	if (given->file[0] != NULL || given->file[2] != NULL ||
	    given->pidfile != NULL || given->nkeep > 0 || given->wait ||
	    given->alive)
		invalid("-r: goes only with -o and -q");
	if (given->file[1] != NULL && strcmp(given->file[1], "-") == 0)
		invalid("-o -: contradicts -r");
	plan->output = given->file[1];
	plan->quiet = given->quiet;
}

/* Fill the plan with the processes to rescue. */
static void
take_pids(int argc, char *argv[], struct rescue_plan *plan)
{
	char *end;
	long pid;
	int i;

	if (argc == 0)
		invalid("-r: no PID (see 'detach --help')");
	plan->pids = calloc((size_t)argc, sizeof(*plan->pids));
	if (plan->pids == NULL)
		invalid("-r: %s", error_text(errno));
	for (i = 0; i < argc; i++) {
		errno = 0;
		pid = strtol(argv[i], &end, 10);
		if (argv[i][0] < '0' || argv[i][0] > '9' || *end != '\0' ||
		    errno != 0 || pid <= 0 || pid > INT_MAX)
			invalid("-r %s: not a PID (%s)",
			    argv[i][0] != '\0' ? argv[i] : "''",
			    argv[i][0] == '%' ? "$(jobs -p JOB) gives a job's"
					      : "pgrep finds one by name");
		plan->pids[plan->count++] = (pid_t)pid;
	}
}

/* An option that leads to no plan: help, or a word that was refused. */
static _Noreturn void
leave(int option, const char *word)
{
	if (option == SHOW_HELP)
		print(help);
	if (option == SHOW_VERSION)
		print("detach " PACKAGE_VERSION "\n");
	if (option == ':')
		invalid("-%c: needs a value", optopt);
	if (optopt == 0)
		invalid("%s: unknown option (see 'detach --help')", word);
	if (strchr("hVwqr", optopt) != NULL)
		invalid("%s: takes no value", word);
	invalid("-%c: unknown option (see 'detach --help')", optopt);
}

/*
 * Take the options, up to the first operand. Return whether a rescue is asked
 * for.
 */
static bool
take_options(int argc, char *argv[], struct launch_plan *plan)
{
	const char *alive = NULL;
	bool rescue = false;
	int option;

	/* The leading '+' ends options at the first operand, as POSIX does. */
	opterr = 0;
	while ((option = getopt_long(
		    argc, argv, "+:i:o:e:p:k:wa:qrhV", names, NULL)) != -1)
		switch (option) {
		case 'i':
			set_once(&plan->file[0], option, optarg);
			break;
		case 'o':
			set_once(&plan->file[1], option, optarg);
			break;
		case 'e':
			set_once(&plan->file[2], option, optarg);
			break;
		case 'p':
			set_once(&plan->pidfile, option, optarg);
			break;
		case 'k':
			add_kept(plan, optarg);
			break;
		case 'w':
			plan->wait = true;
			break;
		case 'a':
			set_once(&alive, option, optarg);
			plan->alive = true;
			plan->alive_ns = nanoseconds(optarg);
			break;
		case 'q':
			plan->quiet = true;
			break;
		case 'r':
			rescue = true;
			break;
		default:
			leave(option, argv[optind - 1]);
		}
	if (plan->wait && plan->alive)
		invalid("-w: contradicts -a %s", alive);
	return rescue;
}

void
options_parse(int argc, char *argv[], struct plan *plan)
{
	struct launch_plan *launch = &plan->launch;

	launch->rules = &rules;
	launch->session = true;
	if (take_options(argc, argv, launch)) {
		take_rescue_options(launch, &plan->rescue);
		take_pids(argc - optind, argv + optind, &plan->rescue);
	} else if (optind == argc)
		invalid("no command (see 'detach --help')");
	launch->argv = argv + optind;
}
