/*
 * ring.c has an io_uring ring with registered files, and another one without.
 *
 *	ring terminal	standard input, output and error, and the first closed
 *	ring closed	the same, and all three closed
 *	ring file	the file "kept", which is closed, and an empty place
 *	ring empty	empty places only
 *	ring none	nothing
 *	ring wait	nothing, but waits by it for "hold"
 *	ring check	can a ring be made here? The exit status is 0 if so
 *
 * It writes its PID to the FIFO "ready", reads the FIFO "hold" to its end, and
 * writes "ok" to the FIFO "done".
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Linux 5.1, in <linux/io_uring.h>; the C library's headers may be older. */
enum { SETUP = 425, ENTER = 426, REGISTER = 427, REGISTER_FILES = 2 };
enum { GET_EVENTS = 1, POLL_ADD = 6 };

/* A request, and the words among its parameters that tell where things are. */
struct request {
	uint8_t opcode, flags;
	uint16_t priority;
	int32_t fd;
	uint64_t offset, address;
	uint32_t length, events;
	uint64_t more[4];
};
enum { TAIL = 11, ARRAY = 16 };

static void
tell(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(text, file) == EOF || fclose(file) == EOF)
		err(1, "%s", path);
}

static void
tell_pid(void)
{
	char pid[32];

	snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	tell("ready", pid);
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

static void *
map(int ring, off_t at)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_POPULATE, ring, at);

	if (memory == MAP_FAILED)
		err(1, "ring");
	return memory;
}

/* Have the ring poll the FIFO, and sleep in its call until there is a byte. */
static void
wait_by(int ring, const uint32_t *parameters)
{
	char *queue = map(ring, 0);
	struct request *request = map(ring, 0x10000000);

	*request = (struct request){ .opcode = POLL_ADD, .events = POLLIN };
	request->fd = open("hold", O_RDWR | O_CLOEXEC);
	*(uint32_t *)(void *)(queue + parameters[ARRAY]) = 0;
	*(uint32_t *)(void *)(queue + parameters[TAIL]) = 1;
	if (syscall(ENTER, ring, 1, 0, 0, NULL, 0) != 1)
		err(1, "io_uring_enter");
	tell_pid();
	if (syscall(ENTER, ring, 0, 1, GET_EVENTS, NULL, 0) != 0)
		err(1, "io_uring_enter");
	tell("done", "ok\n");
}

int
main(int argc, char *argv[])
{
	uint32_t parameters[30] = { 0 }, others[30] = { 0 };
	int files[3] = { 0, 1, 2 }, i;
	bool closed = argc == 2 && strcmp(argv[1], "closed") == 0;
	int ring = (int)syscall(SETUP, 4, parameters);

	if (argc != 2 || ring == -1 || syscall(SETUP, 4, others) == -1)
		err(1, "io_uring");
	if (strcmp(argv[1], "check") == 0)
		return 0;
	if (strcmp(argv[1], "wait") == 0) {
		wait_by(ring, parameters);
		return 0;
	}
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
	if (strcmp(argv[1], "file") == 0)
		close(files[0]);
	for (i = 0; closed && i < 3; i++)
		close(i);
	tell_pid();
	hold();
	tell("done", "ok\n");
	return 0;
}
