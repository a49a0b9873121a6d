// SPDX-License-Identifier: GPL-2.0-only
#include "capture/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

static int read_fully(int fd, void *out, size_t size)
{
	ssize_t got;

	do
		got = read(fd, out, size);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : (int)got;
}

static int silence(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	return fd >= 0 && dup2(fd, STDIN_FILENO) >= 0 && dup2(fd, STDOUT_FILENO) >= 0 ? 0 : -errno;
}

/* The child. Everything that can fail is told through `outcome`, which a good exec closes. */
__attribute__((noreturn)) static void child(const struct launch_options *options, int release,
					    int outcome)
{
	char number[16], go;
	int error;

	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (options->ignores_quit)
		signal(SIGQUIT, SIG_IGN);
	if (options->signals)
		sigprocmask(SIG_SETMASK, options->signals, NULL);
	if (options->result_fd >= 0) {
		snprintf(number, sizeof(number), "%d", options->result_fd);
		setenv("PTRACE_LAB_RESULT_FD", number, 1);
		fcntl(options->result_fd, F_SETFD, 0);
	}
	error = options->silent ? silence() : 0;
	if (!error)
		error = invoker_become(&options->runs_as);
	if (!error) {
		if (read_fully(release, &go, 1) != 1)
			_exit(0);
		if (options->program_fd >= 0)
			fexecve(options->program_fd, options->argv, environ);
		else
			execvp(options->argv[0], options->argv);
		error = -errno;
	}
	if (write(outcome, &error, sizeof(error)) != sizeof(error))
		_exit(125);
	_exit(127);
}

int launch(const struct launch_options *options, struct launched *ret)
{
	CLEANUP_CLOSE int release_read = -1, release_write = -1, outcome_read = -1,
			  outcome_write = -1;
	int pair[2], pidfd, error;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC))
		return -errno;
	release_read = pair[0];
	release_write = pair[1];
	if (pipe2(pair, O_CLOEXEC))
		return -errno;
	outcome_read = pair[0];
	outcome_write = pair[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		close(release_write);
		child(options, release_read, outcome_write);
	}
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		error = -errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return error;
	}
	*ret = (struct launched){
		.pid = pid,
		.pidfd = pidfd,
		.release_fd = take_fd(&release_write),
		.outcome_fd = take_fd(&outcome_read),
	};
	return 0;
}

int launch_release(struct launched *launched)
{
	int error = 0, got;

	/* If the child could not even become its user, it has left, and said why below. */
	if (write(launched->release_fd, "g", 1) != 1 && errno != EPIPE)
		return -errno;
	close(launched->release_fd);
	launched->release_fd = -1;
	got = read_fully(launched->outcome_fd, &error, sizeof(error));
	if (got < 0)
		return got;
	return got == sizeof(error) ? error : 0;
}

void launch_cleanup(struct launched *launched)
{
	if (launched->release_fd >= 0) {
		close(launched->release_fd);
		launched->release_fd = -1;
		/* It sees the end of the pipe and leaves. */
		waitpid(launched->pid, NULL, 0);
	}
	if (launched->outcome_fd >= 0)
		close(launched->outcome_fd);
	if (launched->pidfd >= 0)
		close(launched->pidfd);
	launched->outcome_fd = launched->pidfd = -1;
}
