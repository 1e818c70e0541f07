/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/hooks.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/errors.h"
#include "lib/spawn.h"

struct FreezeHooks {
    char *path;
    gint64 timeout_us;
    GPtrArray *asked; /* paths that were called with "freeze", in that order */
    GPtrArray *calls; /* of HookCall */
};

static void call_free(gpointer data)
{
    HookCall *call = data;

    g_free(call->path);
    g_free(call);
}

FreezeHooks *freeze_hooks_new(const char *path, gint64 timeout_us)
{
    FreezeHooks *hooks = g_new0(FreezeHooks, 1);

    hooks->path = g_strdup(path);
    hooks->timeout_us = timeout_us;
    hooks->asked = g_ptr_array_new_with_free_func(g_free);
    hooks->calls = g_ptr_array_new_with_free_func(call_free);
    return hooks;
}

void freeze_hooks_free(FreezeHooks *hooks)
{
    if (!hooks)
        return;
    g_ptr_array_unref(hooks->asked);
    g_ptr_array_unref(hooks->calls);
    g_free(hooks->path);
    g_free(hooks);
}

const GPtrArray *freeze_hooks_calls(const FreezeHooks *hooks)
{
    return hooks->calls;
}

/* Files that package managers and editors leave are not hooks. */
static gboolean is_leftover(const char *name)
{
    static const char *const patterns[] = { ".*",       "*~",        "*.bak",
                                            "*.orig",   "*.rpmnew",  "*.rpmorig",
                                            "*.rpmsave", "*.sample", "*.dpkg-*" };

    for (gsize i = 0; i < G_N_ELEMENTS(patterns); i++)
        if (g_pattern_match_simple(patterns[i], name))
            return TRUE;
    return FALSE;
}

/* Hooks run as root, so only root may be able to change them. */
static gboolean is_trusted(const char *path, const struct stat *info, GError **error)
{
    if (info->st_uid != 0 && info->st_uid != geteuid())
        return set_error(error, "fsfreeze hook %s is not owned by root; run chown root on "
                                "it", path);
    if (info->st_mode & (S_IWGRP | S_IWOTH))
        return set_error(error, "fsfreeze hook %s is writable by others; run chmod go-w on "
                                "it", path);
    return TRUE;
}

static gint compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean list_directory(const char *path, GPtrArray *found, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, error);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *hook = g_build_filename(path, name, NULL);
        struct stat info;

        if (is_leftover(name) || stat(hook, &info) < 0 || !S_ISREG(info.st_mode) ||
            !(info.st_mode & S_IXUSR))
            continue;
        if (!is_trusted(hook, &info, error))
            return FALSE;
        g_ptr_array_add(found, g_steal_pointer(&hook));
    }
    g_ptr_array_sort(found, compare_paths);
    return dir != NULL;
}

/* The existing hooks, in the order of a freeze. */
static GPtrArray *list_hooks(const FreezeHooks *hooks, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    struct stat info;

    if (!hooks->path)
        return g_steal_pointer(&found);
    /* A missing hook fails when it is run, with qemu-ga's text. */
    if (stat(hooks->path, &info) == 0) {
        if (!is_trusted(hooks->path, &info, error))
            return NULL;
        if (S_ISDIR(info.st_mode))
            return list_directory(hooks->path, found, error) ? g_steal_pointer(&found) : NULL;
    }
    g_ptr_array_add(found, g_strdup(hooks->path));
    return g_steal_pointer(&found);
}

static void log_output(const char *path, const char *verb, const char *output)
{
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);

    for (char **line = lines; *line; line++)
        if (**line)
            g_info("hook %s %s: %s", path, verb, *line);
}

/* *@killed is set if the hook had no chance to clean up after itself. */
static gboolean call_hook(FreezeHooks *hooks, const char *path, const char *verb,
                          const char *reason, int cancel_fd, gboolean *killed, GError **error)
{
    g_autofree char *variable = g_strconcat("GUESTD_THAW_REASON=", reason, NULL);
    gint64 began = g_get_monotonic_time();
    SpawnRequest request = {
        .argv = (const char *const[]){ path, verb, NULL },
        .environment = reason ? (const char *const[]){ variable, NULL } : NULL,
        .until = began + hooks->timeout_us,
        .cancel_fd = cancel_fd,
    };
    SpawnResult result = { 0 };
    HookCall *call = g_new0(HookCall, 1);
    gboolean ok = spawn_run(&request, &result, error);

    *killed = result.timed_out || result.cancelled;
    if (ok) {
        log_output(path, verb, result.output->str);
        ok = spawn_check(&result, "execute fsfreeze hook", error);
    } else {
        /* qemu-ga's text for a hook that cannot be executed. */
        g_prefix_error(error, "child process has failed to execute fsfreeze hook: ");
    }
    *call = (HookCall){ g_strdup(path), g_str_equal(verb, "thaw"),
                        g_get_monotonic_time() - began, !ok };
    g_ptr_array_add(hooks->calls, call);
    spawn_result_clear(&result);
    return ok;
}

gboolean freeze_hooks_freeze(FreezeHooks *hooks, int cancel_fd, GError **error)
{
    g_autoptr(GPtrArray) found = list_hooks(hooks, error);

    g_ptr_array_set_size(hooks->asked, 0);
    g_ptr_array_set_size(hooks->calls, 0);
    if (!found)
        return FALSE;
    for (guint i = 0; i < found->len; i++) {
        const char *path = found->pdata[i];
        gboolean killed;
        gboolean ok = call_hook(hooks, path, "freeze", NULL, cancel_fd, &killed, error);

        if (ok || killed)
            g_ptr_array_add(hooks->asked, g_strdup(path));
        if (ok)
            continue;
        if (hooks->asked->len > 0)
            freeze_hooks_thaw(hooks, "failed", NULL);
        return FALSE;
    }
    return TRUE;
}

gboolean freeze_hooks_thaw(FreezeHooks *hooks, const char *reason, GError **error)
{
    g_autoptr(GPtrArray) all = hooks->asked->len ? NULL : list_hooks(hooks, error);
    const GPtrArray *targets = hooks->asked->len ? hooks->asked : all;
    gboolean ok = targets != NULL;

    for (guint i = targets ? targets->len : 0; i > 0; i--) {
        gboolean killed;
        g_autoptr(GError) failure = NULL;

        if (call_hook(hooks, targets->pdata[i - 1], "thaw", reason, -1, &killed, &failure))
            continue;
        g_warning("%s: %s", (char *)targets->pdata[i - 1], failure->message);
        if (ok)
            g_propagate_error(error, g_steal_pointer(&failure));
        ok = FALSE;
    }
    g_ptr_array_set_size(hooks->asked, 0);
    return ok;
}
