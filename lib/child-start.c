/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/child-start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/errors.h"

/*
 * posix_spawn() cannot change the user, and searches PATH of the wrong environment. So the child
 * is made here. It shares our memory until its exec, which keeps the start cheap however big the
 * agent is; therefore nothing between become() and exec may allocate, lock or change our data. A
 * child that becomes another user is forked: the kernel marks memory that a change of user has
 * touched as not dumpable and not traceable, and that must not happen to the agent's.
 */

/* Descriptors are closed one by one up to here where the kernel has no close_range(). */
#define MOST_DESCRIPTORS 65536
#define REPORT_FD 3
#define SHELL "/bin/sh"
/* As execvp(3) of musl and GLib's g_spawn_async() search; for our own helpers without ".". */
#define DEFAULT_PATH "/bin:/usr/bin:."
#define HELPER_PATH "/bin:/usr/bin"

/* The step at which a start failed, for the text. */
typedef enum { AT_PIPE, AT_FORK, AT_EXEC, AT_DIRECTORY, AT_USER, AT_FILES, AT_WATCH } Stage;

typedef struct {
    Stage stage;
    int failed; /* errno */
} Report;

/* All that the child needs, prepared before the fork. */
typedef struct {
    const ChildSpec *spec;
    GPtrArray *candidates; /* where the program may be, in order */
    const char **script;   /* argv of a shell for a file without a format; [1] is the file */
    char *const *envp;
    gboolean search;       /* if a candidate does not exist, the next one is tried */
    int report[2];         /* the child writes a Report; closed by its exec */
    int watch[2];          /* reserved for a system that grants no pidfd */
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
    int fds[3], report = fcntl(birth->report[1], F_DUPFD, REPORT_FD + 1);

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
        if (errno == ENOEXEC && birth->script) {
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

/* OOMScoreAdjust= of the unit protects the agent, not the programs that the host starts. */
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
    /* Either way it leads a process group, which can be killed as a whole. */
    if (spec->kind == CHILD_HELPER) {
        setsid();
    } else {
        setpgid(0, 0);
        end_protection();
    }
    if (!place_files(birth))
        give_up(birth->report[1], AT_FILES);
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

static GPtrArray *candidates_in(const char *program, const char *const *envp,
                                const char *default_path)
{
    GPtrArray *candidates = g_ptr_array_new_with_free_func(g_free);
    const char *path = path_of(envp);
    g_auto(GStrv) directories = NULL;

    if (!path)
        path = g_getenv("PATH");
    directories = g_strsplit(path ? path : default_path, ":", -1);
    for (char **directory = directories; is_searched(program) && *directory; directory++)
        g_ptr_array_add(candidates, **directory ? g_strconcat(*directory, "/", program, NULL)
                                                : g_strdup(program));
    if (candidates->len == 0) /* PATH is empty: the current directory */
        g_ptr_array_add(candidates, g_strdup(program));
    return candidates;
}

GPtrArray *child_candidates(const char *program, const char *const *envp)
{
    return candidates_in(program, envp, DEFAULT_PATH);
}

static void find_candidates(Birth *birth)
{
    const ChildSpec *spec = birth->spec;
    const char *program = spec->program ? spec->program : spec->argv[0];

    birth->candidates = candidates_in(program, spec->envp, spec->kind == CHILD_HELPER
                                                               ? HELPER_PATH : DEFAULT_PATH);
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

/* @plain: no change of user. Signals are blocked: no handler may run in the shared memory. */
static pid_t give_birth(const Birth *birth, gboolean plain)
{
    sigset_t all, before;
    pid_t pid;
    int failed;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    /* NOLINTNEXTLINE(clang-analyzer-*): posix_spawn() cannot do it; see the head of the file */
    pid = plain ? vfork() : fork();
    if (pid == 0)
        become(birth); /* does not return */
    failed = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failed;
    return pid;
}

/* GLib's and qemu-ga's wording, for they are what clients know. */
static void set_start_error(const ChildSpec *spec, const Report *report, GError **error)
{
    const char *why = g_strerror(report->failed);
    gboolean helper = spec->kind == CHILD_HELPER;

    switch (report->stage) {
    case AT_PIPE:
        set_error(error, helper ? "failed to create child process: %s"
                                : "Failed to create pipe for communicating with child process: %s",
                  why);
        break;
    case AT_FORK:
        set_error(error, helper ? "failed to create child process: %s" : "Failed to fork (%s)", why);
        break;
    case AT_EXEC:
        set_error(error, helper ? "failed to exec '%s': %s"
                                : "Failed to execute child process “%s” (%s)", spec->argv[0], why);
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
    case AT_WATCH:
        set_error(error, "failed to watch a child process: %s", why);
        break;
    }
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

typedef struct {
    pid_t pid;
    int fd;
} Vigil;

static gpointer keep_vigil(gpointer data)
{
    g_autofree Vigil *vigil = data;
    siginfo_t info;

    /* The child stays a zombie, and its pid its own, until the caller waits for it. */
    while (waitid(P_PID, (id_t)vigil->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    close(vigil->fd); /* the other end hangs up */
    return NULL;
}

static gboolean start_vigil(pid_t pid, int fd)
{
    Vigil *vigil = g_new(Vigil, 1);
    GThread *thread;

    *vigil = (Vigil){ pid, fd };
    thread = g_thread_try_new("child", keep_vigil, vigil, NULL);
    if (thread)
        g_thread_unref(thread);
    else
        g_free(vigil);
    return thread != NULL;
}

/* The descriptor that tells the end of @pid, or -1. */
static int watch(Birth *birth, pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    if (fd >= 0 || !start_vigil(pid, birth->watch[1]))
        return fd;
    fd = birth->watch[0];
    birth->watch[0] = birth->watch[1] = -1; /* the caller's and the thread's */
    return fd;
}

/* Waits for the exec of @pid or the report of its failure. Returns the descriptor to watch or -1. */
static int await_exec(Birth *birth, pid_t pid, Report *report)
{
    ssize_t n;
    int fd;

    while ((n = read(birth->report[0], report, sizeof *report)) < 0 && errno == EINTR)
        ;
    if (n != sizeof *report) {
        if ((fd = watch(birth, pid)) >= 0)
            return fd;
        *report = (Report){ AT_WATCH, EAGAIN };
        kill(-pid, SIGKILL);
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return -1;
}

static int start(Birth *birth, pid_t *pid, Report *report)
{
    *pid = give_birth(birth, !birth->spec->user);
    if (*pid < 0) {
        *report = (Report){ AT_FORK, errno };
        return -1;
    }
    close_end(&birth->report[1]);
    return await_exec(birth, *pid, report);
}

int child_start(const ChildSpec *spec, pid_t *pid, GError **error)
{
    Birth birth = { .spec = spec, .report = { -1, -1 }, .watch = { -1, -1 } };
    Report report = { 0 };
    int fd = -1;

    birth.envp = spec->envp ? (char *const *)(gpointer)spec->envp : environ;
    find_candidates(&birth);
    if (spec->kind == CHILD_OF_HOST)
        make_script(&birth);
    if (pipe2(birth.report, O_CLOEXEC) < 0 || pipe2(birth.watch, O_CLOEXEC) < 0)
        report = (Report){ AT_PIPE, errno };
    else
        fd = start(&birth, pid, &report);
    if (fd < 0)
        set_start_error(spec, &report, error);
    for (int i = 0; i < 2; i++) {
        close_end(&birth.report[i]);
        close_end(&birth.watch[i]);
    }
    g_ptr_array_unref(birth.candidates);
    g_free(birth.script);
    return fd;
}
