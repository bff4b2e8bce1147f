/*
 * ring.c has an io_uring ring with registered files.
 *
 *	ring terminal	standard input, output and error, and the first closed
 *	ring closed	the same, and all three closed
 *	ring file	the file "kept", and an empty place
 *	ring empty	empty places only
 *	ring none	nothing
 *	ring check	can a ring be made here? The exit status is 0 if so
 *
 * It writes its PID to the FIFO "ready", reads the FIFO "hold" to its end, and
 * writes "ok" to the FIFO "done".
 */
#include <sys/syscall.h>

#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Linux 5.1, in <linux/io_uring.h>; the C library's headers may be older. */
enum { SETUP = 425, REGISTER = 427, REGISTER_FILES = 2 };

static void
tell(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(text, file) == EOF || fclose(file) == EOF)
		err(1, "%s", path);
}

static void
hold(void)
{
	int fd = open("hold", O_RDONLY | O_CLOEXEC);
	char byte;

	if (fd == -1)
		err(1, "hold");
	while (read(fd, &byte, 1) > 0)
		;
	close(fd);
}

int
main(int argc, char *argv[])
{
	uint32_t parameters[30] = { 0 };
	int files[3] = { 0, 1, 2 }, i;
	char pid[32];
	bool closed = argc == 2 && strcmp(argv[1], "closed") == 0;
	int ring = (int)syscall(SETUP, 4, parameters);

	if (argc != 2 || ring == -1)
		err(1, "io_uring");
	if (strcmp(argv[1], "check") == 0)
		return 0;
	if (strcmp(argv[1], "terminal") != 0 && !closed)
		files[0] = files[1] = files[2] = -1;
	if (strcmp(argv[1], "file") == 0)
		files[0] = open("kept", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	/* After the terminals comes another file. */
	if (strcmp(argv[1], "terminal") == 0)
		files[2] = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (strcmp(argv[1], "none") != 0 &&
	    syscall(REGISTER, ring, REGISTER_FILES, files, 3) == -1)
		err(1, "registered files");
	if (strcmp(argv[1], "terminal") == 0)
		close(0);
	for (i = 0; closed && i < 3; i++)
		close(i);
	snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	tell("ready", pid);
	hold();
	tell("done", "ok\n");
	return 0;
}
