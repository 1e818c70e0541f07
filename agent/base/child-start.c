/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/child-start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/errors.h"

/*
 * posix_spawn() cannot change the user, and searches PATH of the wrong
 * environment. So the child is made here. It shares our memory until its exec,
 * which keeps the start cheap however big the agent is; therefore nothing between
 * become() and exec may allocate, lock or change what is ours. A child that
 * becomes another user is forked: for the kernel, memory that a change of user
 * has touched can no longer be dumped or traced, and that is to be the child's alone.
 */

/* Descriptors are closed one by one up to here where the kernel has no close_range(). */
#define MOST_DESCRIPTORS 65536
#define REPORT_FD 3
#define SHELL "/bin/sh"
#define DEFAULT_PATH "/bin:/usr/bin:."

/* Where a child failed, for the text. */
typedef enum { AT_EXEC, AT_DIRECTORY, AT_USER, AT_FILES } Stage;

typedef struct {
    Stage stage;
    int failed; /* errno */
} Report;

/* All that the child needs, made before it is. */
typedef struct {
    const ChildSpec *spec;
    GPtrArray *candidates; /* where the program may be, in order */
    const char **script;   /* argv of a shell for what is no program; [1] is its file */
    char *const *envp;
    gboolean search;       /* a candidate that does not exist is no error yet */
    int report;
} Birth;

static void give_up(int fd, Stage stage)
{
    Report report = { stage, errno };

    _exit(write(fd, &report, sizeof report) == sizeof report ? 127 : 126);
}

static void reset_signals(void)
{
    struct sigaction plain = { .sa_handler = SIG_DFL };
    sigset_t none;

    for (int signum = 1; signum < NSIG; signum++)
        sigaction(signum, &plain, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_above(int last)
{
    struct rlimit limit;

    if (syscall(SYS_close_range, last + 1, ~0u, 0) == 0)
        return;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > MOST_DESCRIPTORS)
        limit.rlim_cur = MOST_DESCRIPTORS;
    for (int fd = last + 1; fd < (int)limit.rlim_cur; fd++)
        close(fd);
}

/* Puts the three standard descriptors in place, the report behind them, and closes the rest. */
static gboolean place_files(const Birth *birth)
{
    int fds[3], report = fcntl(birth->report, F_DUPFD, REPORT_FD + 1);

    /* First out of the way: a source may be another one's target. */
    for (int i = 0; i < 3; i++) {
        fds[i] = birth->spec->fds[i] < 0 ? open("/dev/null", i == 0 ? O_RDONLY : O_WRONLY)
                                         : fcntl(birth->spec->fds[i], F_DUPFD, REPORT_FD + 1);
        if (fds[i] < 0)
            return FALSE;
    }
    for (int i = 0; i < 3; i++)
        if (dup2(fds[i], i) < 0)
            return FALSE;
    if (report < 0 || dup3(report, REPORT_FD, O_CLOEXEC) < 0)
        return FALSE;
    close_above(REPORT_FD);
    return TRUE;
}

/* By bare system calls: the library's would change all threads of the agent. */
static gboolean become_user(const ChildUser *user)
{
    return syscall(SYS_setgroups, user->n_groups, user->groups) == 0 &&
           syscall(SYS_setresgid, user->gid, user->gid, user->gid) == 0 &&
           syscall(SYS_setresuid, user->uid, user->uid, user->uid) == 0;
}

static gboolean may_be_elsewhere(int failed)
{
    return failed == EACCES || failed == ENOENT || failed == ESTALE || failed == ENOTDIR ||
           failed == ENODEV || failed == ETIMEDOUT;
}

/* Returns only if nothing could be executed, with errno set. */
static void execute(const Birth *birth)
{
    gboolean denied = FALSE;

    for (guint i = 0; i < birth->candidates->len; i++) {
        const char *path = birth->candidates->pdata[i];

        execve(path, (char *const *)(gpointer)birth->spec->argv, birth->envp);
        if (errno == ENOEXEC) {
            birth->script[1] = path;
            execve(SHELL, (char *const *)(gpointer)birth->script, birth->envp);
        }
        if (!birth->search || !may_be_elsewhere(errno))
            return;
        denied = denied || errno == EACCES;
    }
    if (denied)
        errno = EACCES;
}

/*
 * What keeps the agent from being killed when memory runs out (OOMScoreAdjust= of its
 * unit) is not for what the host starts.
 */
static void end_protection(void)
{
    int fd = open("/proc/self/oom_score_adj", O_RDWR);
    char sign = 0;

    /* If it fails, the program is only a little too safe. */
    if (fd >= 0 && pread(fd, &sign, 1, 0) == 1 && sign == '-' && pwrite(fd, "0", 1, 0) < 1)
        sign = 0;
    if (fd >= 0)
        close(fd);
}

/* The child's life until its exec. */
static G_GNUC_NO_INLINE void become(const Birth *birth)
{
    const ChildSpec *spec = birth->spec;

    reset_signals();
    /* Its own group can be killed as a whole; its session stays ours, as under qemu-ga. */
    setpgid(0, 0);
    end_protection();
    if (!place_files(birth))
        give_up(birth->report, AT_FILES);
    if (spec->user && !become_user(spec->user))
        give_up(REPORT_FD, AT_USER);
    if (spec->cwd && chdir(spec->cwd) < 0)
        give_up(REPORT_FD, AT_DIRECTORY);
    execute(birth);
    give_up(REPORT_FD, AT_EXEC);
}

static const char *path_of(const char *const *envp)
{
    for (; envp && *envp; envp++)
        if (g_str_has_prefix(*envp, "PATH="))
            return *envp + strlen("PATH=");
    return NULL;
}

static gboolean is_searched(const char *program)
{
    return *program && !strchr(program, '/');
}

GPtrArray *child_candidates(const char *program, const char *const *envp)
{
    GPtrArray *candidates = g_ptr_array_new_with_free_func(g_free);
    const char *path = path_of(envp);
    g_auto(GStrv) directories = NULL;

    if (!path)
        path = g_getenv("PATH");
    directories = g_strsplit(path ? path : DEFAULT_PATH, ":", -1);
    for (char **directory = directories; is_searched(program) && *directory; directory++)
        g_ptr_array_add(candidates, **directory ? g_strconcat(*directory, "/", program, NULL)
                                                : g_strdup(program));
    if (candidates->len == 0) /* PATH is empty: the current directory */
        g_ptr_array_add(candidates, g_strdup(program));
    return candidates;
}

static void find_candidates(Birth *birth)
{
    const ChildSpec *spec = birth->spec;
    const char *program = spec->program ? spec->program : spec->argv[0];

    birth->candidates = child_candidates(program, spec->envp);
    birth->search = is_searched(program);
}

static void make_script(Birth *birth)
{
    const char *const *argv = birth->spec->argv;
    gsize n = g_strv_length((char **)(gpointer)argv);

    birth->script = g_new0(const char *, n + 2);
    birth->script[0] = SHELL;
    memcpy(birth->script + 2, argv + 1, (n - 1) * sizeof *argv);
}

/* @plain: no change of user. No signal must find the child in our memory. */
static pid_t give_birth(const Birth *birth, gboolean plain)
{
    sigset_t all, before;
    pid_t pid;
    int failed;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = plain ? vfork() : fork();
    if (pid == 0)
        become(birth);
    failed = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failed;
    return pid;
}

static void set_report_error(const ChildSpec *spec, const Report *report, GError **error)
{
    const char *why = g_strerror(report->failed);

    switch (report->stage) {
    case AT_EXEC:
        set_error(error, "Failed to execute child process “%s” (%s)", spec->argv[0], why);
        break;
    case AT_DIRECTORY:
        set_error(error, "Failed to change to directory “%s” (%s)", spec->cwd, why);
        break;
    case AT_USER:
        set_error(error, "failed to become user '%s': %s", spec->user->name, why);
        break;
    case AT_FILES:
        set_error(error, "failed to prepare the descriptors of a child process: %s", why);
        break;
    }
}

static int watch(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    return fd < 0 && errno == ENOSYS ? child_watch_by_thread(pid) : fd;
}

/* Waits for the exec of @pid, or for what went wrong. */
static int await_exec(const ChildSpec *spec, pid_t pid, int fd, GError **error)
{
    Report report;
    ssize_t n;
    int watched;

    while ((n = read(fd, &report, sizeof report)) < 0 && errno == EINTR)
        ;
    if (n != sizeof report && (watched = watch(pid)) >= 0)
        return watched;
    if (n == sizeof report) {
        set_report_error(spec, &report, error);
    } else {
        set_errno_error(error, errno, "failed to watch a child process");
        kill(-pid, SIGKILL);
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return -1;
}

int child_start(const ChildSpec *spec, pid_t *pid, GError **error)
{
    Birth birth = { .spec = spec };
    int ends[2], watched = -1, failed;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        set_errno_error(error, errno, "Failed to create pipe for communicating with child process");
        return -1;
    }
    birth.report = ends[1];
    birth.envp = spec->envp ? (char *const *)(gpointer)spec->envp : environ;
    find_candidates(&birth);
    make_script(&birth);
    *pid = give_birth(&birth, !spec->user);
    failed = errno;
    close(ends[1]);
    if (*pid > 0)
        watched = await_exec(spec, *pid, ends[0], error);
    else
        set_error(error, "Failed to fork (%s)", g_strerror(failed));
    close(ends[0]);
    g_ptr_array_unref(birth.candidates);
    g_free(birth.script);
    return watched;
}

typedef struct {
    pid_t pid;
    int fd;
} Vigil;

static gpointer keep_vigil(gpointer data)
{
    g_autofree Vigil *vigil = data;
    siginfo_t info;
    guint64 one = 1;

    /* It stays a zombie, and its number ours, until the main thread buries it. */
    while (waitid(P_PID, (id_t)vigil->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    while (write(vigil->fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
    close(vigil->fd);
    return NULL;
}

int child_watch_by_thread(pid_t pid)
{
    int fd = eventfd(0, EFD_CLOEXEC), copy;
    Vigil *vigil;
    GThread *thread;

    if (fd < 0)
        return -1;
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* the thread may outlive the caller's interest */
    vigil = g_new(Vigil, 1);
    *vigil = (Vigil){ pid, copy };
    thread = copy < 0 ? NULL : g_thread_try_new("child", keep_vigil, vigil, NULL);
    if (thread) {
        g_thread_unref(thread);
        return fd;
    }
    g_free(vigil);
    close(fd);
    if (copy >= 0)
        close(copy);
    errno = EAGAIN;
    return -1;
}
