/*
 * same-open.c tells whether two descriptors of two processes are one open file
 * (one file description, in the words of POSIX).
 *
 *	same-open PID FD PID FD
 *
 * The exit status is 0 if so, 1 if not.
 */
#include <sys/syscall.h>

#include <err.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	const int compare_files = 0; /* KCMP_FILE */
	long result;

	if (argc != 5)
		errx(2, "usage: same-open PID FD PID FD");
	result = syscall(SYS_kcmp, atol(argv[1]), atol(argv[3]), compare_files,
	    atol(argv[2]), atol(argv[4]));
	if (result == -1)
		err(2, "kcmp");
	return result == 0 ? 0 : 1;
}
