/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/options.h"

#include <string.h>

#include "lib/errors.h"

const VerbOption global_options[] = {
    { "connect", "URI", "libvirt to ask (also -c); default qemu:///system" },
    { "agent", "SOCKET", "the agent of a bare QEMU: a unix socket, vsock:CID:PORT or "
                         "hybrid-vsock:PATH:PORT" },
    { "qmp", "SOCKET", "the monitor of a bare QEMU" },
    { "all", NULL, "all VMs" },
    { "match", "GLOB", "all VMs with such a name" },
    { "timeout", "SECONDS", "how long to wait for an answer; default 10" },
    { "json", NULL, "output for programs" },
    { "dry-run", NULL, "say what would be done, and do nothing" },
    { "verbose", NULL, "show the dialogue, without secrets" },
    { "help", NULL, "this text, or that of the verb" },
    { "version", NULL, "the version" },
    { NULL },
};

static gboolean usage_error(GError **error, const char *what, const char *problem)
{
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "%s: %s; see \"guestctl --help\"", what,
                problem);
    return FALSE;
}

static gboolean set_timeout(CommandLine *line, const char *value, GError **error)
{
    guint64 seconds;

    if (!g_ascii_string_to_unsigned(value, 10, 1, G_MAXINT32, &seconds, NULL))
        return usage_error(error, "--timeout", "it needs seconds, 1 or more");
    line->context.timeout_ms = (gint64)seconds * 1000;
    return TRUE;
}

static gboolean set_option(CommandLine *line, const char *name, const char *value, GError **error)
{
    Context *context = &line->context;
    const struct {
        const char *name;
        const char **text;
        gboolean *flag;
    } targets[] = {
        { "connect", &context->uri, NULL },      { "agent", &context->agent, NULL },
        { "qmp", &context->qmp, NULL },          { "match", &context->match, NULL },
        { "all", NULL, &context->all },          { "json", NULL, &context->json },
        { "dry-run", NULL, &context->dry_run },  { "verbose", NULL, &context->verbose },
        { "help", NULL, &line->help },           { "version", NULL, &line->version },
    };

    if (g_str_equal(name, "timeout"))
        return set_timeout(line, value, error);
    for (gsize i = 0; i < G_N_ELEMENTS(targets); i++) {
        if (!g_str_equal(name, targets[i].name))
            continue;
        if (targets[i].text)
            *targets[i].text = value;
        else
            *targets[i].flag = TRUE;
    }
    return TRUE;
}

static const VerbOption *find_global(const char *name, gsize len)
{
    for (const VerbOption *option = global_options; option->name; option++)
        if (strlen(option->name) == len && strncmp(option->name, name, len) == 0)
            return option;
    return NULL;
}

/* @word begins with a dash. @next moves on if the option takes the word after it. */
static gboolean take_option(CommandLine *line, const char *word, const char *const **next,
                            GError **error)
{
    static const struct {
        const char *letter, *name;
    } letters[] = { { "-c", "connect" }, { "-h", "help" }, { "-v", "verbose" }, { "-V", "version" } };
    const char *text = g_str_has_prefix(word, "--") ? word + 2 : NULL;
    const char *equals = strchr(word, '=');
    const char *value = equals ? equals + 1 : NULL;
    const VerbOption *option;

    for (gsize i = 0; i < G_N_ELEMENTS(letters); i++)
        if (g_str_equal(word, letters[i].letter))
            text = letters[i].name;
    option = text ? find_global(text, equals ? (gsize)(equals - text) : strlen(text)) : NULL;
    if (!option)
        return usage_error(error, word, "unknown option");
    if (!option->value && value)
        return usage_error(error, word, "it takes no value");
    if (option->value && !value) {
        value = **next;
        if (!value)
            return usage_error(error, word, "it needs a value");
        (*next)++;
    }
    return set_option(line, option->name, value, error);
}

/* Whether the VMs are named by options, or the verb needs none, so that no word names them. */
static gboolean spec_is_left_out(const CommandLine *line, const char *word, const char *after)
{
    const Context *context = &line->context;
    const Verb *verb = verb_find(word);

    if (!verb)
        return FALSE;
    if (context->all || context->match || context->agent || context->qmp)
        return TRUE;
    if (after && (g_str_equal(after, "--help") || verb_has_word(verb, after)))
        return TRUE;
    /* "list info" is about a VM called list. */
    return (verb->flags & (VERB_NO_VM | VERB_ALL_BY_DEFAULT)) &&
           !(after && *after != '-' && verb_find(after));
}

/* These may also stand behind the verb, up to "--". */
static gboolean is_global_flag(const char *word)
{
    static const char *const anywhere[] = { "--json", "--dry-run", "--verbose", "--help", NULL };

    return g_strv_contains(anywhere, word);
}

static gboolean take_rest(CommandLine *line, const char *const *argv, GError **error)
{
    g_autoptr(GPtrArray) rest = g_ptr_array_new();
    gboolean plain = FALSE;

    for (; *argv; argv++) {
        const char *const *next = argv + 1;

        if (g_str_equal(*argv, "--"))
            plain = TRUE;
        if (plain || !is_global_flag(*argv))
            g_ptr_array_add(rest, (gpointer)*argv);
        else if (!take_option(line, *argv, &next, error))
            return FALSE;
    }
    g_ptr_array_add(rest, NULL);
    line->rest = (const char *const *)g_ptr_array_free(g_steal_pointer(&rest), FALSE);
    return TRUE;
}

gboolean command_line_parse(const char *const *argv, CommandLine *line, GError **error)
{
    *line = (CommandLine){ .context = { .timeout_ms = DEFAULT_TIMEOUT_MS, .cancel_fd = -1 } };
    while (*argv && **argv == '-') {
        const char *word = *argv++;

        if (!take_option(line, word, &argv, error))
            return FALSE;
    }
    if (!*argv)
        return line->help || line->version ||
               usage_error(error, "guestctl", "say which VM and what to do");
    if (!spec_is_left_out(line, argv[0], argv[1]))
        line->spec = *argv++;
    if (!*argv)
        return usage_error(error, line->spec, "say what to do with it");
    line->verb = verb_find(*argv);
    if (!line->verb)
        return usage_error(error, *argv, "no such verb");
    return take_rest(line, argv + 1, error);
}
