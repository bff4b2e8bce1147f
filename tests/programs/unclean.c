/*
 * unclean.c runs a command with every signal ignored and blocked, the way that
 * careless parents do, and further: also the ones that the C library keeps for
 * itself.
 *
 *	unclean COMMAND [ARG]...
 */
#include <sys/syscall.h>

#include <err.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	/* The kernel's struct begins with the handler, but for MIPS. */
	void (*ignore[16])(int) = { SIG_IGN };
	unsigned char all[_NSIG / 8];
	int number;

	if (argc < 2)
		errx(125, "usage: unclean COMMAND [ARG]...");
	for (number = 1; number < _NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP &&
		    syscall(SYS_rt_sigaction, number, ignore, NULL,
			sizeof(all)) == -1)
			err(125, "signal %d", number);
	memset(all, 0xff, sizeof(all));
	if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, NULL, sizeof(all)) ==
	    -1)
		err(125, "rt_sigprocmask");
	execvp(argv[1], argv + 1);
	err(127, "%s", argv[1]);
}
