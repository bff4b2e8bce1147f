/* message.c: one line on standard error. */
#ifndef MESSAGE_H
#define MESSAGE_H

/* How long a descriptor may take to have room for a line. */
enum { PATIENCE_MS = 1000 };

/*
 * Write "detach: ", the formatted text and a newline to standard error, in
 * one write. Text in UTF-8 is shown as it is; what could forge a second line or
 * confuse a terminal comes out as C escapes. A standard error that cannot take the
 * line within a second loses it; nothing else changes.
 */
void message(const char *, ...) __attribute__((format(printf, 1, 2)));

/*
 * What an errno means, in the words that people know and search for: those of
 * the GNU C library, also where another library has its own.
 */
const char *error_text(int);

#endif
