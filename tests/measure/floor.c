/*
 * floor.c is the least that a launcher can do, and none that a user wants: it
 * is what tests/measure/bench measures the others by.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	int null;

	if (argc < 2)
		return 125;
	signal(SIGHUP, SIG_IGN);
	if (vfork() != 0)
		return 0;
	setsid();
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	execv(argv[1], argv + 1);
	_exit(127);
}
