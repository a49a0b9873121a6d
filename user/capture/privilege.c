// SPDX-License-Identifier: GPL-2.0-only
#include "capture/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

bool privilege_has(int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[capability / 32].effective >> (capability % 32) & 1;
}

int privilege_check(void)
{
	bool bpf = privilege_has(CAP_BPF), perfmon = privilege_has(CAP_PERFMON);

	if (privilege_has(CAP_SYS_ADMIN) || (bpf && perfmon))
		return 0;
	if (bpf || perfmon)
		log_error(
			"the capability %s is missing: tracing needs CAP_BPF and CAP_PERFMON, or root",
			bpf ? "CAP_PERFMON" : "CAP_BPF");
	else
		log_error("tracing needs root: try `sudo ptrace-lab …` (or the capabilities "
			  "CAP_BPF and CAP_PERFMON)");
	return EXIT_NO_PRIVILEGE;
}

struct invoker invoker_find(void)
{
	struct invoker invoker = {.known = false};
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");
	int64_t uid_number, gid_number;

	if (geteuid() || !uid || !gid || parse_number(uid, 0, UINT32_MAX - 1, &uid_number) ||
	    parse_number(gid, 0, UINT32_MAX - 1, &gid_number) || !uid_number)
		return invoker;
	return (struct invoker){.known = true, .uid = uid_number, .gid = gid_number};
}

static void restore_environment(const struct passwd *user)
{
	static const char *const of_sudo[] = {"SUDO_UID", "SUDO_GID",  "SUDO_USER", "SUDO_COMMAND",
					      "SUDO_PS1", "SUDO_HOME", "MAIL"};

	for (size_t i = 0; i < sizeof(of_sudo) / sizeof(of_sudo[0]); i++)
		unsetenv(of_sudo[i]);
	setenv("HOME", user->pw_dir, 1);
	setenv("USER", user->pw_name, 1);
	setenv("LOGNAME", user->pw_name, 1);
	if (*user->pw_shell)
		setenv("SHELL", user->pw_shell, 1);
}

int invoker_become(const struct invoker *invoker)
{
	const struct passwd *user;

	if (!invoker->known)
		return 0;
	user = getpwuid(invoker->uid);
	if (user ? initgroups(user->pw_name, invoker->gid) : setgroups(0, NULL))
		return -errno;
	if (setresgid(invoker->gid, invoker->gid, invoker->gid) ||
	    setresuid(invoker->uid, invoker->uid, invoker->uid))
		return -errno;
	if (user)
		restore_environment(user);
	return 0;
}

int invoker_create(const struct invoker *invoker, const char *path)
{
	int fd, error;

	/* The file system's ids are this thread's alone, and drop root's way past permissions. */
	if (invoker->known) {
		setfsgid(invoker->gid);
		setfsuid(invoker->uid);
	}
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	error = -errno;
	if (invoker->known) {
		setfsuid(geteuid());
		setfsgid(getegid());
	}
	return fd < 0 ? error : fd;
}
