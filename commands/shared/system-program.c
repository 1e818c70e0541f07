/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/shared/system-program.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/errors.h"

/* The PATH of a login shell of root, for an agent that was started without PATH. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static char *executable(const Sysroot *root, const char *path)
{
    g_autofree char *full = sysroot_path(root, path);

    if (access(full, X_OK) < 0)
        return NULL;
    if (!g_file_test(full, G_FILE_TEST_IS_REGULAR)) {
        errno = EACCES;
        return NULL;
    }
    return g_steal_pointer(&full);
}

char *program_find(const Sysroot *root, const char *name)
{
    const char *search = g_getenv("PATH");
    g_auto(GStrv) dirs = NULL;

    if (g_path_is_absolute(name))
        return executable(root, name);
    dirs = g_strsplit(search && *search ? search : DEFAULT_PATH, ":", -1);
    for (char **dir = dirs; *dir; dir++) {
        g_autofree char *path = g_build_filename(*dir, name, NULL);
        char *found = g_path_is_absolute(path) ? executable(root, path) : NULL;

        if (found)
            return found;
    }
    errno = ENOENT;
    return NULL;
}

gboolean program_run(const Sysroot *root, const char *const *argv, gint64 limit_us,
                     SpawnResult *result, GError **error)
{
    g_autofree char *path = program_find(root, argv[0]);
    g_autofree const char **found = NULL;
    gsize count = g_strv_length((char **)(gpointer)argv);

    if (!path)
        return set_errno_error(error, errno, "failed to exec '%s'", argv[0]);
    found = g_memdup2(argv, (count + 1) * sizeof *argv);
    found[0] = path;
    return spawn_run(&(SpawnRequest){ .argv = found,
                                      .until = g_get_monotonic_time() + limit_us,
                                      .cancel_fd = -1 },
                     result, error);
}

char *program_complaint(const SpawnResult *result)
{
    g_autofree char *said = g_strdup(result->output->str);

    g_strdelimit(g_strstrip(said), "\n", ' ');
    if (result->timed_out)
        return g_strdup("killed: the program did not exit in time");
    if (WIFSIGNALED(result->status))
        return g_strdup_printf("killed by signal %d", WTERMSIG(result->status));
    if (WEXITSTATUS(result->status) == 0)
        return NULL;
    if (*said)
        return g_steal_pointer(&said);
    return g_strdup_printf("exit status %d", WEXITSTATUS(result->status));
}
