/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/options.h"

#include <stddef.h>
#include <string.h>

#include "lib/errors.h"

#define TEXT(member) .kind = GLOBAL_TEXT, .offset = offsetof(CommandLine, member)
#define FLAG(member) .kind = GLOBAL_FLAG, .offset = offsetof(CommandLine, member)

const GlobalOption options_global[] = {
    { { "connect", "URI", "libvirt connection URI; default: qemu:///system" }, 'c',
      TEXT(context.uri) },
    { { "agent", "SOCKET", "agent of a bare QEMU: a unix socket, vsock:CID:PORT or "
                           "hybrid-vsock:PATH:PORT" },
      TEXT(context.agent) },
    { { "qmp", "SOCKET", "monitor of a bare QEMU" }, TEXT(context.qmp) },
    { { "image", "FILE…", "image of a bare QEMU that is off, for backup: [NAME=]FILE[,format=FORMAT]; "
                          "may be given several times" },
      .kind = GLOBAL_TEXTS, .offset = offsetof(CommandLine, context.images) },
    { { "all", NULL, "all VMs" }, FLAG(context.all) },
    { { "match", "GLOB", "all VMs whose names match" }, TEXT(context.match) },
    { { "timeout", "SECONDS", "time limit of a reply; default: 10" },
      .kind = GLOBAL_SECONDS, .offset = offsetof(CommandLine, context.timeout_ms) },
    { { "json", NULL, "print JSON" }, FLAG(context.json), .anywhere = TRUE },
    { { "dry-run", NULL, "report what would be done, and do nothing" }, FLAG(context.dry_run),
      .anywhere = TRUE },
    { { "verbose", NULL, "print requests and replies, without secrets" }, 'v',
      FLAG(context.verbose), .anywhere = TRUE },
    { { "help", NULL, "print this help, or that of the verb" }, 'h', FLAG(help),
      .anywhere = TRUE },
    { { "version", NULL, "print the version" }, 'V', FLAG(version) },
    { { NULL } },
};

static gboolean usage_error(GError **error, const char *what, const char *problem)
{
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "%s: %s; see \"guestctl --help\"", what,
                problem);
    return FALSE;
}

static gboolean set_option(CommandLine *line, const GlobalOption *option, const char *value,
                           GError **error)
{
    gpointer member = (char *)line + option->offset;
    guint64 seconds;

    switch (option->kind) {
    case GLOBAL_TEXT:
        *(const char **)member = value;
        return TRUE;
    case GLOBAL_TEXTS:
        if (!*(GPtrArray **)member)
            *(GPtrArray **)member = g_ptr_array_new();
        g_ptr_array_add(*(GPtrArray **)member, (gpointer)value);
        return TRUE;
    case GLOBAL_FLAG:
        *(gboolean *)member = TRUE;
        return TRUE;
    case GLOBAL_SECONDS:
        if (!g_ascii_string_to_unsigned(value, 10, 1, G_MAXINT32, &seconds, NULL))
            break;
        *(gint64 *)member = (gint64)seconds * 1000;
        return TRUE;
    }
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                "invalid number of seconds '%s' for --%s; see \"guestctl --help\"", value,
                option->option.name);
    return FALSE;
}

static gboolean is_called(const GlobalOption *option, const char *word)
{
    const char *name = option->option.name;

    if (!g_str_has_prefix(word, "--"))
        return word[0] == '-' && option->letter && word[1] == option->letter && !word[2];
    word += strlen("--");
    return g_str_has_prefix(word, name) && (!word[strlen(name)] || word[strlen(name)] == '=');
}

/* The option that @word is, as "--NAME", "--NAME=VALUE" or "-L"; NULL: none. */
static const GlobalOption *find_option(const char *word)
{
    for (const GlobalOption *option = options_global; option->option.name; option++)
        if (is_called(option, word))
            return option;
    return NULL;
}

/* @word begins with a dash. @next moves on if the option takes the word after it. */
static gboolean take_option(CommandLine *line, const char *word, const char *const **next,
                            GError **error)
{
    const GlobalOption *option = find_option(word);
    const char *equals = strchr(word, '=');
    const char *value = equals ? equals + 1 : NULL;

    if (!option)
        return usage_error(error, word, "unknown option");
    if (!option->option.value && value)
        return usage_error(error, word, "option takes no value");
    if (option->option.value && !value) {
        value = **next;
        if (!value)
            return usage_error(error, word, "option requires a value");
        (*next)++;
    }
    return set_option(line, option, value, error);
}

/* Whether options name the VMs, or the verb needs none, so that @word is the verb. */
static gboolean spec_is_left_out(const CommandLine *line, const char *word, const char *after)
{
    const Context *context = &line->context;
    const Verb *verb = verb_find(word);

    if (!verb)
        return FALSE;
    if (context->all || context->match || context_has_vm(context))
        return TRUE;
    if (after && (g_str_equal(after, "--help") || verb_has_word(verb, after)))
        return TRUE;
    /* "list info": a VM may be called list. */
    return (verb->flags & (VERB_NO_VM | VERB_ALL_BY_DEFAULT)) &&
           !(after && *after != '-' && verb_find(after));
}

/* Such an option may also stand after the verb, up to "--". */
static gboolean is_allowed_after_verb(const char *word)
{
    const GlobalOption *option = find_option(word);

    return option && option->anywhere && g_str_has_prefix(word, "--") && !strchr(word, '=');
}

static gboolean take_rest(CommandLine *line, const char *const *argv, GError **error)
{
    g_autoptr(GPtrArray) rest = g_ptr_array_new();
    gboolean plain = FALSE;

    for (; *argv; argv++) {
        const char *const *next = argv + 1;

        if (g_str_equal(*argv, "--"))
            plain = TRUE;
        if (plain || !is_allowed_after_verb(*argv))
            g_ptr_array_add(rest, (gpointer)*argv);
        else if (!take_option(line, *argv, &next, error))
            return FALSE;
    }
    g_ptr_array_add(rest, NULL);
    line->rest = (const char *const *)g_ptr_array_free(g_steal_pointer(&rest), FALSE);
    return TRUE;
}

gboolean options_read(const char *const *argv, CommandLine *line, GError **error)
{
    *line = (CommandLine){ .context = { .timeout_ms = DEFAULT_TIMEOUT_MS, .cancel_fd = -1 } };
    while (*argv && **argv == '-') {
        const char *word = *argv++;

        if (!take_option(line, word, &argv, error))
            return FALSE;
    }
    if (!*argv)
        return line->help || line->version ||
               usage_error(error, "guestctl", "missing VM and verb");
    if (!spec_is_left_out(line, argv[0], argv[1]))
        line->spec = *argv++;
    if (!*argv)
        return usage_error(error, line->spec, "missing verb");
    line->verb = verb_find(*argv);
    if (!line->verb)
        return usage_error(error, *argv, "unknown verb");
    return take_rest(line, argv + 1, error);
}
