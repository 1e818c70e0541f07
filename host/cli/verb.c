/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/verb.h"

#include <string.h>

#include "host/vm/lock.h"
#include "lib/errors.h"
#include "lib/json/writer.h"

const Verb *verb_find(const char *name)
{
    for (const Verb *const *verb = verbs; *verb; verb++)
        if (g_str_equal((*verb)->name, name))
            return *verb;
    return NULL;
}

static gboolean usage_error(const Verb *verb, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static gboolean usage_error(const Verb *verb, GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "%s: %s; see \"guestctl %s --help\"",
                verb->name, text, verb->name);
    return FALSE;
}

static const VerbOption *find_option(const Verb *verb, const char *name, gsize len)
{
    for (const VerbOption *option = verb->options; option && option->name; option++)
        if (strlen(option->name) == len && strncmp(option->name, name, len) == 0)
            return option;
    return NULL;
}

static void add_value(VerbCall *call, const VerbOption *option, const char *value)
{
    GPtrArray *values = g_hash_table_lookup(call->options, option->name);

    if (!values) {
        values = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(call->options, (char *)option->name, values);
    }
    g_ptr_array_add(values, g_strdup(value));
}

/* @text is behind the dashes. Moves @next on if the option takes the word after it. */
static gboolean parse_option(VerbCall *call, const char *text, const char *const **next,
                             GError **error)
{
    const char *equals = strchr(text, '=');
    gsize len = equals ? (gsize)(equals - text) : strlen(text);
    const VerbOption *option = find_option(call->verb, text, len);
    const char *value = equals ? equals + 1 : NULL;

    if (!option)
        return usage_error(call->verb, error, "unknown option --%.*s", (int)len, text);
    if (!option->value && value)
        return usage_error(call->verb, error, "--%s takes no value", option->name);
    /* An optional value, written [=VALUE], is never the next word. */
    if (option->value && !value && *option->value != '[') {
        value = **next;
        if (!value)
            return usage_error(call->verb, error, "--%s requires a value", option->name);
        (*next)++;
    }
    add_value(call, option, value ? value : "");
    return TRUE;
}

static gboolean check_count(const VerbCall *call, GError **error)
{
    const Verb *verb = call->verb;
    int n = (int)call->n_args;

    if (n < verb->min_args)
        return usage_error(verb, error, "missing argument: %s", verb->usage ? verb->usage : "arguments");
    if (verb->max_args >= 0 && n > verb->max_args)
        return usage_error(verb, error, "unexpected argument '%s'",
                           call->args[verb->max_args]);
    return TRUE;
}

gboolean verb_parse(const Verb *verb, const char *const *argv, VerbCall *call, GError **error)
{
    g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);
    gboolean only_args = FALSE, ok = TRUE;

    *call = (VerbCall){ .verb = verb };
    call->options = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                          (GDestroyNotify)g_ptr_array_unref);
    while (*argv && ok) {
        const char *word = *argv++;

        if (!only_args && g_str_equal(word, "--"))
            only_args = TRUE;
        else if (!only_args && g_str_has_prefix(word, "--"))
            ok = parse_option(call, word + 2, &argv, error);
        else
            g_ptr_array_add(args, g_strdup(word));
    }
    call->n_args = args->len;
    g_ptr_array_add(args, NULL);
    call->args = (char **)g_ptr_array_free(g_steal_pointer(&args), FALSE);
    if (ok && check_count(call, error))
        return TRUE;
    verb_call_clear(call);
    return FALSE;
}

gboolean verb_has_word(const Verb *verb, const char *word)
{
    return verb->words && g_strv_contains(verb->words, word);
}

gboolean verb_call_needs_vm(const VerbCall *call)
{
    const Verb *verb = call->verb;
    const char *word = call->n_args > 0 ? call->args[0] : NULL;

    if (verb->flags & VERB_NO_VM)
        return FALSE;
    if (call->spec && word && verb->named_words && g_strv_contains(verb->named_words, word))
        return TRUE;
    return !word || !verb_has_word(verb, word);
}

void verb_call_clear(VerbCall *call)
{
    g_clear_pointer(&call->options, g_hash_table_unref);
    g_clear_pointer(&call->args, g_strfreev);
}

const GPtrArray *job_options(const Job *job, const char *name)
{
    return g_hash_table_lookup(job->call->options, name);
}

const char *job_option(const Job *job, const char *name)
{
    const GPtrArray *values = job_options(job, name);

    return values ? values->pdata[values->len - 1] : NULL;
}

GPtrArray *job_option_names(const Job *job, const char *name)
{
    const GPtrArray *values = job_options(job, name);
    GPtrArray *names = values ? g_ptr_array_new_with_free_func(g_free) : NULL;

    for (guint i = 0; values && i < values->len; i++) {
        g_autofree char **parts = g_strsplit(values->pdata[i], ",", -1);

        for (char **part = parts; *part; part++)
            g_ptr_array_add(names, *part);
    }
    return names;
}

gboolean job_flag(const Job *job, const char *name)
{
    return job_option(job, name) != NULL;
}

gboolean job_number(const Job *job, const char *name, gint64 fallback, gint64 *number,
                    GError **error)
{
    const char *text = job_option(job, name);

    *number = fallback;
    if (!text || g_ascii_string_to_signed(text, 10, 0, G_MAXINT32, number, NULL))
        return TRUE;
    return usage_error(job->call->verb, error, "invalid number '%s' for --%s", text, name);
}

gboolean job_lock(Job *job, const char *activity, gboolean patient, GError **error)
{
    gint64 seconds;

    if (!job_number(job, "wait", patient ? -1 : 0, &seconds, error))
        return FALSE;
    return job->context->dry_run ||
           vm_lock(job->vm, activity, seconds < 0 ? VM_LOCK_FOR_EVER : seconds * 1000, error);
}

void job_print(Job *job, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    g_string_append_vprintf(job->text, format, ap);
    va_end(ap);
}

void job_json_value(Job *job, const Value *value)
{
    g_string_truncate(job->json, 0);
    json_append_value(job->json, value);
}
