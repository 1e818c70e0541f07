/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The user that a child runs as. */
typedef struct {
    char *name;
    char *home;
    char *shell;
    uid_t uid;
    gid_t gid;
    gid_t *groups;
    gsize n_groups;
} ChildUser;

typedef enum {
    /*
     * A program that the host asked for, started as qemu-ga's guest-exec does: in a process group
     * of its own but in our session, a script without "#!" by /bin/sh. The agent's protection
     * from the OOM killer (oom_score_adj, proc(5)) does not extend to it. Errors have GLib's
     * wording.
     */
    CHILD_OF_HOST,
    /* A helper of our own, such as a hook: in a session of its own, executed as execve(2) does. */
    CHILD_HELPER,
} ChildKind;

typedef struct {
    ChildKind kind;
    const char *const *argv; /* argv[0] is the program; without a slash it is searched in PATH */
    const char *program;     /* the file to execute instead; NULL: none */
    const char *const *envp; /* the whole environment, whose PATH counts; NULL: ours */
    const char *cwd;         /* NULL: ours */
    const ChildUser *user;   /* NULL: ours */
    int fds[3];              /* standard input, output and error; -1: /dev/null */
} ChildSpec;

/*
 * Starts a program as the leader of a process group, with default signals and no descriptors but
 * the three of @spec, and stores its @pid. Returns a descriptor that becomes readable or hangs up
 * when the program exits; the caller must then wait for the pid, and close the descriptor in any
 * case. It is a pidfd, or where the system grants none (a kernel before 5.3, a seccomp filter, too
 * many open files) a pipe from a thread that waits. On failure returns -1 with @error set, and no
 * child is left. May block, on a file of a dead server for ever: to be called from workers.
 */
int child_start(const ChildSpec *spec, pid_t *pid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The files that a CHILD_OF_HOST with @program as argv[0] is looked for in, in this order: in the
 * PATH of @envp, or of our environment if @envp has none, or just @program if that has a slash.
 * The array owns its strings.
 */
GPtrArray *child_candidates(const char *program, const char *const *envp);
