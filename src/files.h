/* files.c: opening files, as named by the user or as trusted by detach. */
#ifndef FILES_H
#define FILES_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>

/* Where output goes if nobody chose a place: here, or in the home directory. */
#define FILES_DEFAULT "nohup.out"

/*
 * May the effective user, with its capabilities, access the file in that mode
 * (as of access(2))? Return 0, or -1 with errno.
 */
int files_access(const char *path, int mode);

/*
 * Open a file that the user named, as the shell would, for reading or (with
 * O_APPEND) for writing. With O_CREAT in the flags a missing file is made,
 * with that mode and the umask; without it nothing is. A directory is refused. Return a
 * close-on-exec descriptor that is the caller's to close, or -1 with errno.
 */
int files_open(const char *path, int flags, mode_t mode);

/*
 * Create a file that the user named and that was missing a moment ago, for
 * writing. What has come there since is opened as by files_open(), but
 * without waiting: a FIFO that nobody reads is refused (ENXIO). Return as
 * files_open().
 */
int files_create(const char *path, int flags, mode_t mode);

/*
 * Can a file of that name, which is missing, be created? The name may be a link
 * to a missing file. Return 0, or -1 with errno.
 */
int files_creatable(const char *);

/*
 * Is the file's directory one where nobody but root and the effective user
 * can put or exchange anything?
 */
bool files_safe_place(const char *);

/*
 * Open a file in a place where others may have planted one: create it with
 * that mode, or take one that exists if it is a regular file with a single name
 * that belongs to the effective user or root. If the file system shows another
 * owner for files that we create, a file of that owner is accepted too. Links are not followed,
 * nothing blocks. *created tells which. Return a close-on-exec descriptor that
 * is the caller's to close, or -1 and the reason in *why.
 */
int files_open_own(
    const char *path, int flags, mode_t mode, bool *created, const char **why);

#endif
