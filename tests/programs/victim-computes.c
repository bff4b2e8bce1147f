/*
 * victim-computes.c: victims that make no call, but would notice any change of
 * their registers. They go on until the file "enough" is there.
 */
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "victim.h"

#ifndef HWCAP_SVE
#define HWCAP_SVE (1 << 22) /* aarch64 */
#endif

/* Do vectors longer than 128 bits keep their content for a while? */
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
 * A sum in as many integer and floating point registers as there are. What is
 * volatile has the compiler do it each time.
 */
static uint64_t
sum(void)
{
	static volatile uint64_t first = 1;
	uint64_t a = first, b = 2, c = 3, d = 5;
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
compute(void)
{
	const uint64_t expected = sum();

	while (access("enough", F_OK) == -1)
		if (sum() != expected || !vectors_stay()) {
			fail("wrong sum");
			break;
		}
}

void
block_compute(void)
{
	ready();
	compute();
}

/*
 * Unmap the vDSO. After that, the C library of i386 cannot make a call, and what
 * a sanitizer does at an allocation may need it, too.
 */
static void
unmap_vdso(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long from, to = 0;
	char line[512];

	if (maps == NULL)
		err(1, "maps");
	while (to == 0 && fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, "[vdso]") == NULL ||
		    sscanf(line, "%lx-%lx", &from, &to) != 2)
			to = 0;
	fclose(maps);
	if (to != 0 && munmap((void *)from, to - from) == -1)
		err(1, "vdso");
}

/* Map a file that looks like instructions for system calls, but is no code. */
static void
map_data(void)
{
	/* Two of x86-64, and one of aarch64. */
	static const unsigned char bytes[] = { 0x0f, 0x05, 0x0f, 0x05, 0x01,
		0x00, 0x00, 0xd4 };
	/* Below the program, so that it is found first. */
	void *const below = (void *)0x100000;
	int fd = open("data", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes) ||
	    mmap(below, sizeof(bytes), PROT_READ, MAP_PRIVATE, fd, 0) ==
		MAP_FAILED)
		err(1, "data");
	close(fd);
}

void
block_compute_alone(void)
{
	map_data();
	ready();
	unmap_vdso();
	compute();
}

/* Write the address of a label into a section at this offset. */
#if defined(__x86_64__)
#define PUT(label, offset)                                                     \
	"lea " label "(%%rip), %0\n\tmov %0, " offset "(%1)\n\t"
#elif defined(__i386__)
#define PUT(label, offset)                                                     \
	"call 9f\n\t9: pop %0\n\tlea " label " - 9b(%0), %0\n\t"               \
	"mov %0, " offset "(%1)\n\t"
#endif

/*
 * A restartable sequence, see rseq(2), whose section is an endless loop. The
 * kernel must abort it after each interruption. If it lost track of the section
 * instead, the loop would end by itself: the sequence is torn.
 */
void
block_rseq(void)
{
#if defined(PUT) && defined(SYS_rseq)
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
		__asm__ volatile(
		    PUT("1f", "8") PUT("3f", "24") "movl $2f - 1f, 16(%1)\n\t"
						   "mov %1, 8(%2)\n\t"
						   "1: cmpl $0, 8(%2)\n\t"
						   "jne 1b\n\t"
						   "2: mov $1, %0\n\t"
						   "jmp 4f\n\t"
						   ".byte 0x0f, 0xb9, 0x3d\n\t"
						   ".long 0x53053053\n\t"
						   "3: mov $0, %0\n\t"
						   "4:"
		    : "=&r"(torn)
		    : "r"(&section), "r"(&area)
		    : "memory", "cc");
	} while (torn == 0 && access("enough", F_OK) == -1);
	expect(torn, 0);
#else
	errx(1, "not for this processor");
#endif
}

void
wake_compute(pid_t pid)
{
	(void)pid;
	close(open("enough", O_WRONLY | O_CREAT, 0600));
}
