/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs one command in a network namespace and says what it cost. A program of its own because the peak memory that wait4() gives
 * a child counts the program that forked it too: this one is small, a script is not.
 *
 *	measure NETNS-FILE OUTPUT-FILE MAX-SECONDS COMMAND [ARG...]
 *
 * prints one line: wall seconds, CPU seconds, peak KiB, exit status (128 + signal when killed).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t child;

static void end_child(int sig)
{
	if (child > 0)
		kill((pid_t)child, SIGKILL);
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int enter(const char *netns)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC), rc = fd < 0 || setns(fd, CLONE_NEWNET);

	if (rc)
		fprintf(stderr, "measure: %s: %s\n", netns, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

static void run(const char *output, char **command)
{
	int in = open("/dev/null", O_RDONLY), out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	execvp(command[0], command);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = end_child};
	struct rusage ru;
	double begin;
	int status;

	if (argc < 5) {
		fputs("usage: measure NETNS-FILE OUTPUT-FILE MAX-SECONDS COMMAND [ARG...]\n", stderr);
		return 2;
	}
	if (enter(argv[1]))
		return 1;
	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	begin = now();
	child = fork();
	if (!child)
		run(argv[2], argv + 4);
	alarm((unsigned)atoi(argv[3]));
	while (child < 0 || wait4((pid_t)child, &status, 0, &ru) < 0) {
		if (child < 0 || errno != EINTR)
			return 1;
	}
	printf("%.6f %.6f %ld %d\n", now() - begin, seconds(&ru.ru_utime) + seconds(&ru.ru_stime), ru.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
