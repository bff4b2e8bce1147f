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
#include "signals.h"

/*
 * POSIX: a write of up to PIPE_BUF bytes to a pipe is not mixed with others,
 * so the lines of many launchers stay whole. A longer line is cut.
 */
enum { LINE_SIZE = 4096 };

/*
 * Decode the UTF-8 sequence that a text begins with. Return its length, or 0 if
 * it is none: cut short, longer than it need be, a surrogate or past the end.
 */
static size_t
decode(const unsigned char *text, unsigned long *character)
{
	static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = 0, i;

	while (length < 5 && (text[0] & 0x80U >> length) != 0)
		length++;
	if (length < 2 || length > 4)
		return 0;
	*character = text[0] & (0x7fU >> length);
	for (i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (text[i] & 0x3f);
	}
	return *character >= least[length] && *character <= 0x10ffff &&
		       (*character < 0xd800 || *character > 0xdfff)
		   ? length
		   : 0;
}

/*
 * Can this character forge a line or confuse a terminal? Those are C1 controls,
 * separators of lines and paragraphs, and what changes the direction of the
 * text around it.
 */
static bool
is_deceptive(unsigned long character)
{
	return (character >= 0x80 && character <= 0x9f) || character == 0x61c ||
	       character == 0x200e || character == 0x200f ||
	       (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2066 && character <= 0x2069);
}

/* How many bytes a line shows as they are, at the start of a text; or 0. */
static size_t
plain_length(const char *text)
{
	const unsigned char *bytes = (const unsigned char *)text;
	unsigned long character;
	size_t length;

	if (bytes[0] < 0x80)
		return bytes[0] >= ' ' && bytes[0] != 0x7f && bytes[0] != '\\';
	length = decode(bytes, &character);
	return length != 0 && is_deceptive(character) ? 0 : length;
}

/* Escape one byte into four at most. Return the length. */
static size_t
escape(unsigned char byte, char *to)
{
	static const char named[] = "\aa\bb\tt\nn\vv\ff\rr\\\\";
	const char *found;

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

/* Does a line show all of the text as it is? */
static bool
is_plain(const char *text)
{
	size_t length;

	while ((length = plain_length(text)) != 0)
		text += length;
	return *text == '\0';
}

/* Escape a text in place, in SIZE bytes. */
static void
escape_text(char *text, size_t size)
{
	char copy[LINE_SIZE];
	size_t length = 0, plain, i = 0;

	strcpy(copy, text);
	while (copy[i] != '\0' && length + 8 <= size) {
		plain = plain_length(copy + i);
		if (plain == 0)
			length +=
			    escape((unsigned char)copy[i++], text + length);
		for (; plain > 0; plain--)
			text[length++] = copy[i++];
	}
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
	(void)signals_ignore(SIGPIPE);
	(void)signals_ignore(SIGXFSZ);
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
