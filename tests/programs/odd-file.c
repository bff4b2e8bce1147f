/*
 * odd-file.c makes a file that no shell command makes.
 *
 *	odd-file socket PATH		a UNIX socket
 *	odd-file no-loader PATH		a program whose loader does not exist
 *	odd-file no-machine PATH	a program for a processor of another kind
 *	odd-file other-size PATH	a program of the other word size that
 *					sleeps, for x86
 *
 * The programs are no more than the headers that the kernel reads before it
 * decides, so they need no compiler, linker or library for them. The status is
 * 77 if there is no such file for this processor.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
make_socket(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(path) >= sizeof(name.sun_path))
		errx(1, "%s: too long", path);
	strcpy(name.sun_path, path);
	umask(0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&name, sizeof(name)) == -1)
		err(1, "%s", path);
}

static void
make_program(const char *path, const void *bytes, size_t length)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fwrite(bytes, length, 1, file) != 1 ||
	    fchmod(fileno(file), 0755) == -1 || fclose(file) == EOF)
		err(1, "%s", path);
}

/* For this processor and in its word size, as this program itself is. */
static ElfW(Ehdr) own_header(void)
{
	ElfW(Ehdr) header;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd == -1 || read(fd, &header, sizeof(header)) != sizeof(header))
		err(1, "/proc/self/exe");
	close(fd);
	return header;
}

static void
make_without_loader(const char *path)
{
	struct program {
		ElfW(Ehdr) header;
		ElfW(Phdr) loader;
		char name[16];
	} program = {
		.header = own_header(),
		.loader = { .p_type = PT_INTERP,
		    .p_flags = PF_R,
		    .p_offset = offsetof(struct program, name),
		    .p_filesz = sizeof(program.name) },
		.name = "/nosuch/loader",
	};

	program.header.e_phoff = offsetof(struct program, loader);
	program.header.e_phnum = 1;
	make_program(path, &program, sizeof(program));
}

static void
make_for_no_machine(const char *path)
{
	ElfW(Ehdr) header = own_header();

	header.e_machine = EM_NONE;
	make_program(path, &header, sizeof(header));
}

/*
 * pause() for ever: "mov $29, %eax; int $0x80; jmp back" on i386, and
 * "mov $34, %eax; syscall; jmp back" on x86_64.
 */
#if defined(__x86_64__)
#define OTHER(name) Elf32_##name
enum { OTHER_CLASS = ELFCLASS32, OTHER_MACHINE = EM_386 };
static const unsigned char code[] = { 0xb8, 29, 0, 0, 0, 0xcd, 0x80, 0xeb,
	0xf7 };
#elif defined(__i386__)
#define OTHER(name) Elf64_##name
enum { OTHER_CLASS = ELFCLASS64, OTHER_MACHINE = EM_X86_64 };
static const unsigned char code[] = { 0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb,
	0xf7 };
#endif

#ifdef OTHER
static void
make_other_size(const char *path)
{
	enum { ADDRESS = 0x08048000 };
	struct program {
		OTHER(Ehdr) header;
		OTHER(Phdr) all;
		unsigned char code[sizeof(code)];
	} program = {
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				OTHER_CLASS, ELFDATA2LSB, EV_CURRENT },
		    .e_type = ET_EXEC,
		    .e_machine = OTHER_MACHINE,
		    .e_version = EV_CURRENT,
		    .e_entry = ADDRESS + offsetof(struct program, code),
		    .e_phoff = offsetof(struct program, all),
		    .e_ehsize = sizeof(program.header),
		    .e_phentsize = sizeof(program.all),
		    .e_phnum = 1 },
		.all = { .p_type = PT_LOAD,
		    .p_vaddr = ADDRESS,
		    .p_filesz = sizeof(program),
		    .p_memsz = sizeof(program),
		    .p_flags = PF_R | PF_X,
		    .p_align = 4096 },
	};

	memcpy(program.code, code, sizeof(code));
	make_program(path, &program, sizeof(program));
}
#else
static void
make_other_size(const char *path)
{
	errx(77, "%s: no other word size for this processor", path);
}
#endif

int
main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		void (*make)(const char *);
	} kinds[] = {
		{ "socket", make_socket },
		{ "no-loader", make_without_loader },
		{ "no-machine", make_for_no_machine },
		{ "other-size", make_other_size },
	};
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(argv[1], kinds[i].name) == 0) {
			kinds[i].make(argv[2]);
			return 0;
		}
	errx(2, "usage: odd-file KIND PATH");
}
