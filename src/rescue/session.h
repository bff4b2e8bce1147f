/* session.c: a job gets a session of its own. */
#ifndef SESSION_H
#define SESSION_H

#include "rescue/members.h"

/* Move a rescued job of a single process to a new session, if that is possible. */
void session_leave(struct job *job);

#endif
