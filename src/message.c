/*
 * message.c owns the lines on standard error: what they look like and how
 * they are written.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

/*
 * POSIX: a write of up to PIPE_BUF bytes to a pipe is not mixed with others,
 * so the lines of many launchers stay whole. A longer line is cut.
 */
enum { LINE_SIZE = 4096 };

/* Escape one byte into four at most. Return the length. */
static size_t
escape(unsigned char byte, char *to)
{
	static const char named[] = "\aa\bb\tt\nn\vv\ff\rr\\\\";
	const char *found;

	if (byte >= 0x20 && byte < 0x7f && byte != '\\') {
		to[0] = (char)byte;
		return 1;
	}
	to[0] = '\\';
	for (found = named; *found != '\0'; found += 2)
		if ((unsigned char)found[0] == byte) {
			to[1] = found[1];
			return 2;
		}
	to[1] = (char)('0' + (byte >> 6));
	to[2] = (char)('0' + (byte >> 3 & 7));
	to[3] = (char)('0' + (byte & 7));
	return 4;
}

void
message(const char *format, ...)
{
	static const char name[] = "detach: ";
	char text[LINE_SIZE], line[LINE_SIZE];
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	size_t length = sizeof(name) - 1;
	va_list args;
	int i;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);

	memcpy(line, name, length);
	for (i = 0; text[i] != '\0' && length + 8 < sizeof(line); i++)
		length += escape((unsigned char)text[i], line + length);
	if (text[i] != '\0' || i == LINE_SIZE - 1) {
		memcpy(line + length, "...", 3);
		length += 3;
	}
	line[length++] = '\n';

	/*
	 * A reader that has gone, or a file that may not grow, must not turn
	 * the exit status into 128 + a signal, and a terminal stopped by
	 * Ctrl-S must not hold a launcher that has its signals blocked.
	 */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (poll(&ready, 1, PATIENCE_MS) == 0)
		return;
	(void)!write(STDERR_FILENO, line, length);
}

const char *
error_text(int error)
{
	static const struct {
		int error;
		const char *text;
	} texts[] = {
		{ EIO, "Input/output error" },
		{ ECHILD, "No child processes" },
		{ ENOMEM, "Cannot allocate memory" },
		{ EMFILE, "Too many open files" },
		{ ENOTTY, "Inappropriate ioctl for device" },
		{ ENAMETOOLONG, "File name too long" },
		{ ELOOP, "Too many levels of symbolic links" },
		{ EOVERFLOW, "Value too large for defined data type" },
		{ ELIBBAD, "Accessing a corrupted shared library" },
		{ EDQUOT, "Disk quota exceeded" },
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].error == error)
			return texts[i].text;
	return strerror(error);
}

int
failure(struct outcome *outcome, enum failure why, const char *thing,
    const char *format, ...)
{
	va_list args;
	char *reason;

	va_start(args, format);
	if (vasprintf(&reason, format, args) == -1)
		reason = strerror(ENOMEM);
	va_end(args);
	outcome->failure = why;
	outcome->thing = thing;
	outcome->reason = reason;
	return -1;
}
