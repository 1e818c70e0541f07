/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "agent/options/options-table.h"
#include "lib/errors.h"

#define GROUP "general"

char *config_find(const char *given, gboolean *must_exist)
{
    const char *from_environment = g_getenv("QGA_CONF");

    *must_exist = given != NULL;
    if (given)
        return g_strdup(given);
    if (from_environment)
        return g_strdup(from_environment);
    if (g_file_test(GUESTD_CONF_PATH, G_FILE_TEST_EXISTS))
        return g_strdup(GUESTD_CONF_PATH);
    return g_strdup(QEMU_GA_CONF_PATH);
}

static const Option *option_of_key(const char *key)
{
    for (const Option *option = option_table; option->name; option++)
        if (!(option->flags & OPTION_NO_KEY) && g_str_equal(option_key(option), key))
            return option;
    return NULL;
}

/* Whether @line opens the group @name ("[name]"), or any group if that is NULL. */
static gboolean opens_group(const char *line, const char *name)
{
    if (*line != '[' || !name)
        return *line == '[';
    return g_str_has_prefix(line + 1, name) && line[1 + strlen(name)] == ']';
}

static gboolean sets_key(const char *line, const char *key)
{
    const char *rest;

    if (!g_str_has_prefix(line, key))
        return FALSE;
    rest = line + strlen(key);
    return rest[strspn(rest, " \t")] == '=';
}

/* The line of @text, from 1, that opens @group or, if @key is not NULL, sets it there; 0: none. */
static guint line_of(const char *text, const char *group, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gboolean inside = FALSE;

    for (guint i = 0; lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);

        if (opens_group(line, NULL))
            inside = opens_group(line, group);
        if (inside && (key ? sets_key(line, key) : opens_group(line, group)))
            return i + 1;
    }
    return 0;
}

static void warn_of_keys(GKeyFile *file, const char *path, const char *text)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    g_auto(GStrv) keys = g_key_file_get_keys(file, GROUP, NULL, NULL);

    for (char **group = groups; *group; group++)
        if (!g_str_equal(*group, GROUP))
            g_warning("%s:%u: unknown group [%s] is ignored; keys belong in [" GROUP "]", path,
                      line_of(text, *group, NULL), *group);
    for (char **key = keys; key && *key; key++) {
        const Option *option = option_of_key(*key);

        if (!option)
            g_warning("%s:%u: unknown key %s is ignored", path, line_of(text, GROUP, *key), *key);
        else if (option->now)
            g_warning("%s:%u: key %s is now called %s", path, line_of(text, GROUP, *key), *key,
                      option->now);
    }
}

/* The range of durations and limits. */
static char *read_number(GKeyFile *file, const char *key, GError **error)
{
    gint64 number = g_key_file_get_int64(file, GROUP, key, error);

    if (error && *error)
        return NULL;
    if (number >= 0 && number <= OPTION_NUMBER_MAX)
        return g_strdup_printf("%" G_GINT64_FORMAT, number);
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "%s must be from 0 to %d", key,
                OPTION_NUMBER_MAX);
    return NULL;
}

/* The value of @key as option_apply() takes it, or NULL with @error set. */
static char *read_key(GKeyFile *file, const Option *option, GError **error)
{
    const char *key = option_key(option);
    g_autoptr(GError) wrong = NULL;
    g_autofree char *value = NULL;

    /* GLib returns a value beside the error where an escape is wrong. */
    if (option->kind == OPTION_BOOL)
        value = g_strdup(g_key_file_get_boolean(file, GROUP, key, &wrong) ? "true" : "false");
    else if (option->kind == OPTION_NUMBER)
        value = read_number(file, key, &wrong);
    else
        value = g_key_file_get_string(file, GROUP, key, &wrong);
    if (!wrong)
        return g_steal_pointer(&value);
    g_propagate_error(error, g_steal_pointer(&wrong));
    return NULL;
}

static gboolean apply_key(GKeyFile *file, const Option *option, Settings *settings, GError **error)
{
    g_autofree char *value = NULL;

    if (!g_key_file_has_key(file, GROUP, option_key(option), NULL))
        return TRUE;
    value = read_key(file, option, error);
    if (!value)
        return FALSE;
    option_apply(option, value, settings);
    return TRUE;
}

gboolean config_load(const char *path, Settings *settings, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *text = NULL;
    gsize len;
    gboolean ok;

    ok = g_file_get_contents(path, &text, &len, error) &&
         g_key_file_load_from_data(file, text, len, G_KEY_FILE_NONE, error);
    for (const Option *option = option_table; ok && option->name; option++)
        if (!(option->flags & OPTION_NO_KEY))
            ok = apply_key(file, option, settings, error);
    if (!ok) {
        g_prefix_error(error, "error loading configuration from path: %s, ", path);
        return FALSE;
    }
    warn_of_keys(file, path, text);
    return TRUE;
}
