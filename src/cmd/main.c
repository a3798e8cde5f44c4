/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde: finds the command and runs it. */
#include <fcntl.h>
#include <unistd.h>

#include "cmd/cmd.h"

/* A standard descriptor that the caller closed would be given to the first file that is opened,
 * and what is meant for the terminal be written there. False when it cannot be had. */
static bool open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= STDIN_FILENO && fd <= STDERR_FILENO);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

int main(int argc, char **argv)
{
	const struct cmd *c;

	if (!open_standard())
		return EXIT_FAILED;
	c = cmd_find(&argc, argv);
	return c->run(argc, argv);
}
