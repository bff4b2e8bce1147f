/* hangup.c: who waits for SIGHUP, and gets it although it is ignored. */
#ifndef HANGUP_H
#define HANGUP_H

#include <stdbool.h>

#include "rescue/thread.h"

/*
 * Does this process, whose main thread is held, block SIGHUP and wait for it: in
 * sigwait() or its like at this moment, or by a descriptor of signalfd()?
 */
bool hangup_is_awaited(const struct tracee *);

#endif
