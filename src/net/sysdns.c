/* SPDX-License-Identifier: BSD-2-Clause */
/* Names as this system resolves them: getaddrinfo, getnameinfo and so nsswitch.conf. */
#include "net/sysdns.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The C library offers no way to look a name up without blocking, so a few threads block for us.
 * They touch nothing but this struct, under its lock. Who closes does not wait for them - one may
 * hang for half a minute - but leaves the struct to the last.
 */
struct job {
	struct job *next;
	struct addr addr;
	sysdns_fn fn;
	void *ctx;
	bool named;
	char name[NI_MAXHOST];
};

struct queue {
	struct job *first, **tail;
};

struct sysdns {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct queue todo, done;
	unsigned max, threads, idle;
	size_t n_todo;
	bool closed;
	int event_fd;
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->tail = &q->first;
}

static void queue_add(struct queue *q, struct job *j)
{
	j->next = NULL;
	*q->tail = j;
	q->tail = &j->next;
}

static struct job *queue_take(struct queue *q)
{
	struct job *j = q->first;

	if (j)
		q->first = j->next;
	if (!q->first)
		q->tail = &q->first;
	return j;
}

static void queue_free(struct queue *q)
{
	for (struct job *j; (j = queue_take(q));)
		free(j);
}

static void destroy(struct sysdns *s)
{
	queue_free(&s->todo);
	queue_free(&s->done);
	if (s->event_fd >= 0)
		close(s->event_fd);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int sysdns_open(struct sysdns **out, unsigned threads, struct err *e)
{
	struct sysdns *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (!s)
		return err_set(e, -ENOMEM, "no memory to look names up");
	queue_init(&s->todo);
	queue_init(&s->done);
	s->max = threads;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->event_fd < 0) {
		int rc = err_sys(e, "cannot prepare to look names up");

		destroy(s);
		return rc;
	}
	*out = s;
	return 0;
}

void sysdns_close(struct sysdns *s)
{
	bool last;

	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->closed = true;
	last = s->threads == 0;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (last)
		destroy(s);
}

static void look_up(struct job *j)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_scope_id = j->addr.zone};
	const struct sockaddr *sa = j->addr.family == 4 ? (void *)&in : (void *)&in6;
	socklen_t len = j->addr.family == 4 ? sizeof(in) : sizeof(in6);

	memcpy(&in.sin_addr, j->addr.b, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, j->addr.b, sizeof(in6.sin6_addr));
	j->named = getnameinfo(sa, len, j->name, sizeof(j->name), NULL, 0, NI_NAMEREQD) == 0;
}

/* Called and left with the lock held. */
static void serve(struct sysdns *s)
{
	static const uint64_t one = 1;
	struct job *j = queue_take(&s->todo);

	if (!j) {
		s->idle++;
		pthread_cond_wait(&s->wake, &s->lock);
		s->idle--;
		return;
	}
	s->n_todo--;
	pthread_mutex_unlock(&s->lock);
	look_up(j);
	pthread_mutex_lock(&s->lock);
	queue_add(&s->done, j);
	if (write(s->event_fd, &one, sizeof(one)) < 0)
		return; /* only when the counter is full, and then it is readable */
}

static void *work(void *ctx)
{
	struct sysdns *s = ctx;
	bool last;

	pthread_mutex_lock(&s->lock);
	while (!s->closed)
		serve(s);
	last = --s->threads == 0;
	pthread_mutex_unlock(&s->lock);
	if (last)
		destroy(s);
	return NULL;
}

/* Signals are the main thread's business. Called with the lock held. */
static int start_thread(struct sysdns *s)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 512 * 1024);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&thread, &attr, work, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	s->threads += rc == 0;
	return -rc;
}

int sysdns_ptr(struct sysdns *s, const struct addr *a, sysdns_fn fn, void *ctx)
{
	struct job *j = calloc(1, sizeof(*j));
	int rc = 0;

	if (!j)
		return -ENOMEM;
	j->addr = *a;
	j->fn = fn;
	j->ctx = ctx;
	pthread_mutex_lock(&s->lock);
	if (s->n_todo >= s->idle && s->threads < s->max)
		rc = start_thread(s);
	if (s->threads) {
		queue_add(&s->todo, j);
		s->n_todo++;
		pthread_cond_signal(&s->wake);
		rc = 0;
	}
	pthread_mutex_unlock(&s->lock);
	if (rc < 0)
		free(j);
	return rc;
}

int sysdns_fd(const struct sysdns *s)
{
	return s->event_fd;
}

void sysdns_step(struct sysdns *s)
{
	struct queue done;
	uint64_t count;

	queue_init(&done);
	if (read(s->event_fd, &count, sizeof(count)) < 0)
		return; /* nothing has been finished */
	pthread_mutex_lock(&s->lock);
	for (struct job *j; (j = queue_take(&s->done));)
		queue_add(&done, j);
	pthread_mutex_unlock(&s->lock);
	for (struct job *j; (j = queue_take(&done));) {
		j->fn(j->ctx, j->named ? j->name : NULL);
		free(j);
	}
}

static int take_addresses(const struct addrinfo *list, unsigned family, struct addr_list *out)
{
	int rc = 0;

	for (; list && rc == 0; list = list->ai_next) {
		struct sockaddr_in6 in6;
		struct sockaddr_in in;
		struct addr a = {0};

		if (list->ai_family == AF_INET) {
			memcpy(&in, list->ai_addr, sizeof(in));
			a = addr_from_bytes(4, (const uint8_t *)&in.sin_addr);
		} else if (list->ai_family == AF_INET6) {
			memcpy(&in6, list->ai_addr, sizeof(in6));
			a = addr_from_bytes(6, (const uint8_t *)&in6.sin6_addr);
			a.zone = in6.sin6_scope_id;
		}
		rc = addr_list_add(out, family, &a);
	}
	return rc;
}

int sysdns_forward(const char *name, unsigned family, struct addr_list *out, struct err *e)
{
	struct addrinfo hints = {
		.ai_family = family == 4   ? AF_INET
			     : family == 6 ? AF_INET6
					   : AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list = NULL;
	int status = getaddrinfo(name, NULL, &hints, &list);
	int rc;

	if (status != 0)
		return err_set(
			e, ERR_RESOLVE, "cannot resolve \"%s\": %s", name, gai_strerror(status));
	rc = take_addresses(list, family, out);
	freeaddrinfo(list);
	if (rc < 0)
		return err_set(e, rc, "cannot resolve \"%s\": no memory", name);
	if (out->n == 0)
		return err_set(
			e, ERR_RESOLVE, "cannot resolve \"%s\": no address of this kind", name);
	return 0;
}
