// SPDX-License-Identifier: GPL-2.0-only
/* pcb_names.c - names for the numbers in a control block */
#include "model/tasks/pcb.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

const char *pcb_policy_name(uint32_t policy)
{
	static const char *const names[] = {
		[0] = "normal", [1] = "fifo",	  [2] = "round-robin", [3] = "batch",
		[5] = "idle",	[6] = "deadline", [7] = "extensible",
	};

	return policy < COUNT_OF(names) ? names[policy] : NULL;
}

const char *capability_name(unsigned int number)
{
	static const char *const names[] = {
		"chown",
		"dac_override",
		"dac_read_search",
		"fowner",
		"fsetid",
		"kill",
		"setgid",
		"setuid",
		"setpcap",
		"linux_immutable",
		"net_bind_service",
		"net_broadcast",
		"net_admin",
		"net_raw",
		"ipc_lock",
		"ipc_owner",
		"sys_module",
		"sys_rawio",
		"sys_chroot",
		"sys_ptrace",
		"sys_pacct",
		"sys_admin",
		"sys_boot",
		"sys_nice",
		"sys_resource",
		"sys_time",
		"sys_tty_config",
		"mknod",
		"lease",
		"audit_write",
		"audit_control",
		"setfcap",
		"mac_override",
		"mac_admin",
		"syslog",
		"wake_alarm",
		"block_suspend",
		"audit_read",
		"perfmon",
		"bpf",
		"checkpoint_restore",
	};

	return number < COUNT_OF(names) ? names[number] : NULL;
}

static const struct {
	const char *name;
	enum limit_unit unit;
} limits[PL_PCB_LIMITS] = {
	{"cpu time", LIMIT_SECONDS},
	{"file size", LIMIT_BYTES},
	{"data", LIMIT_BYTES},
	{"stack", LIMIT_BYTES},
	{"core file", LIMIT_BYTES},
	{"resident", LIMIT_BYTES},
	{"processes", LIMIT_COUNT},
	{"open files", LIMIT_COUNT},
	{"locked memory", LIMIT_BYTES},
	{"address space", LIMIT_BYTES},
	{"file locks", LIMIT_COUNT},
	{"pending signals", LIMIT_COUNT},
	{"message queues", LIMIT_BYTES},
	{"nice", LIMIT_COUNT},
	{"realtime priority", LIMIT_COUNT},
	{"realtime timeout", LIMIT_MICROSECONDS},
};

const char *limit_name(unsigned int number)
{
	return number < PL_PCB_LIMITS ? limits[number].name : NULL;
}

enum limit_unit limit_unit(unsigned int number)
{
	return number < PL_PCB_LIMITS ? limits[number].unit : LIMIT_COUNT;
}

static const char *protocol_of(const struct pl_pcb_file *file)
{
	static const char *const kinds[] = {
		[SOCK_STREAM] = "TCP", [SOCK_DGRAM] = "UDP", [SOCK_RAW] = "raw"};

	return file->protocol_type < COUNT_OF(kinds) && kinds[file->protocol_type]
		       ? kinds[file->protocol_type]
		       : "IP";
}

static const char *tcp_state(uint32_t state)
{
	static const char *const names[] = {
		NULL,	      "connected", "connecting",     "connecting", "closing",	"closing",
		"timed wait", NULL,	   "closed by peer", "closing",	   "listening", "closing",
	};

	return state < COUNT_OF(names) ? names[state] : NULL;
}

static void internet_text(const struct pl_pcb_file *file, char *out, size_t size)
{
	char local[INET6_ADDRSTRLEN] = "?", remote[INET6_ADDRSTRLEN] = "?";
	bool six = file->family == AF_INET6;
	const char *state =
		file->protocol_type == SOCK_STREAM ? tcp_state(file->socket_state) : NULL;

	inet_ntop(file->family, file->local_address, local, sizeof(local));
	inet_ntop(file->family, file->remote_address, remote, sizeof(remote));
	if (file->remote_port)
		snprintf(out, size, "%s %s%s%s:%u to %s%s%s:%u%s%s", protocol_of(file),
			 six ? "[" : "", local, six ? "]" : "", file->local_port, six ? "[" : "",
			 remote, six ? "]" : "", file->remote_port, state ? " " : "",
			 state ? state : "");
	else
		snprintf(out, size, "%s %s%s%s:%u%s%s", protocol_of(file), six ? "[" : "", local,
			 six ? "]" : "", file->local_port, state ? " " : "", state ? state : "");
}

static void socket_text(const struct pl_pcb_file *file, char *out, size_t size)
{
	switch (file->family) {
	case AF_INET:
	case AF_INET6:
		internet_text(file, out, size);
		return;
	case AF_UNIX:
		snprintf(out, size, "unix %s socket",
			 file->protocol_type == SOCK_STREAM  ? "stream"
			 : file->protocol_type == SOCK_DGRAM ? "datagram"
							     : "packet");
		return;
	case AF_NETLINK:
		snprintf(out, size, "netlink socket");
		return;
	}
	snprintf(out, size, "socket of family %u", file->family);
}

static bool is_terminal(uint32_t device)
{
	uint32_t major = device >> 20;

	return major == 4 || major == 5 || (major >= 136 && major <= 143);
}

const char *pcb_file_text(const struct pl_pcb_file *file, char *out, size_t size)
{
	static const char anonymous[] = "anon_inode:";

	switch (file->mode & S_IFMT) {
	case S_IFSOCK:
		socket_text(file, out, size);
		return out;
	case S_IFIFO:
		return "pipe";
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFBLK:
		return "block device";
	case S_IFCHR:
		return is_terminal(file->device) ? "terminal" : "device";
	}
	if (!strncmp(file->name, anonymous, strlen(anonymous))) {
		snprintf(out, size, "%s", file->name + strlen(anonymous));
		return out;
	}
	return "other";
}
