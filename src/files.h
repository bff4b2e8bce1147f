/* files.c: opening files, as named by the user or as trusted by detach. */
#ifndef FILES_H
#define FILES_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>

/*
 * Open a file that the user named, as the shell would, for reading or (with
 * O_APPEND) for writing. With O_CREAT in the flags a missing file is made,
 * 0666 & ~umask; without it nothing is. A directory is refused. Return a
 * close-on-exec descriptor that is the caller's to close, or -1 with errno.
 */
int files_open(const char *, int);

/*
 * Can a file of that name, which is missing, be created? Return 0, or -1 with
 * errno.
 */
int files_creatable(const char *);

/*
 * Is the file's directory one where nobody but root and the effective user
 * can put or exchange anything?
 */
bool files_safe_place(const char *);

/*
 * Open a file in a place where others may have planted one: create it with
 * that mode, or take one that exists if it is a regular file of the effective
 * user with a single name. Links are not followed, nothing blocks. *created
 * tells which. Return a close-on-exec descriptor that is the caller's to
 * close, or -1 and the reason in *why.
 */
int files_open_own(const char *, int, mode_t, bool *, const char **);

/* Why a file that is open is not to be trusted by that user, or NULL. */
const char *files_distrust(const struct stat *, uid_t);

/* What the errno of opening such a file means. */
const char *files_open_error(int);

#endif
