/* SPDX-License-Identifier: BSD-2-Clause */
/* The keyboard in single-key mode. */
#include "ui/cli/tty.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/*
 * SIGTSTP would stop the process with the terminal in our mode. It is blocked and read from a
 * descriptor instead: the terminal is given back, then the process stops itself. SIGINT and the
 * like still come as signals: ISIG stays on.
 */

static bool foreground(const struct tty *t)
{
	return t->fd >= 0 && tcgetpgrp(t->fd) == getpgrp();
}

static void take(struct tty *t)
{
	struct termios mode;

	if (t->raw || !foreground(t) || tcgetattr(t->fd, &t->saved) < 0)
		return;
	mode = t->saved;
	mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	t->raw = tcsetattr(t->fd, TCSANOW, &mode) == 0;
}

static void give_back(struct tty *t)
{
	/* from the background tcsetattr would stop us, and the terminal is no longer ours anyway */
	if (t->raw && foreground(t))
		tcsetattr(t->fd, TCSANOW, &t->saved);
	t->raw = false;
}

void tty_open(struct tty *t)
{
	sigset_t set;

	t->fd = t->signals = -1;
	t->raw = false;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return;
	t->fd = open("/dev/tty", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		return;
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	t->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (t->signals >= 0)
		sigprocmask(SIG_BLOCK, &set, NULL);
	take(t);
}

void tty_close(struct tty *t)
{
	sigset_t set;

	give_back(t);
	if (t->signals >= 0) {
		close(t->signals);
		sigemptyset(&set);
		sigaddset(&set, SIGTSTP);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
	if (t->fd >= 0)
		close(t->fd);
	t->fd = t->signals = -1;
}

int tty_fd(struct tty *t)
{
	return t->raw && foreground(t) ? t->fd : -1;
}

void tty_tend(struct tty *t)
{
	struct signalfd_siginfo info;

	if (t->fd < 0)
		return;
	if (t->signals >= 0 && read(t->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		give_back(t);
		raise(SIGSTOP);
	}
	if (!foreground(t))
		t->raw = false; /* the shell has put its own mode there */
	take(t);
}

char tty_key(struct tty *t)
{
	char key;

	return tty_fd(t) >= 0 && read(t->fd, &key, 1) == 1 ? key : 0;
}
