/*
 * victim.c is a job that sleeps in a system call while it is rescued, and
 * tells whether the call did what it was asked for.
 *
 *	victim KIND		sleep in a call of that kind
 *	victim thread-KIND	the same, in another thread than the first
 *	victim -w KIND PID	have what that victim waits for happen
 *	victim -l		list the kinds
 *	victim -s COMMAND...	run the command under a seccomp filter
 *
 * Before the call it writes its PID to the FIFO "ready", afterwards "ok" or
 * what went wrong to the FIFO "done". The lines "v:1" and "v:2" on standard
 * output are one before and one after the call. The file "thread" has the PID
 * of the thread that makes it. Its files are in the working directory.
 */
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef HWCAP_SVE
#define HWCAP_SVE (1 << 22) /* aarch64 */
#endif

struct message {
	long type;
	char text[8];
};

static char verdict[256] = "ok\n";
static volatile sig_atomic_t handled;

/* The file is there when it is closed. */
static void
note(const char *path, long number)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fprintf(file, "%ld\n", number) < 0 ||
	    fclose(file) == EOF)
		err(1, "%s", path);
}

/* Write to a FIFO that somebody reads. */
static void
tell(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd == -1 || write(fd, text, strlen(text)) == -1 || close(fd) == -1)
		err(1, "%s", path);
}

/* The next thing is the call. */
static void
ready(void)
{
	char text[32];

	puts("v:1");
	fflush(stdout);
	note("thread", syscall(SYS_gettid));
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	tell("ready", text);
}

/* The call is over: what did it return, and what should it have? */
static void
expect(long result, long expected)
{
	if (result != expected)
		snprintf(verdict, sizeof(verdict), "%ld, not %ld: %s\n", result,
		    expected, strerror(errno));
}

static void
handler(int number)
{
	(void)number;
	handled = handled + 1;
}

static void
handle(int number)
{
	struct sigaction action = { .sa_handler = handler };

	if (sigaction(number, &action, NULL) == -1)
		err(1, "sigaction");
}

/* One end of a FIFO; both are open, so that neither open() waits. */
static int
fifo(void)
{
	int fd;

	if (mkfifo("fifo", 0600) == -1 && errno != EEXIST)
		err(1, "fifo");
	fd = open("fifo", O_RDWR | O_CLOEXEC);
	if (fd == -1)
		err(1, "fifo");
	return fd;
}

static void
wake_fifo(pid_t pid)
{
	(void)pid;
	tell("fifo", "x");
}

static void
wake_signal(pid_t pid)
{
	if (kill(pid, SIGUSR1) == -1)
		err(1, "kill");
}

static void
wake_nothing(pid_t pid)
{
	(void)pid;
}

/* The terminal becomes /dev/null. */
static void
block_read_terminal(void)
{
	char byte;

	ready();
	expect(read(0, &byte, 1), 0);
}

static void
block_read(void)
{
	char byte;
	int fd = fifo();

	ready();
	expect(read(fd, &byte, 1), 1);
}

static void
block_write(void)
{
	static char bytes[4096];
	int fd = fifo(), flags = fcntl(fd, F_GETFL);

	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		err(1, "fcntl");
	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
	if (fcntl(fd, F_SETFL, flags) == -1)
		err(1, "fcntl");
	ready();
	expect(write(fd, "x", 1), 1);
}

static void
wake_write(pid_t pid)
{
	static char bytes[65536];
	int fd = open("fifo", O_RDONLY);

	(void)pid;
	if (fd == -1 || read(fd, bytes, sizeof(bytes)) == -1)
		err(1, "fifo");
}

static void
block_open(void)
{
	if (mkfifo("fifo", 0600) == -1)
		err(1, "fifo");
	ready();
	expect(open("fifo", O_RDONLY | O_CLOEXEC) >= 3, 1);
}

static long long
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* It may take longer, but never less. */
static void
block_nanosleep(void)
{
	const struct timespec time = { 0, 300000000 };
	long long start;

	ready();
	start = now();
	expect(syscall(SYS_nanosleep, &time, NULL), 0);
	if (now() - start < time.tv_nsec)
		snprintf(verdict, sizeof(verdict), "slept too short\n");
}

static void
block_clock_nanosleep(void)
{
	struct timespec time;
	long long end;

	ready();
	end = now() + 300000000;
	time.tv_sec = (time_t)(end / 1000000000);
	time.tv_nsec = (long)(end % 1000000000);
	expect(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL), 0);
	if (now() < end)
		snprintf(verdict, sizeof(verdict), "slept too short\n");
}

static void
block_poll(void)
{
	struct pollfd source = { .fd = fifo(), .events = POLLIN };

	ready();
	expect(poll(&source, 1, 1000000), 1);
}

static void
block_ppoll(void)
{
	struct pollfd source = { .fd = fifo(), .events = POLLIN };
	sigset_t none;

	sigemptyset(&none);
	ready();
	expect(ppoll(&source, 1, NULL, &none), 1);
}

static void
block_select(void)
{
	struct timeval time = { 1000, 0 };
	int fd = fifo();
	fd_set set;

	FD_ZERO(&set);
	FD_SET((unsigned)fd, &set);
	ready();
	expect(select(fd + 1, &set, NULL, NULL, &time), 1);
}

static int
epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd == -1 || epoll_ctl(fd, EPOLL_CTL_ADD, fifo(), &event) == -1)
		err(1, "epoll");
	return fd;
}

static void
block_epoll_wait(void)
{
	struct epoll_event event;
	int fd = epoll();

	ready();
	expect(epoll_wait(fd, &event, 1, -1), 1);
}

static void
block_epoll_pwait(void)
{
	struct epoll_event event;
	int fd = epoll();
	sigset_t none;

	sigemptyset(&none);
	ready();
	expect(epoll_pwait(fd, &event, 1, 1000000, &none), 1);
}

/* A handler must end this one with EINTR, or the wake-up is lost. */
static void
block_epoll_signal(void)
{
	struct epoll_event event;
	int fd = epoll();

	handle(SIGUSR1);
	ready();
	expect(epoll_wait(fd, &event, 1, -1), -1);
	if (errno != EINTR || handled != 1)
		snprintf(verdict, sizeof(verdict), "errno %d, handled %d\n",
		    errno, (int)handled);
}

static uint32_t *
futex_word(void)
{
	void *word;
	int fd = open("futex", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd == -1 || ftruncate(fd, 4096) == -1)
		err(1, "futex");
	word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (word == MAP_FAILED)
		err(1, "mmap");
	close(fd);
	return word;
}

/* 0 is FUTEX_WAIT, 1 is FUTEX_WAKE. */
static void
block_futex(void)
{
	uint32_t *word = futex_word();

	ready();
	expect(syscall(SYS_futex, word, 0, 0, NULL, NULL, 0), 0);
}

static void
block_futex_time(void)
{
	const struct timespec time = { 1000, 0 };
	uint32_t *word = futex_word();

	ready();
	expect(syscall(SYS_futex, word, 0, 0, &time, NULL, 0), 0);
}

static void
wake_futex(pid_t pid)
{
	(void)pid;
	/* Until it woke somebody: a victim that goes on waits anew. */
	while (syscall(SYS_futex, futex_word(), 1, 1, NULL, NULL, 0) != 1)
		;
}

static void
block_wait(void)
{
	char byte;
	int fd = fifo(), status;
	pid_t pid = fork();

	if (pid == -1)
		err(1, "fork");
	if (pid == 0)
		_exit(read(fd, &byte, 1) == 1 ? 7 : 1);
	ready();
	expect(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
		snprintf(verdict, sizeof(verdict), "status %x\n", status);
}

static void
block_pause(void)
{
	handle(SIGUSR1);
	ready();
	expect(pause(), -1);
	if (errno != EINTR || handled != 1)
		snprintf(verdict, sizeof(verdict), "errno %d, handled %d\n",
		    errno, (int)handled);
}

static void
block_sigsuspend(void)
{
	sigset_t set;

	handle(SIGUSR1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigemptyset(&set);
	ready();
	expect(sigsuspend(&set), -1);
	if (errno != EINTR || handled != 1)
		snprintf(verdict, sizeof(verdict), "errno %d, handled %d\n",
		    errno, (int)handled);
}

static void
block_sigwait(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ready();
	expect(sigwaitinfo(&set, NULL), SIGUSR1);
}

static void
block_sigtimedwait(void)
{
	const struct timespec time = { 1000, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ready();
	expect(sigtimedwait(&set, NULL, &time), SIGUSR1);
}

static struct sockaddr_un
address(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	strcpy(name.sun_path, "socket");
	return name;
}

static int
bound(int type)
{
	struct sockaddr_un name = address();
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd == -1 ||
	    bind(fd, (struct sockaddr *)&name, sizeof(name)) == -1 ||
	    (type == SOCK_STREAM && listen(fd, 1) == -1))
		err(1, "socket");
	return fd;
}

static void
wake_socket(pid_t pid)
{
	struct sockaddr_un name = address();
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)pid;
	if (sendto(fd, "x", 1, 0, (struct sockaddr *)&name, sizeof(name)) != 1)
		err(1, "sendto");
}

static void
wake_accept(pid_t pid)
{
	struct sockaddr_un name = address();
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)pid;
	if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == -1)
		err(1, "connect");
}

static void
block_accept(void)
{
	int fd = bound(SOCK_STREAM);

	ready();
	expect(accept(fd, NULL, NULL) >= 3, 1);
}

static int
timed_socket(void)
{
	const struct timeval time = { 1000, 0 };
	int fd = bound(SOCK_DGRAM);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) == -1)
		err(1, "setsockopt");
	return fd;
}

static void
block_recv(void)
{
	int fd = bound(SOCK_DGRAM);
	char byte;

	ready();
	expect(recv(fd, &byte, 1, 0), 1);
}

static void
block_recv_time(void)
{
	int fd = timed_socket();
	char byte;

	ready();
	expect(recv(fd, &byte, 1, 0), 1);
}

static void
block_read_socket_time(void)
{
	int fd = timed_socket();
	char byte;

	ready();
	expect(read(fd, &byte, 1), 1);
}

/* A child holds the lock until it is told. */
static void
block_flock(void)
{
	int locked = open("lock", O_RDWR | O_CREAT, 0600), fd = fifo(), mine;
	char byte;

	if (locked == -1 || flock(locked, LOCK_EX) == -1)
		err(1, "lock");
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		_exit(read(fd, &byte, 1) == 1 ? 0 : 1);
	}
	close(locked);
	mine = open("lock", O_RDWR);
	ready();
	expect(flock(mine, LOCK_EX), 0);
}

static void
block_msgrcv(void)
{
	struct message message;
	int queue = msgget(ftok(".", 'm'), IPC_CREAT | 0600);

	if (queue == -1)
		err(1, "msgget");
	ready();
	expect(msgrcv(queue, &message, sizeof(message.text), 0, 0), 8);
	msgctl(queue, IPC_RMID, NULL);
}

static void
wake_msgrcv(pid_t pid)
{
	const struct message message = { 1, "wake up" };

	(void)pid;
	if (msgsnd(msgget(ftok(".", 'm'), 0), &message, 8, 0) == -1)
		err(1, "msgsnd");
}

static void
block_semop(void)
{
	struct sembuf take = { 0, -1, 0 };
	const struct timespec time = { 1000, 0 };
	int set = semget(ftok(".", 's'), 1, IPC_CREAT | 0600);

	if (set == -1)
		err(1, "semget");
	ready();
	expect(semtimedop(set, &take, 1, &time), 0);
	semctl(set, 0, IPC_RMID);
}

static void
wake_semop(pid_t pid)
{
	struct sembuf give = { 0, 1, 0 };

	(void)pid;
	if (semop(semget(ftok(".", 's'), 1, 0), &give, 1) == -1)
		err(1, "semop");
}

/* Do vectors of more than 128 bits stay as they are for a while? */
static bool
vectors_stay(void)
{
#ifdef __aarch64__
	long changed, count = 1000000, all;

	if ((getauxval(AT_HWCAP) & HWCAP_SVE) == 0)
		return true;
	/* A vector and a predicate, set before a loop and seen after it. */
	__asm__ volatile(".arch_extension sve\n\t"
			 "ptrue p0.b\n\t"
			 "index z30.b, #1, #3\n\t"
			 "1: subs %1, %1, #1\n\t"
			 "b.ne 1b\n\t"
			 "ptrue p1.b\n\t"
			 "index z31.b, #1, #3\n\t"
			 "cmpne p2.b, p1/z, z30.b, z31.b\n\t"
			 "cset %0, ne\n\t"
			 "cntp %1, p1, p0.b\n\t"
			 "cntb %2"
			 : "=&r"(changed), "+r"(count), "=r"(all)
			 :
			 : "v30", "v31", "cc");
	return changed == 0 && count == all;
#else
	return true;
#endif
}

/*
 * No call at all: the same sum over and over, in as many registers as the
 * compiler finds, whole and floating, until a file tells it to end.
 */
static uint64_t
sum(void)
{
	uint64_t a = 1, b = 2, c = 3, d = 5;
	double x = 1, y = 0.5;
	int i;

	for (i = 0; i < 20000; i++) {
		a = a * 6364136223846793005U + b;
		b ^= c >> 7 ^ a << 3;
		c += d * a;
		d = d << 9 ^ b;
		x = x * 0.999 + y;
		y = y * 0.5 + 1 / x;
	}
	return a ^ b ^ c ^ d ^ (uint64_t)(x * 1e9) ^ (uint64_t)(y * 1e9);
}

static void
block_compute(void)
{
	const uint64_t expected = sum();

	ready();
	while (access("enough", F_OK) == -1)
		if (sum() != expected || !vectors_stay()) {
			snprintf(verdict, sizeof(verdict), "wrong sum\n");
			break;
		}
}

static void
wake_compute(pid_t pid)
{
	(void)pid;
	close(open("enough", O_WRONLY | O_CREAT, 0600));
}

/*
 * Be rescued again and again: whenever told through the FIFO "again", have the
 * terminal back on 0, 1 and a third, and the default action for SIGHUP, and say
 * so.
 */
static void
be_again(int third)
{
	int again = open("again", O_RDWR | O_CLOEXEC), fd;
	const char *name = ttyname(0);
	char byte;

	if (again == -1 || name == NULL)
		err(1, "again");
	name = strdup(name);
	ready();
	while (read(again, &byte, 1) == 1 && byte != 'x') {
		signal(SIGHUP, SIG_DFL);
		fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (fd == -1 || dup2(fd, 0) == -1 || dup2(fd, 1) == -1 ||
		    dup2(fd, third) == -1)
			err(1, "%s", name);
		close(fd);
		tell("done", "ok\n");
	}
	expect(byte, 'x');
	if (handled != 0)
		snprintf(
		    verdict, sizeof(verdict), "handled %d\n", (int)handled);
}

static void
block_again(void)
{
	struct sigaction count = { .sa_handler = handler,
		.sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &count, NULL);
	sigaction(SIGSYS, &count, NULL);
	be_again(1);
}

static void
start_thread(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL) != 0)
		errx(1, "pthread_create");
}

/* At each SIGUSR1 descriptor 50 becomes a file. */
static void *
exchange(void *argument)
{
	int kept = open("kept", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	sigset_t set;

	(void)argument;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	for (;;)
		if (sigwaitinfo(&set, NULL) == -1 || dup2(kept, 50) == -1)
			err(1, "exchange");
}

/* Another thread does that, while 50 may be the terminal. */
static void
block_exchange(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	start_thread(exchange);
	be_again(50);
}

/* Once it is told, be another program, which is "read". */
static void
block_exec(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	ready();
	expect(sigwaitinfo(&set, NULL), SIGUSR1);
	execl("/proc/self/exe", "victim", "read", (char *)NULL);
	err(1, "exec");
}

/* Once it is told, write more than a terminal takes that nobody reads. */
static void
block_flood(void)
{
	int fd = fifo(), number;
	ssize_t done;
	char line[32], *rest;

	ready();
	expect(read(fd, line, 1), 1);
	for (number = 1; number <= 20000; number++) {
		snprintf(line, sizeof(line), "v:1.%d\n", number);
		for (rest = line; *rest != '\0'; rest += done) {
			done = write(1, rest, strlen(rest));
			if (done == -1) {
				expect(done, (long)strlen(rest));
				return;
			}
		}
	}
}

/* The child holds its parent in vfork(): nothing stops that one. */
static void
block_vfork(void)
{
	int fd = fifo();
	volatile ssize_t length = 0;
	char byte;

	ready();
	if (vfork() == 0) {
		length = read(fd, &byte, 1);
		_exit(0);
	}
	expect(length, 1);
}

/* Afterwards it is told as a new one. */
static void
block_vfork_read(void)
{
	block_vfork();
	block_read();
}

/* One of its descriptors is above its limit. */
static void
block_limit(void)
{
	const struct rlimit limit = { 50, 50 };

	if (dup2(1, 100) == -1 || setrlimit(RLIMIT_NOFILE, &limit) == -1)
		err(1, "limit");
	block_read();
}

/*
 * Relay a terminal, opened by name, to a child on another one, whose session
 * that child leads.
 */
static void
block_relay(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	if (master == -1 || grantpt(master) == -1 || unlockpt(master) == -1 ||
	    open("/dev/tty", O_RDWR) == -1)
		err(1, "terminal");
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		if (setsid() == -1 || open(ptsname(master), O_RDWR) == -1)
			err(1, "session");
		tell("relayed", "up\n");
		for (;;)
			pause();
	}
	block_read();
}

/* A filter as in <linux/filter.h> and <linux/seccomp.h>: allow everything. */
static void
filter(int number)
{
	struct {
		unsigned short code;
		unsigned char if_true, if_false;
		unsigned value;
	} allow = { 0x06, 0, 0, 0x7fff0000 };
	const struct {
		unsigned short length;
		void *filter;
	} program = { 1, &allow };
	const int filter_mode = 2;

	(void)number;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, filter_mode, &program) == -1)
		err(1, "seccomp");
}

/* It gets one when it is told. */
static void
block_filter(void)
{
	struct sigaction action = { .sa_handler = filter,
		.sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &action, NULL);
	block_read();
}

static void
block_handler(void)
{
	handle(SIGHUP);
	block_read();
}

/* A signal is pending, and others are blocked, with all of its descriptors. */
static void
block_pending(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR2);
	raise(SIGRTMIN + 3);
	block_read();
}

/* The same for one that would stop it. */
static void
block_pending_stop(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTTIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTTIN);
	block_pending();
}

static void *
read_in_thread(void *argument)
{
	(void)argument;
	block_read();
	puts("v:2");
	fflush(stdout);
	tell("done", verdict);
	exit(0);
}

static void
block_without_main(void)
{
	start_thread(read_in_thread);
	pthread_exit(NULL);
}

/*
 * A shell that cannot see what becomes of its job, because it blocks SIGCHLD
 * and waits for no child. The job reads.
 */
static void
block_blind_shell(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		if (setpgid(0, 0) == -1)
			err(1, "setpgid");
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		block_read();
		return;
	}
	for (;;)
		pause();
}

/* Its child is in the process group that the variable GROUP names. */
static void
block_lend_child(void)
{
	const char *group = getenv("GROUP");
	pid_t child = fork();

	if (child == -1)
		err(1, "fork");
	if (child > 0) {
		if (group == NULL || setpgid(child, atoi(group)) == -1)
			err(1, "setpgid");
		ready();
	}
	for (;;)
		pause();
}

/* Descriptors of all sorts, beside 0 to 2. */
static void
block_descriptors(void)
{
	const char *name = ttyname(0);
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	if (name == NULL || master == -1 || grantpt(master) == -1 ||
	    unlockpt(master) == -1)
		err(1, "terminal");
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (dup2(master, 20) == -1 || dup2(slave, 21) == -1 ||
	    dup2(open(name, O_RDONLY), 22) == -1 ||
	    dup2(open("/dev/tty", O_RDWR), 23) == -1 ||
	    dup3(1, 24, O_CLOEXEC) == -1 || dup2(1, 25) == -1 ||
	    dup2(open("kept", O_RDWR | O_CREAT, 0600), 26) == -1)
		err(1, "descriptors");
	block_read();
}

/*
 * A restartable sequence that never ends, but notices when it goes on after
 * the kernel has forgotten it. It starts again until the file tells it.
 */
static void
block_rseq(void)
{
#if defined(__x86_64__) && defined(SYS_rseq)
	/* As in <linux/rseq.h>. */
	static struct {
		uint32_t cpu_id_start, cpu_id;
		uint64_t section;
		uint32_t flags, pad[3];
	} area __attribute__((aligned(32)));
	static struct {
		uint32_t version, flags;
		uint64_t start, length, abort;
	} section __attribute__((aligned(32)));
	const unsigned signature = 0x53053053;
	long torn;

	/* glibc has its own area, and a thread can have only one. */
	if (syscall(SYS_rseq, &area, sizeof(area), 0, signature) == -1)
		err(1, "rseq");
	ready();
	do {
		/* The four bytes before the abort address are the signature. */
		__asm__ volatile("lea 1f(%%rip), %%rax\n\t"
				 "mov %%rax, 8(%1)\n\t"
				 "lea 2f(%%rip), %%rcx\n\t"
				 "sub %%rax, %%rcx\n\t"
				 "mov %%rcx, 16(%1)\n\t"
				 "lea 3f(%%rip), %%rax\n\t"
				 "mov %%rax, 24(%1)\n\t"
				 "xor %%eax, %%eax\n\t"
				 "mov %1, 8(%2)\n\t"
				 "1: cmpq $0, 8(%2)\n\t"
				 "jne 1b\n\t"
				 "2: mov $1, %%eax\n\t"
				 "jmp 4f\n\t"
				 ".byte 0x0f, 0xb9, 0x3d\n\t"
				 ".long 0x53053053\n\t"
				 "3:\n\t"
				 "4:"
				 : "=&a"(torn)
				 : "r"(&section), "r"(&area)
				 : "rcx", "memory", "cc");
	} while (torn == 0 && access("enough", F_OK) == -1);
	expect(torn, 0);
#else
	errx(1, "not for this processor");
#endif
}

static const struct kind {
	const char *name;
	void (*block)(void);
	void (*wake)(pid_t);
} kinds[] = {
	{ "read-terminal", block_read_terminal, wake_nothing },
	{ "read", block_read, wake_fifo },
	{ "write", block_write, wake_write },
	{ "open", block_open, wake_fifo },
	{ "nanosleep", block_nanosleep, wake_nothing },
	{ "clock_nanosleep", block_clock_nanosleep, wake_nothing },
	{ "poll", block_poll, wake_fifo },
	{ "ppoll", block_ppoll, wake_fifo },
	{ "select", block_select, wake_fifo },
	{ "epoll_wait", block_epoll_wait, wake_fifo },
	{ "epoll_pwait", block_epoll_pwait, wake_fifo },
	{ "epoll-signal", block_epoll_signal, wake_signal },
	{ "futex", block_futex, wake_futex },
	{ "futex-time", block_futex_time, wake_futex },
	{ "wait", block_wait, wake_fifo },
	{ "pause", block_pause, wake_signal },
	{ "sigsuspend", block_sigsuspend, wake_signal },
	{ "sigwait", block_sigwait, wake_signal },
	{ "sigtimedwait", block_sigtimedwait, wake_signal },
	{ "accept", block_accept, wake_accept },
	{ "recv", block_recv, wake_socket },
	{ "recv-time", block_recv_time, wake_socket },
	{ "read-socket-time", block_read_socket_time, wake_socket },
	{ "flock", block_flock, wake_fifo },
	{ "msgrcv", block_msgrcv, wake_msgrcv },
	{ "semtimedop", block_semop, wake_semop },
	{ "compute", block_compute, wake_compute },
};

/* For the other tests. */
static const struct kind specials[] = {
	{ "again", block_again, wake_nothing },
	{ "vfork", block_vfork, wake_fifo },
	{ "vfork-read", block_vfork_read, wake_fifo },
	{ "rseq", block_rseq, wake_compute },
	{ "limit", block_limit, wake_fifo },
	{ "exchange", block_exchange, wake_nothing },
	{ "exec", block_exec, wake_signal },
	{ "flood", block_flood, wake_fifo },
	{ "relay", block_relay, wake_fifo },
	{ "filter", block_filter, wake_fifo },
	{ "handler", block_handler, wake_fifo },
	{ "pending", block_pending, wake_fifo },
	{ "pending-stop", block_pending_stop, wake_fifo },
	{ "without-main", block_without_main, wake_fifo },
	{ "descriptors", block_descriptors, wake_fifo },
	{ "blind-shell", block_blind_shell, wake_fifo },
	{ "lend-child", block_lend_child, wake_nothing },
};

static void
run_filtered(char *argv[])
{
	filter(0);
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

static const struct kind *
find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(name, kinds[i].name) == 0)
			return &kinds[i];
	for (i = 0; i < sizeof(specials) / sizeof(*specials); i++)
		if (strcmp(name, specials[i].name) == 0)
			return &specials[i];
	errx(2, "%s: no such kind", name);
}

static const struct kind *mine;
static sigset_t at_start;

static void *
live(void *argument)
{
	(void)argument;
	pthread_sigmask(SIG_SETMASK, &at_start, NULL);
	mine->block();
	puts("v:2");
	if (fflush(stdout) == EOF)
		err(1, "standard output");
	tell("done", verdict);
	exit(0);
}

/*
 * The tests' signals are for that other thread. What is ignored the first must
 * not block: the kernel would wake another for it.
 */
static void
live_in_thread(void)
{
	const int signals[] = { SIGUSR1, SIGTSTP, SIGTTIN, SIGTTOU };
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&set, signals[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	start_thread(live);
	for (;;)
		pause();
}

int
main(int argc, char *argv[])
{
	const char prefix[] = "thread-";
	const char *name = argv[argc > 3 ? 2 : 1];
	size_t i, skip = 0;

	if (argc < 2)
		errx(2, "usage: victim KIND");
	pthread_sigmask(SIG_BLOCK, NULL, &at_start);
	if (strncmp(name, prefix, strlen(prefix)) == 0)
		skip = strlen(prefix);
	if (strcmp(argv[1], "-l") == 0)
		for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
			puts(kinds[i].name);
	else if (strcmp(argv[1], "-s") == 0 && argc > 2)
		run_filtered(argv + 2);
	else if (strcmp(argv[1], "-w") == 0 && argc == 4)
		find_kind(name + skip)->wake((pid_t)atoi(argv[3]));
	else {
		mine = find_kind(name + skip);
		if (skip != 0)
			live_in_thread();
		live(NULL);
	}
	return 0;
}
