/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * http.h - a small HTTP/1.0 server that takes its time, and a client for it
 *
 * The server is a process of its own on an unused port of the loopback interface. It answers each
 * request after a delay, any number of them at the same time: it waits in poll() for whatever comes
 * next. It ends when the scenario lets go of it, or ends itself.
 */
#ifndef WORKLOADS_HTTP_H
#define WORKLOADS_HTTP_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "workloads/child.h"

#define HTTP_REQUEST_MAX 512
/* More connections than that wait until others have been answered. */
#define HTTP_CONNECTIONS 1024

struct http_server {
	in_port_t port; /* in network byte order */
	int listening, leash;
	uint64_t delay_ns;
	pid_t pid;
	struct http_figures *figures;
};

/* In memory shared with the server. */
struct http_figures {
	uint64_t answered, open, most_open;
};

/* ---- the server ---------------------------------------------------------------------------- */

struct http_connection {
	char request[HTTP_REQUEST_MAX];
	size_t size;
	uint64_t due; /* when to answer, 0: the request is not complete */
};

struct http_service {
	const struct http_server *server;
	/* The same index in both; the first two are the leash and the listening socket. */
	struct pollfd polled[2 + HTTP_CONNECTIONS];
	struct http_connection *connections[2 + HTTP_CONNECTIONS];
	nfds_t count;
};

static inline void http_hang_up(struct http_service *service, nfds_t i)
{
	close(service->polled[i].fd);
	free(service->connections[i]);
	service->count--;
	service->polled[i] = service->polled[service->count];
	service->connections[i] = service->connections[service->count];
	service->server->figures->open--;
}

static inline void http_accept(struct http_service *service)
{
	int fd = accept4(service->server->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct http_figures *figures = service->server->figures;
	struct http_connection *connection;

	if (fd < 0)
		return;
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		scenario_fail(errno, "no memory for a connection");
	service->polled[service->count] = (struct pollfd){.fd = fd, .events = POLLIN};
	service->connections[service->count++] = connection;
	if (++figures->open > figures->most_open)
		figures->most_open = figures->open;
}

/* The answer to "GET /job/N" is a figure that only who read N can know. */
static inline uint64_t http_result(uint64_t job)
{
	return job * job + 1;
}

/* So little fits into the socket's buffer at once. */
static inline void http_answer(struct http_service *service, nfds_t i)
{
	struct http_connection *connection = service->connections[i];
	char answer[128];
	uint64_t job;
	int length;

	if (sscanf(connection->request, "GET /job/%" SCNu64 " HTTP/1.0\r\n", &job) == 1)
		length =
			snprintf(answer, sizeof(answer),
				 "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n%" PRIu64 "\n",
				 http_result(job));
	else
		length = snprintf(answer, sizeof(answer), "HTTP/1.0 400 Bad Request\r\n\r\n");
	/* Who is gone gets no answer. */
	if (send(service->polled[i].fd, answer, (size_t)length, MSG_NOSIGNAL) == length)
		service->server->figures->answered++;
	http_hang_up(service, i);
}

static inline void http_receive(struct http_service *service, nfds_t i)
{
	struct http_connection *connection = service->connections[i];
	ssize_t got = recv(service->polled[i].fd, connection->request + connection->size,
			   sizeof(connection->request) - 1 - connection->size, 0);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		http_hang_up(service, i);
		return;
	}
	connection->size += (size_t)got;
	if (!strstr(connection->request, "\r\n\r\n"))
		return;
	connection->due = scenario_now() + service->server->delay_ns;
	service->polled[i].events = 0;
}

/* How long poll() may sleep: until the next answer is due. ppoll() counts in ns. */
static inline const struct timespec *http_patience(const struct http_service *service,
						   struct timespec *ret)
{
	uint64_t next = UINT64_MAX, now = scenario_now(), left;

	for (nfds_t i = 2; i < service->count; i++)
		if (service->connections[i]->due && service->connections[i]->due < next)
			next = service->connections[i]->due;
	if (next == UINT64_MAX)
		return NULL;
	left = next > now ? next - now : 0;
	*ret = (struct timespec){.tv_sec = (time_t)(left / 1000000000),
				 .tv_nsec = (long)(left % 1000000000)};
	return ret;
}

static inline void http_serve_once(struct http_service *service)
{
	struct timespec patience;
	uint64_t now;

	service->polled[1].events = service->count < 2 + HTTP_CONNECTIONS ? POLLIN : 0;
	if (ppoll(service->polled, service->count, http_patience(service, &patience), NULL) < 0) {
		if (errno == EINTR)
			return;
		scenario_fail(errno, "the server cannot wait");
	}
	now = scenario_now();
	/* Backwards, as the last one takes the place of one that goes. */
	for (nfds_t i = service->count; i-- > 2;) {
		if (service->connections[i]->due && service->connections[i]->due <= now)
			http_answer(service, i);
		else if (service->polled[i].revents & POLLIN)
			http_receive(service, i);
		else if (service->polled[i].revents)
			http_hang_up(service, i);
	}
	if (service->polled[1].revents)
		http_accept(service);
}

static inline void http_serve(void *argument)
{
	const struct http_server *server = argument;
	struct http_service *service = calloc(1, sizeof(*service));

	if (!service)
		scenario_fail(errno, "no memory for the server");
	service->server = server;
	service->polled[0] = (struct pollfd){.fd = server->leash, .events = POLLIN};
	service->polled[1] = (struct pollfd){.fd = server->listening};
	service->count = 2;
	while (!service->polled[0].revents)
		http_serve_once(service);
	while (service->count > 2)
		http_hang_up(service, service->count - 1);
	free(service);
}

/* ---- its owner ----------------------------------------------------------------------------- */

struct http_owner {
	struct http_server server;
	int leash; /* letting go of it ends the server */
};

static inline void http_run_server(void *argument)
{
	struct http_owner *owner = argument;

	close(owner->leash);
	http_serve(&owner->server);
}

/* Listens before the server's process exists: nobody can come too early. */
static inline void http_server_start(struct http_owner *owner, uint64_t delay_ns)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	struct http_server *server = &owner->server;
	int ends[2];

	server->delay_ns = delay_ns;
	server->figures = child_shared_memory(sizeof(*server->figures));
	server->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listening < 0 ||
	    bind(server->listening, (const struct sockaddr *)&address, size) ||
	    listen(server->listening, SOMAXCONN) ||
	    getsockname(server->listening, (struct sockaddr *)&address, &size))
		scenario_fail(errno, "there is no port for the server on 127.0.0.1");
	server->port = address.sin_port;
	if (pipe2(ends, O_CLOEXEC))
		scenario_fail(errno, "no pipe");
	server->leash = ends[0];
	owner->leash = ends[1];
	server->pid = child_start(http_run_server, owner, "server");
	close(server->listening);
	close(server->leash);
	scenario_fact("port", ntohs(server->port));
}

/* Tells what the server saw. */
static inline void http_server_stop(struct http_owner *owner)
{
	int status;

	close(owner->leash);
	status = child_join(owner->server.pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		scenario_fail(0, "the server failed");
	scenario_fact("answered", (int64_t)owner->server.figures->answered);
	scenario_fact("most_open", (int64_t)owner->server.figures->most_open);
	munmap(owner->server.figures, sizeof(*owner->server.figures));
}

/* ---- a client ------------------------------------------------------------------------------ */

/* All that the server sends until it hangs up. */
static inline void http_read_answer(int fd, char *answer, size_t size)
{
	size_t got = 0;

	while (got < size - 1) {
		ssize_t more = recv(fd, answer + got, size - 1 - got, 0);

		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			scenario_fail(errno, "the server's answer cannot be read");
		if (!more)
			break;
		got += (size_t)more;
	}
	answer[got] = '\0';
}

/* One connection, one request, one answer. */
static inline uint64_t http_get(const struct http_server *server, uint64_t job)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				      .sin_port = server->port};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[256];
	const char *body;
	uint64_t result;
	int length;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		scenario_fail(errno, "the server cannot be reached");
	length = snprintf(text, sizeof(text), "GET /job/%" PRIu64 " HTTP/1.0\r\n\r\n", job);
	if (send(fd, text, (size_t)length, MSG_NOSIGNAL) != length)
		scenario_fail(errno, "the request cannot be sent");
	http_read_answer(fd, text, sizeof(text));
	close(fd);
	body = strstr(text, "\r\n\r\n");
	if (strncmp(text, "HTTP/1.0 200 ", 13) || !body ||
	    sscanf(body + 4, "%" SCNu64, &result) != 1)
		scenario_fail(0, "the server's answer cannot be understood");
	return result;
}

#endif
