/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde: finds the command and runs it. */
#include "cmd/cmd.h"

int main(int argc, char **argv)
{
	const struct cmd *c = cmd_find(&argc, argv);

	return c->run(argc, argv);
}
