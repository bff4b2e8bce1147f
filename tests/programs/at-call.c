/*
 * at-call.c runs a program that traces others, and a command at one of its calls
 * of ptrace(), or of kill().
 *
 *	at-call [-k] NUMBER COMMAND PROGRAM [ARG]...
 *
 * The shell runs the command, to its end, as the program begins its call of that
 * number; for NUMBER 0, its very first system call. The variable CALLER is the
 * program's PID. Exits with the program's status (128 + N for signal N), or with
 * 99 if it made fewer calls.
 */
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALL_STOP = SIGTRAP | 0x80, TOO_FEW = 99 };

static long counted = SYS_ptrace;

/* Does a traced process begin a system call, and which? -1 for none. */
static long
begun_call(pid_t pid)
{
	/* Linux 5.3, in <linux/ptrace.h>: its first byte tells begin from end. */
	struct {
		unsigned char kind, pad[3];
		unsigned processor;
		unsigned long long instruction, stack, number, argument[6];
	} call = { 0 };
	const int get_call = 0x420e, begin = 1;

	if (ptrace(get_call, pid, (void *)sizeof(call), &call) <= 0 ||
	    call.kind != begin)
		return -1;
	return (long)call.number;
}

/* Run the program to its end, with the signals on its way. */
static int
conduct(pid_t pid, long wanted, const char *command)
{
	long calls = 0, call;
	bool done = false;
	int status, deliver;

	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
		deliver = status >> 16 == 0 ? WSTOPSIG(status) : 0;
		if (deliver == CALL_STOP) {
			deliver = 0;
			call = begun_call(pid);
			if (!done && call != -1 &&
			    (wanted == 0 ||
				(call == counted && ++calls == wanted))) {
				done = true;
				if (system(command) == -1)
					err(125, "system");
			}
		}
		ptrace(PTRACE_SYSCALL, pid, NULL, (unsigned long)deliver);
	}
	if (!done)
		return TOO_FEW;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

int
main(int argc, char *argv[])
{
	char caller[32];
	int status;
	pid_t pid;

	if (argc > 1 && strcmp(argv[1], "-k") == 0) {
		counted = SYS_kill;
		argc--;
		argv++;
	}
	if (argc < 4)
		errx(
		    125, "usage: at-call [-k] NUMBER COMMAND PROGRAM [ARG]...");
	pid = fork();
	if (pid == -1)
		err(125, "fork");
	if (pid == 0) {
		/* To be seized before the exec. */
		raise(SIGSTOP);
		execvp(argv[3], argv + 3);
		err(127, "%s", argv[3]);
	}
	if (waitpid(pid, &status, WUNTRACED) == -1 ||
	    ptrace(PTRACE_SEIZE, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD) ==
		-1)
		err(125, "seize");
	snprintf(caller, sizeof(caller), "%ld", (long)pid);
	if (setenv("CALLER", caller, 1) == -1)
		err(125, "setenv");
	kill(pid, SIGCONT);
	return conduct(pid, atol(argv[1]), argv[2]);
}
