/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/options.h"

#include <string.h>

#include "lib/errors.h"

static const char *const none[] = { NULL };

static gboolean read_words(const char *words, CommandLine *line, GError **error)
{
    static const char *kept[32];
    g_auto(GStrv) split = g_strsplit(words, " ", -1);
    guint n = 0;

    /* The strings belong to argv. */
    for (char **word = split; *word; word++)
        if (**word)
            kept[n++] = g_intern_string(*word);
    kept[n] = NULL;
    return options_read(kept, line, error);
}

static void read_well(const char *words, CommandLine *line)
{
    g_autoptr(GError) error = NULL;

    read_words(words, line, &error);
    g_assert_no_error(error);
}

static void test_all(void)
{
    CommandLine line;

    read_well("--connect test:///default --agent /a --qmp=/q --match w* --all --timeout 7 --json "
              "--dry-run --verbose --help --version ping", &line);
    g_assert_cmpstr(line.context.uri, ==, "test:///default");
    g_assert_cmpstr(line.context.agent, ==, "/a");
    g_assert_cmpstr(line.context.qmp, ==, "/q");
    g_assert_cmpstr(line.context.match, ==, "w*");
    g_assert_cmpint(line.context.timeout_ms, ==, 7000);
    g_assert_true(line.context.all && line.context.json && line.context.dry_run &&
                  line.context.verbose && line.help && line.version);
    g_assert_cmpstr(line.verb->name, ==, "ping");
    g_free((gpointer)line.rest);
}

static void test_images(void)
{
    CommandLine line;

    read_well("--image vda=/a --image=/b,format=raw backup", &line);
    g_assert_cmpuint(line.context.images->len, ==, 2);
    g_assert_cmpstr(line.context.images->pdata[0], ==, "vda=/a");
    g_assert_cmpstr(line.context.images->pdata[1], ==, "/b,format=raw");
    g_assert_null(line.spec);
    g_assert_cmpstr(line.verb->name, ==, "backup");
    g_ptr_array_unref(line.context.images);
    g_free((gpointer)line.rest);
}

static void test_defaults(void)
{
    CommandLine line;

    read_well("vm ping", &line);
    g_assert_cmpstr(line.spec, ==, "vm");
    g_assert_null(line.context.uri);
    g_assert_cmpint(line.context.timeout_ms, ==, DEFAULT_TIMEOUT_MS);
    g_assert_cmpint(line.context.cancel_fd, ==, -1);
    g_assert_false(line.context.all || line.context.json || line.context.dry_run ||
                   line.context.verbose || line.help || line.version);
    g_assert_null(line.rest[0]);
    g_free((gpointer)line.rest);
}

/* Each row of the table can be read, in its long form and by its letter. */
static void test_table(void)
{
    for (const GlobalOption *option = options_global; option->option.name; option++) {
        const char letter[] = { '-', option->letter, '\0' };
        g_autofree char *name = g_strconcat("--", option->option.name, NULL);
        const char *forms[] = { name, option->letter ? letter : name };

        g_assert_true((option->kind == GLOBAL_FLAG) == (option->option.value == NULL));
        g_assert_cmpuint(option->offset, <, sizeof(CommandLine));
        for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
            const char *argv[] = { forms[i], option->option.value ? "5" : "vm",
                                   option->option.value ? "vm" : "ping", "ping", NULL };
            g_autoptr(GError) error = NULL;
            CommandLine line;

            g_assert_true(options_read(argv, &line, &error));
            g_assert_no_error(error);
            g_assert_cmpstr(line.verb->name, ==, "ping");
            g_clear_pointer(&line.context.images, g_ptr_array_unref);
            g_free((gpointer)line.rest);
        }
    }
}

static void test_spec(void)
{
    static const struct {
        const char *words, *spec, *verb;
    } cases[] = {
        { "vm info", "vm", "info" },        { "list", NULL, "list" },
        { "list info", "list", "info" },    { "--all info", NULL, "info" },
        { "--agent /a info", NULL, "info" },  { "--agent /a vm info", "vm", "info" },
        { "exporter", NULL, "exporter" },   { "info --help", NULL, "info" },
        { "a,b ping", "a,b", "ping" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CommandLine line;

        read_well(cases[i].words, &line);
        g_assert_cmpstr(line.spec, ==, cases[i].spec);
        g_assert_cmpstr(line.verb->name, ==, cases[i].verb);
        g_free((gpointer)line.rest);
    }
}

/* After the verb, some global options are taken out of the verb's words, up to "--". */
static void test_after_verb(void)
{
    CommandLine line;

    read_well("vm exec --json --cwd / --verbose -- ls --json", &line);
    g_assert_true(line.context.json && line.context.verbose);
    g_assert_cmpstr(line.rest[0], ==, "--cwd");
    g_assert_cmpstr(line.rest[1], ==, "/");
    g_assert_cmpstr(line.rest[2], ==, "--");
    g_assert_cmpstr(line.rest[3], ==, "ls");
    g_assert_cmpstr(line.rest[4], ==, "--json");
    g_assert_null(line.rest[5]);
    g_free((gpointer)line.rest);
    read_well("vm cp --all -v --json=x", &line);
    g_assert_false(line.context.all || line.context.verbose || line.context.json);
    g_assert_cmpstr(line.rest[0], ==, "--all");
    g_assert_cmpstr(line.rest[1], ==, "-v");
    g_assert_cmpstr(line.rest[2], ==, "--json=x");
    g_free((gpointer)line.rest);
}

static void test_errors(void)
{
    static const struct {
        const char *words, *text;
    } cases[] = {
        { "", "missing VM" },
        { "vm", "missing verb" },
        { "vm nix", "unknown verb" },
        { "--nix vm ping", "unknown option" },
        { "--jso vm ping", "unknown option" },
        { "--jsonx vm ping", "unknown option" },
        { "-x vm ping", "unknown option" },
        { "-cx vm ping", "unknown option" },
        { "- vm ping", "unknown option" },
        { "-- vm ping", "unknown option" },
        { "--json=yes vm ping", "takes no value" },
        { "--agent", "requires a value" },
        { "--timeout 0 vm ping", "invalid number of seconds '0'" },
        { "--timeout x vm ping", "invalid number of seconds 'x'" },
        { "--timeout= vm ping", "invalid number of seconds ''" },
        { "--timeout 2147483648 vm ping", "invalid number" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        CommandLine line;

        g_assert_false(read_words(cases[i].words, &line, &error));
        g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE);
        g_assert_nonnull(strstr(error->message, cases[i].text));
    }
}

static void test_help_without_verb(void)
{
    CommandLine line;

    read_well("--help", &line);
    g_assert_true(line.help);
    g_assert_null(line.verb);
    g_assert_null(line.rest);
    g_assert_false(options_read(none, &line, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options/all", test_all);
    g_test_add_func("/options/defaults", test_defaults);
    g_test_add_func("/options/image given twice -> both, and no VM is to be named", test_images);
    g_test_add_func("/options/table", test_table);
    g_test_add_func("/options/spec", test_spec);
    g_test_add_func("/options/after-the-verb", test_after_verb);
    g_test_add_func("/options/invalid -> usage error", test_errors);
    g_test_add_func("/options/help-without-a-verb", test_help_without_verb);
    return g_test_run();
}
