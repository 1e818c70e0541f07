/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/base/value-get.h"
#include "host/cli/verb.h"
#include "lib/errors.h"

/* guestctl VM keys */

static gboolean keys_list(Job *job, const char *user, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-ssh-get-authorized-keys");
    const Value *result;

    request_string(request, "username", user);
    result = vm_ask(job->vm, request, 0, arena, error);
    if (!result)
        return FALSE;
    VALUE_EACH (key, value_get(result, "keys"))
        if (key->kind == VALUE_STRING)
            job_print(job, "%s\n", key->string.text);
    job_json_value(job, result);
    return TRUE;
}

/* Adds @word if it is a key, or the keys in the file called @word. */
static gboolean add_keys(GPtrArray *keys, const char *word, GError **error)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (strchr(word, ' ')) {
        g_ptr_array_add(keys, g_strdup(word));
        return TRUE;
    }
    if (!g_file_get_contents(word, &text, NULL, error)) {
        g_prefix_error(error, "'%s' is neither a key nor a readable file of keys: ", word);
        return FALSE;
    }
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (*g_strstrip(*line) && **line != '#')
            g_ptr_array_add(keys, g_strdup(*line));
    return TRUE;
}

static gboolean keys_change(Job *job, const char *command, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new(command);
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 2; i < job->call->n_args; i++)
        if (!add_keys(keys, job->call->args[i], error))
            return FALSE;
    if (keys->len == 0)
        return set_error(error, "no key given; nothing changed");
    g_ptr_array_add(keys, NULL);
    request_string(request, "username", job->call->args[1]);
    request_strings(request, "keys", (const char *const *)keys->pdata);
    if (!vm_ask(job->vm, request, 0, arena, error))
        return FALSE;
    job_print(job, "done\n");
    return TRUE;
}

static gboolean keys_run(Job *job, GError **error)
{
    const char *what = job->call->args[0];
    gboolean add = g_str_equal(what, "add");

    if (g_str_equal(what, "list"))
        return keys_list(job, job->call->args[1], error);
    if (!add && !g_str_equal(what, "remove")) {
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                    "keys: the first argument must be one of: list, add, remove (got '%s')", what);
        return FALSE;
    }
    if (job->context->dry_run) {
        job_print(job, "would %s keys of %s\n", what, job->call->args[1]);
        return TRUE;
    }
    return keys_change(job, add ? "guest-ssh-add-authorized-keys"
                                : "guest-ssh-remove-authorized-keys", error);
}

const Verb verb_keys = {
    .name = "keys",
    .usage = "list|add|remove USER [KEY|FILE]…",
    .summary = "Show or change the authorized SSH keys of a user",
    .flags = VERB_CHANGES | VERB_DRY_ITSELF,
    .min_args = 2,
    .max_args = -1,
    .run = keys_run,
};
