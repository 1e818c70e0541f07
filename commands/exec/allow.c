/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/exec/allow.h"

#include <fnmatch.h>
#include <string.h>

#include "agent/base/safe-path.h"
#include "agent/schema/rules.h"
#include "lib/child-start.h"
#include "lib/errors.h"

/* Both can make the loader and most programs run something else. */
gboolean exec_rule_check(const Settings *settings, const ExecArgs *args, GError **error)
{
    if (!settings->rules[RULE_PROGRAMS])
        return TRUE;
    if (args->has_env)
        return rule_refuse(RULE_PROGRAMS, error, "argument env");
    return !args->cwd || rule_refuse(RULE_PROGRAMS, error, "argument cwd");
}

/* @path with links in its directory resolved; its last part stays, a link or a pattern. */
static char *with_real_directory(const char *path)
{
    g_autofree char *directory = g_path_get_dirname(path);
    const char *name = strrchr(path, '/') + 1;
    struct stat info;
    g_autofree char *real = safe_path(directory, &info, NULL);

    return real ? g_build_filename(real, name, NULL) : g_strdup(path);
}

static gboolean same_name(const char *a, const char *b)
{
    return g_str_equal(strrchr(a, '/'), strrchr(b, '/'));
}

/*
 * @asked leads to the file @real. The list must have either the name that was asked for,
 * whatever it links to, or the file, if the file was asked for by its own name: one program may
 * behave differently under different names, and only some of them may be listed.
 */
static gboolean is_listed(const GPtrArray *allowed, const char *asked, const char *real)
{
    g_autofree char *name = with_real_directory(asked);

    for (guint i = 0; i < allowed->len; i++) {
        g_autofree char *entry = with_real_directory(allowed->pdata[i]);

        if (g_str_equal(name, entry) ||
            (same_name(asked, real) && fnmatch(entry, real, FNM_PATHNAME | FNM_PERIOD) == 0))
            return TRUE;
    }
    return FALSE;
}

static gboolean is_executable(const struct stat *info)
{
    return S_ISREG(info->st_mode) && (info->st_mode & 0111);
}

static char *judge(const GPtrArray *allowed, const char *program, const char *asked, char *real,
                   const struct stat *info, GError **error)
{
    g_autofree char *found = real;

    if (!is_listed(allowed, asked, real)) {
        rule_refuse(RULE_PROGRAMS, error, "program '%s'", program);
        return NULL;
    }
    if (others_may_write(info)) {
        rule_refuse(RULE_PROGRAMS, error, "'%s', which users other than root can change,", real);
        return NULL;
    }
    return g_steal_pointer(&found);
}

/* Whether @asked matches the list as text, so that an error about the file reveals nothing new. */
static gboolean is_known(const GPtrArray *allowed, const char *asked)
{
    for (guint i = 0; i < allowed->len; i++)
        if (fnmatch(allowed->pdata[i], asked, FNM_PATHNAME | FNM_PERIOD) == 0)
            return TRUE;
    return FALSE;
}

static char *absolute(const char *path)
{
    g_autofree char *here = g_get_current_dir();

    return *path == '/' ? g_strdup(path) : g_build_filename(here, path, NULL);
}

char *exec_rule_find(const GPtrArray *allowed, const char *program, GError **error)
{
    g_autoptr(GPtrArray) candidates = child_candidates(program, NULL);
    g_autoptr(GError) why = NULL;
    gboolean in_doubt = FALSE;

    for (guint i = 0; i < candidates->len && !in_doubt; i++) {
        g_autofree char *asked = absolute(candidates->pdata[i]);
        g_autoptr(GError) problem = NULL;
        struct stat info;
        char *real = g_str_has_suffix(asked, "/") ? NULL : safe_path(asked, &info, &problem);

        if (real && is_executable(&info))
            return judge(allowed, program, asked, real, &info, error);
        g_free(real);
        in_doubt = g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_FORBIDDEN);
        if (problem && !why && is_known(allowed, asked))
            why = g_steal_pointer(&problem);
    }
    if (!why)
        rule_refuse(RULE_PROGRAMS, error, "program '%s'", program);
    else
        g_propagate_prefixed_error(error, g_steal_pointer(&why), "%s: ",
                                   rule_table[RULE_PROGRAMS].key);
    return NULL;
}
