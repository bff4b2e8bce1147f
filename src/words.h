/* words.c: what detach says of a launch. */
#ifndef WORDS_H
#define WORDS_H

struct attempt;

/* Say what was decided for the user; on a terminal, at least the PID. */
void words_started(const struct attempt *);

/* Say that the job did not live as long as it was to be seen alive. */
void words_ended(const struct attempt *);

/*
 * Say why nothing was started, or what failed after the start. Return 0: a
 * line that gets lost changes nothing.
 */
int words_explain(const struct attempt *);

#endif
