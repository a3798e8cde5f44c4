/* SPDX-License-Identifier: BSD-2-Clause */
/* The keyboard: keys one by one, given back whenever the process ends, stops or goes to the
 * background. */
#pragma once

#include <stdbool.h>
#include <termios.h>

struct tty {
	int fd;	     /* /dev/tty, -1 = there is no keyboard for us */
	int signals; /* signalfd of SIGTSTP, -1 = none */
	bool raw;    /* the terminal is in our mode */
	struct termios saved;
};

/* Opens the keyboard when standard input and output are terminals; else fd is -1 and everything
 * else does nothing. */
void tty_open(struct tty *t);
void tty_close(struct tty *t);
/* The descriptor to poll, -1 while the process is in the background. */
int tty_fd(struct tty *t);
/* To be called now and then: stops the process when ^Z was typed, takes the terminal back in the
 * foreground. */
void tty_tend(struct tty *t);
/* The next key, 0 when there is none. Never blocks. */
char tty_key(struct tty *t);
