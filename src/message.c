/*
 * message.c owns the lines on standard error: what they look like and how
 * they are written.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
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

/* Does a line show every byte of the text as it is? */
static bool
is_plain(const char *text)
{
	char escaped[4];

	while (*text != '\0' && escape((unsigned char)*text, escaped) == 1)
		text++;
	return *text == '\0';
}

/* Escape a text in place, in SIZE bytes. */
static void
escape_text(char *text, size_t size)
{
	char copy[LINE_SIZE];
	size_t length = 0;
	int i;

	strcpy(copy, text);
	for (i = 0; copy[i] != '\0' && length + 8 <= size; i++)
		length += escape((unsigned char)copy[i], text + length);
	strcpy(text + length, copy[i] != '\0' ? "..." : "");
}

/*
 * Most texts are plain; so only others need a second buffer. Each page less to
 * touch is 1 % of a launch.
 */
void
message(const char *format, ...)
{
	static const char name[] = "detach: ";
	static char line[LINE_SIZE];
	char *const text = line + sizeof(name) - 1;
	const size_t size = sizeof(line) - (sizeof(name) - 1);
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	size_t length;
	va_list args;
	int whole;

	memcpy(line, name, sizeof(name));
	va_start(args, format);
	whole = vsnprintf(text, size, format, args);
	va_end(args);
	if (whole < 0)
		*text = '\0';
	else if ((size_t)whole >= size)
		strcpy(text + size - sizeof("..."), "...");
	if (!is_plain(text))
		escape_text(text, size);
	length = strlen(line);
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
