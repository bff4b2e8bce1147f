/*
 * facts.c owns how the facts of one job are compared with those of another.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "facts.h"

void
facts_read(pid_t job, char *facts)
{
	static const char home[] = "home/nohup.out";
	char text[FACTS_SIZE], own[32], *at, *end, *found;
	int fd = open("facts", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd != -1)
		close(fd);
	text[length > 0 ? length : 0] = '\0';
	facts[0] = '\0';
	snprintf(own, sizeof(own), "id=%ld", (long)job);
	for (at = text; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		*end = '\0';
		if (strncmp(at, "ppid=", 5) == 0)
			continue;
		found = strstr(at, home);
		if (found != NULL)
			memmove(found, found + 5, strlen(found + 5) + 1);
		/* pid, sid and pgid */
		found = strchr(at, '=');
		if (found != NULL && found - at >= 3 &&
		    strcmp(found - 2, own) == 0)
			found[1] = '\0';
		strcat(strcat(facts, at), "\n");
	}
}
