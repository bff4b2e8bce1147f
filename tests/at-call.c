/*
 * at-call.c runs a command that traces others, and sends signals when it makes
 * a call of ptrace().
 *
 *	at-call NUMBER SIGNAL[,SIGNAL]... PID COMMAND [ARG]...
 *
 * They are sent as the command begins its call of that number; to the process
 * PID, or to the command itself for PID 0. For NUMBER 0 they are sent as the
 * command begins its very first system call. Exits with the command's status
 * (128 + N for signal N), or with 99 if it made fewer calls.
 */
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum { CALL_STOP = SIGTRAP | 0x80, TOO_FEW = 99 };

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

static void
send_all(pid_t pid, const char *numbers)
{
	char *end;

	for (;; numbers = end + 1) {
		if (kill(pid, (int)strtol(numbers, &end, 10)) == -1)
			warn("kill");
		if (*end != ',')
			return;
	}
}

/* Run the command to its end, with the signals on its way. */
static int
conduct(pid_t pid, long wanted, const char *numbers, pid_t target)
{
	long calls = 0, call;
	bool sent = false;
	int status, deliver;

	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
		deliver = status >> 16 == 0 ? WSTOPSIG(status) : 0;
		if (deliver == CALL_STOP) {
			deliver = 0;
			call = begun_call(pid);
			if (!sent && call != -1 &&
			    (wanted == 0 ||
				(call == SYS_ptrace && ++calls == wanted))) {
				sent = true;
				send_all(target, numbers);
			}
		}
		ptrace(PTRACE_SYSCALL, pid, NULL, (unsigned long)deliver);
	}
	if (!sent)
		return TOO_FEW;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

int
main(int argc, char *argv[])
{
	int status;
	pid_t pid, target;

	if (argc < 5)
		errx(125, "usage: at-call NUMBER SIGNAL PID COMMAND [ARG]...");
	pid = fork();
	if (pid == -1)
		err(125, "fork");
	if (pid == 0) {
		/* To be seized before the exec. */
		raise(SIGSTOP);
		execvp(argv[4], argv + 4);
		err(127, "%s", argv[4]);
	}
	if (waitpid(pid, &status, WUNTRACED) == -1 ||
	    ptrace(PTRACE_SEIZE, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD) ==
		-1)
		err(125, "seize");
	kill(pid, SIGCONT);
	target = (pid_t)atol(argv[3]);
	return conduct(pid, atol(argv[1]), argv[2], target == 0 ? pid : target);
}
