/*
 * probe.c is a job that tells what it was given.
 *
 *	probe [-h] FACTS [WORD | PING PONG]
 *
 * It writes its facts to the file or FIFO FACTS, a line "key=value" each, and
 * then WORD to standard output. With PING and PONG it serves: a line that
 * comes through the FIFO PING goes to standard output and, when that is done,
 * to the FIFO PONG; "facts" has the facts of that moment written to PONG,
 * "quit" ends it. With -h it has a handler for SIGHUP, which writes "hang-up" to
 * standard output.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A sanitizer's own signal handlers would be taken for the job's. It asks for
 * this in the program, for the environment does not come through ssh.
 */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "handle_segv=0:handle_sigbus=0:handle_sigfpe=0";
}

/* What a descriptor is, with the flags of its open file description. */
static void
print_descriptor(FILE *out, int fd)
{
	char link[64], target[PATH_MAX + 1];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = '\0';
	fprintf(out, "fd%d=%s\n", fd, target);
	fprintf(out, "fd%d.flags=0%o\n", fd, (unsigned)fcntl(fd, F_GETFL));
}

static void
print_descriptors(FILE *out)
{
	DIR *list = opendir("/proc/self/fd");
	struct dirent *entry;
	int fd;

	if (list == NULL)
		err(1, "/proc/self/fd");
	fputs("fds=", out);
	while ((entry = readdir(list)) != NULL) {
		fd = atoi(entry->d_name);
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    fd != dirfd(list) && fd != fileno(out))
			fprintf(out, "%d ", fd);
	}
	fputs("\n", out);
	rewinddir(list);
	while ((entry = readdir(list)) != NULL) {
		fd = atoi(entry->d_name);
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    fd != dirfd(list) && fd != fileno(out))
			print_descriptor(out, fd);
	}
	closedir(list);
}

/* The signal sets and the state, as the kernel has them. */
static void
print_status(FILE *out)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256], *value;

	if (status == NULL)
		err(1, "/proc/self/status");
	while (fgets(line, sizeof(line), status) != NULL) {
		value = strchr(line, '\t');
		if (value != NULL &&
		    (strncmp(line, "Sig", 3) == 0 ||
			strncmp(line, "ShdPnd", 6) == 0) &&
		    strncmp(line, "SigQ", 4) != 0)
			fprintf(out, "%.*s=%s", (int)strcspn(line, ":"), line,
			    value + 1);
	}
	fclose(status);
}

/* The controlling terminal: its device number, 0 for none. */
static int
controlling_terminal(void)
{
	FILE *stat = fopen("/proc/self/stat", "re");
	char line[1024], *end;
	int number;

	if (stat == NULL)
		err(1, "/proc/self/stat");
	/* One line, but for a newline in the program's name. */
	line[fread(line, 1, sizeof(line) - 1, stat)] = '\0';
	fclose(stat);
	end = strrchr(line, ')');
	if (end == NULL || sscanf(end + 1, " %*c %*d %*d %*d %d", &number) != 1)
		errx(1, "/proc/self/stat: %s", line);
	return number;
}

/* The limits, as the kernel has them, with single blanks. */
static void
print_limits(FILE *out)
{
	FILE *limits = fopen("/proc/self/limits", "re");
	int byte, last = '\n', number = 0;

	if (limits == NULL)
		err(1, "/proc/self/limits");
	while ((byte = getc(limits)) != EOF) {
		if (last == '\n')
			fprintf(out, "limit%d=", number++);
		if (byte != ' ' || last != ' ')
			putc(byte, out);
		last = byte;
	}
	fclose(limits);
}

static void
print_facts(FILE *out, char *const argv[])
{
	char directory[PATH_MAX];
	mode_t mask = umask(0);
	int i;

	umask(mask);
	fprintf(out, "pid=%ld\n", (long)getpid());
	fprintf(out, "ppid=%ld\n", (long)getppid());
	fprintf(out, "sid=%ld\n", (long)getsid(0));
	fprintf(out, "pgid=%ld\n", (long)getpgrp());
	fprintf(out, "ctty=%d\n", controlling_terminal());
	fprintf(out, "cwd=%s\n",
	    getcwd(directory, sizeof(directory)) != NULL ? directory : "");
	fprintf(out, "umask=%03o\n", (unsigned)mask);
	fprintf(out, "nice=%d\n", getpriority(PRIO_PROCESS, 0));
	print_limits(out);
	print_status(out);
	print_descriptors(out);
	for (i = 0; argv[i] != NULL; i++)
		fprintf(out, "arg%d=%s\n", i, argv[i]);
}

/*
 * In one write, which POSIX keeps apart from others in a FIFO, up to PIPE_BUF
 * bytes: 200 jobs may tell at once.
 */
static void
write_facts(const char *path, char *const argv[])
{
	static char buffer[64 * 1024];
	FILE *out = fopen(path, "we");

	if (out == NULL || setvbuf(out, buffer, _IOFBF, sizeof(buffer)) != 0)
		err(1, "%s", path);
	print_facts(out, argv);
	if (fclose(out) == EOF)
		err(1, "%s", path);
}

/* Take one line from PING, answer to PONG. Return 0 when told to quit. */
static int
serve(const char *ping, const char *pong, char *const argv[])
{
	FILE *in = fopen(ping, "re"), *out;
	char line[256];

	if (in == NULL || fgets(line, sizeof(line), in) == NULL)
		err(1, "%s", ping);
	fclose(in);
	if (strcmp(line, "facts\n") == 0) {
		write_facts(pong, argv);
		return 1;
	}
	if (strcmp(line, "quit\n") == 0)
		return 0;
	fputs(line, stdout);
	if (fflush(stdout) == EOF)
		snprintf(line, sizeof(line), "write failed\n");
	out = fopen(pong, "we");
	if (out == NULL || fputs(line, out) == EOF || fclose(out) == EOF)
		err(1, "%s", pong);
	return 1;
}

static void
handle_hangup(int number)
{
	(void)number;
	if (write(STDOUT_FILENO, "hang-up\n", 8) != 8)
		_exit(1);
}

int
main(int argc, char *argv[])
{
	const struct sigaction action = { .sa_handler = handle_hangup,
		.sa_flags = SA_RESTART };

	if (argc > 1 && strcmp(argv[1], "-h") == 0) {
		sigaction(SIGHUP, &action, NULL);
		argc--;
		argv++;
	}
	if (argc < 2)
		errx(1, "usage: probe [-h] FACTS [WORD | PING PONG]");
	write_facts(argv[1], argv + 1);
	if (argc == 3 && (puts(argv[2]) == EOF || fflush(stdout) == EOF))
		err(1, "standard output");
	if (argc == 4)
		while (serve(argv[2], argv[3], argv + 1))
			;
	return 0;
}
