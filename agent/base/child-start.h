/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Whom a child runs as. */
typedef struct {
    char *name;
    char *home;
    char *shell;
    uid_t uid;
    gid_t gid;
    gid_t *groups;
    gsize n_groups;
} ChildUser;

/*
 * Looks @name up, with all its groups; to be freed with child_user_free(). Asks
 * whatever the system gets users from, so it may take its time.
 */
ChildUser *child_user_find(const char *name, GError **error);
void child_user_free(ChildUser *user);

typedef struct {
    const char *const *argv; /* argv[0] is the program; without a slash it is searched in PATH */
    const char *program;     /* the file to execute instead; NULL: none */
    const char *const *envp; /* the whole environment, whose PATH counts; NULL: ours */
    const char *cwd;         /* NULL: ours */
    const ChildUser *user;   /* NULL: ours */
    int fds[3];              /* standard input, output and error; -1: /dev/null */
} ChildSpec;

/*
 * Starts a program in a process group of its own, with default signals and no
 * other descriptors, and stores its @pid. Returns a descriptor that becomes
 * readable when it ends; the caller must then wait for it. On failure returns -1
 * with @error set as GLib words it. May block, on a file of a dead server for
 * ever: to be called from workers.
 */
int child_start(const ChildSpec *spec, pid_t *pid, GError **error);

/*
 * A descriptor that becomes readable when the child @pid ends, for kernels
 * without pidfd_open(2): a thread waits. Returns -1 with errno set.
 */
int child_watch_by_thread(pid_t pid);

/*
 * Where @program is looked for, in order: in the PATH of @envp, or of our environment if that has none, or
 * just there if it has a slash. Strings of the array are its own.
 */
GPtrArray *child_candidates(const char *program, const char *const *envp);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ChildUser, child_user_free)
