/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "agent/options/options-table.h"
#include "agent/options/options.h"
#include "lib/errors.h"
#include "lib/roff.h"
#include "tests/unit/kit/kit.h"

/* Command line and configuration file, seen through --dump-conf's text. */

typedef struct {
    const char *name;
    const char *config; /* of the file, or NULL: no file at all */
    const char *argv;   /* after the program's name, separated by blanks; @ is the file's path */
    const char *dump;   /* without "[general]" and what does not differ from the defaults */
} Case;

#define HEAD "[general]\n"

static const Case cases[] = {
    { "defaults", NULL, "",
      "daemon=false\nmethod=virtio-serial\npath=/dev/virtio-ports/org.qemu.guest_agent.0\n"
      "verbose=false\nretry-path=false\nblock-rpcs=\nallow-rpcs=\n" },
    { "isa-serial", NULL, "-m isa-serial",
      "daemon=false\nmethod=isa-serial\npath=/dev/ttyS0\nverbose=false\nretry-path=false\n"
      "block-rpcs=\nallow-rpcs=\n" },
    { "short", NULL, "-d -m unix-listen -p /s -l /log -v -r -b a -a b",
      "daemon=true\nmethod=unix-listen\npath=/s\nlogfile=/log\nverbose=true\nretry-path=true\n"
      "block-rpcs=a\nallow-rpcs=b\n" },
    { "long", NULL,
      "--daemonize --method=vsock-listen --path 2:3 --logfile=/log --verbose --retry-path "
      "--block-rpcs=a --allow-rpcs b",
      "daemon=true\nmethod=vsock-listen\npath=2:3\nlogfile=/log\nverbose=true\nretry-path=true\n"
      "block-rpcs=a\nallow-rpcs=b\n" },
    { "stray-words", NULL, "x -v y -s install z",
      "daemon=false\nmethod=virtio-serial\npath=/dev/virtio-ports/org.qemu.guest_agent.0\n"
      "verbose=true\nretry-path=false\nblock-rpcs=\nallow-rpcs=\n" },
    { "last-wins", NULL, "-p /a -p /b",
      "daemon=false\nmethod=virtio-serial\npath=/b\nverbose=false\nretry-path=false\n"
      "block-rpcs=\nallow-rpcs=\n" },
    { "hook-bare", NULL, "-F -p /a",
      "daemon=false\nmethod=virtio-serial\npath=/a\nfsfreeze-hook=" DEFAULT_HOOK "\n"
      "verbose=false\nretry-path=false\nblock-rpcs=\nallow-rpcs=\n" },
    { "hook-attached", NULL, "-F/hook -p /a",
      "daemon=false\nmethod=virtio-serial\npath=/a\nfsfreeze-hook=/hook\n"
      "verbose=false\nretry-path=false\nblock-rpcs=\nallow-rpcs=\n" },
    { "hook-long", NULL, "--fsfreeze-hook=/hook -p /a",
      "daemon=false\nmethod=virtio-serial\npath=/a\nfsfreeze-hook=/hook\n"
      "verbose=false\nretry-path=false\nblock-rpcs=\nallow-rpcs=\n" },
    { "lists-reversed", NULL, "-p /a -b a,b,c -b d,e",
      "daemon=false\nmethod=virtio-serial\npath=/a\nverbose=false\nretry-path=false\n"
      "block-rpcs=c,b,a,e,d\nallow-rpcs=\n" },
    { "file", HEAD "daemon=1\nmethod=unix-listen\npath=/s\nlogfile=/l\nverbose=true\n"
      "retry-path=0\nblock-rpcs=a,b\nallow-rpcs=c\n",
      "-c @",
      "daemon=true\nmethod=unix-listen\npath=/s\nlogfile=/l\nverbose=true\nretry-path=false\n"
      "block-rpcs=b,a\nallow-rpcs=c\n" },
    { "file-then-line", HEAD "path=/file\nverbose=false\nblock-rpcs=a,b\n",
      "-v -p /line -b c,d --config=@",
      "daemon=false\nmethod=virtio-serial\npath=/line\nverbose=true\nretry-path=false\n"
      "block-rpcs=b,a,d,c\nallow-rpcs=\n" },
    { "semicolon", HEAD "path=/a\nblock-rpcs=guest-ping;guest-get-time\n", "-c @",
      "daemon=false\nmethod=virtio-serial\npath=/a\nverbose=false\nretry-path=false\n"
      "block-rpcs=guest-ping;guest-get-time\nallow-rpcs=\n" },
    { "guestd-key", HEAD "path=/a\nvsock-peers=any\n", "-c @",
      "daemon=false\nmethod=virtio-serial\npath=/a\nverbose=false\nretry-path=false\n"
      "block-rpcs=\nallow-rpcs=\nvsock-peers=any\n" },
    { "guestd-switch", HEAD "path=/a\nhotplug-online=true\n", "-c @",
      "daemon=false\nmethod=virtio-serial\npath=/a\nverbose=false\nretry-path=false\n"
      "block-rpcs=\nallow-rpcs=\nhotplug-online=true\n" },
    { "guestd-switch-off", HEAD "path=/a\nhotplug-online=false\n", "-c @",
      "daemon=false\nmethod=virtio-serial\npath=/a\nverbose=false\nretry-path=false\n"
      "block-rpcs=\nallow-rpcs=\n" },
};

typedef struct {
    char *dir;
    char *config;
    char **argv;
    Settings settings;
    Invocation invocation;
    GError *error;
} Run;

/* Parses @words as a command line; @config is the text of the file, or NULL. */
static gboolean parse(Run *run, const char *config, const char *words)
{
    g_autoptr(GString) line = g_string_new("guestd ");

    *run = (Run){ .dir = kit_make_directory() };
    run->config = g_build_filename(run->dir, "conf", NULL);
    if (config)
        g_free(kit_write_file(run->dir, "conf", config));
    g_string_append(line, words);
    g_string_replace(line, "@", run->config, 0);
    run->argv = g_strsplit(g_strchomp(line->str), " ", -1);
    line->len = strlen(line->str);
    return options_parse((int)g_strv_length(run->argv), run->argv, &run->settings,
                         &run->invocation, &run->error);
}

static void run_clear(Run *run)
{
    settings_clear(&run->settings);
    g_free(run->invocation.dump_format);
    g_clear_error(&run->error);
    g_strfreev(run->argv);
    g_free(run->config);
    kit_remove_tree(run->dir);
}

/* Leaves out the paths that depend on how the tree was configured. */
static char *strip(const char *dump)
{
    g_auto(GStrv) lines = g_strsplit(dump, "\n", -1);
    GString *kept = g_string_new(NULL);

    for (char **line = lines; *line; line++)
        if (**line && !g_str_equal(*line, "[general]") &&
            !g_str_equal(*line, "pidfile=" DEFAULT_PIDFILE) &&
            !g_str_equal(*line, "statedir=" DEFAULT_STATEDIR))
            g_string_append_printf(kept, "%s\n", *line);
    return g_string_free(kept, FALSE);
}

static void test_case(gconstpointer data)
{
    const Case *c = data;
    g_autofree char *dump = NULL;
    g_autofree char *shown = NULL;
    g_autofree char *log = NULL;
    Run run;

    g_free(kit_take_log());
    g_assert_true(parse(&run, c->config, c->argv));
    g_assert_no_error(run.error);
    g_assert_true(options_complete(&run.settings, &run.error));
    g_assert_cmpint(run.invocation.action, ==, ACTION_RUN);
    dump = options_dump(&run.settings);
    g_assert_true(g_str_has_prefix(dump, HEAD "daemon="));
    shown = strip(dump);
    g_assert_cmpstr(shown, ==, c->dump);
    log = kit_take_log();
    g_assert_cmpstr(log, ==, "");
    run_clear(&run);
}

/* The dump is a configuration that says the same, apart from the reversed lists. */
static void test_dump_again(void)
{
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    Run run;

    g_assert_true(parse(&run, NULL, "-v -m unix-listen -p /x;y -b a -a b -F/h -t /t -f /pid"));
    g_assert_true(options_complete(&run.settings, NULL));
    first = options_dump(&run.settings);
    run_clear(&run);
    g_assert_true(parse(&run, first, "-c @"));
    g_assert_true(options_complete(&run.settings, NULL));
    second = options_dump(&run.settings);
    run_clear(&run);
    g_assert_cmpstr(first, ==, second);
}

static const struct {
    const char *argv;
    Action action;
} actions[] = {
    { "", ACTION_RUN },
    { "-h", ACTION_HELP },
    { "--help", ACTION_HELP },
    { "-V", ACTION_VERSION },
    { "--version --nonsense", ACTION_VERSION },
    { "-D", ACTION_DUMP_CONF },
    { "--dump-conf -v", ACTION_DUMP_CONF },
    { "-b help", ACTION_LIST_COMMANDS },
    { "-b ?", ACTION_LIST_COMMANDS },
    { "--allow-rpcs=help --nonsense", ACTION_LIST_COMMANDS },
    { "-b help,x", ACTION_RUN },
    { "--self-test", ACTION_SELF_TEST },
    { "--dump-schema", ACTION_DUMP_SCHEMA },
    { "--dump-schema=rst", ACTION_DUMP_SCHEMA },
};

static void test_actions(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(actions); i++) {
        Run run;

        g_assert_true(parse(&run, NULL, actions[i].argv));
        g_assert_cmpint(run.invocation.action, ==, actions[i].action);
        if (run.invocation.action == ACTION_DUMP_SCHEMA)
            g_assert_cmpstr(run.invocation.dump_format, ==,
                            strchr(actions[i].argv, '=') ? "rst" : "json");
        run_clear(&run);
    }
}

static const struct {
    const char *config;
    const char *argv;
    const char *error; /* how it begins; @ is the file */
} faults[] = {
    { NULL, "--nonsense", "Unknown option, try 'guestd --help' for more information." },
    { NULL, "-x", "Unknown option, try 'guestd --help' for more information." },
    { NULL, "-p", "Unknown option, try 'guestd --help' for more information." },
    { NULL, "-c @", "error loading configuration from path: @, " },
    { "nonsense", "-c @", "error loading configuration from path: @, " },
    { "[general]\nverbose=maybe\n", "-c @", "error loading configuration from path: @, " },
    { "[general]\npath=\\q\n", "-c @", "error loading configuration from path: @, " },
    { "[general]\npath\n", "-c @", "error loading configuration from path: @, " },
};

static void test_faults(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autoptr(GString) wanted = g_string_new(faults[i].error);
        Run run;

        g_assert_false(parse(&run, faults[i].config, faults[i].argv));
        g_string_replace(wanted, "@", run.config, 0);
        g_assert_nonnull(run.error);
        g_assert_true(g_str_has_prefix(run.error->message, wanted->str));
        run_clear(&run);
    }
}

static void test_path_needed(void)
{
    Run run;

    g_assert_true(parse(&run, NULL, "-m unix-listen"));
    g_assert_false(options_complete(&run.settings, &run.error));
    g_assert_true(g_error_matches(run.error, GUESTD_ERROR, GUESTD_ERROR_USAGE));
    kit_expect_error(&run.error, "must specify a path for this channel");
    run.settings.listen_fd = 3;
    g_assert_true(options_complete(&run.settings, NULL));
    run_clear(&run);
}

static void test_unknown_keys(void)
{
    static const char config[] = "# comment\n[general]\npath=/a\npaht = /b\n\n[other]\nkey=1\n"
                                 "[general]\ndaemonize=true\n";
    g_autofree char *wanted = NULL;
    g_autofree char *log = NULL;
    Run run;

    g_free(kit_take_log());
    g_assert_true(parse(&run, config, "-c @"));
    wanted = g_strdup_printf("%s:6: unknown group [other] is ignored; keys belong in [general]\n"
                             "%s:4: unknown key paht is ignored\n"
                             "%s:9: unknown key daemonize is ignored\n",
                             run.config, run.config, run.config);
    log = kit_take_log();
    g_assert_cmpstr(log, ==, wanted);
    g_assert_cmpstr(run.settings.path, ==, "/a");
    run_clear(&run);
}

/* What older agents were told to block is blocked, whatever else is. */
static void test_old_key(void)
{
    static const char config[] = "[general]\nblacklist = guest-exec\nblock-rpcs = guest-ping\n";
    g_autofree char *wanted = NULL;
    g_autofree char *log = NULL;
    g_autofree char *dump = NULL;
    Run run;

    g_free(kit_take_log());
    g_assert_true(parse(&run, config, "-c @"));
    wanted = g_strdup_printf("%s:2: key blacklist is now called block-rpcs\n", run.config);
    log = kit_take_log();
    g_assert_cmpstr(log, ==, wanted);
    dump = options_dump(&run.settings);
    g_assert_nonnull(strstr(dump, "\nblock-rpcs=guest-ping,guest-exec\n"));
    g_assert_null(strstr(dump, "blacklist"));
    run_clear(&run);
}

/* The file that $QGA_CONF names is read, but need not be there. */
static void test_environment(void)
{
    char *dir = kit_make_directory();
    g_autofree char *path = kit_write_file(dir, "env.conf", "[general]\npath=/env\n");
    Run run;

    g_setenv("QGA_CONF", path, TRUE);
    g_assert_true(parse(&run, NULL, ""));
    g_assert_cmpstr(run.settings.path, ==, "/env");
    run_clear(&run);
    g_assert_true(parse(&run, "[general]\npath=/given\n", "-c @"));
    g_assert_cmpstr(run.settings.path, ==, "/given");
    run_clear(&run);
    kit_remove_tree(dir);
    g_assert_true(parse(&run, NULL, ""));
    g_assert_null(run.settings.path);
    run_clear(&run);
    g_setenv("QGA_CONF", "/nonexistent/guestd.conf", TRUE);
}

static void expect_statedir(const char *argv, const char *runtime, const char *wanted)
{
    Run run;

    g_setenv("RUNTIME_DIRECTORY", runtime, TRUE);
    g_assert_true(parse(&run, NULL, argv));
    g_assert_true(options_complete(&run.settings, &run.error));
    g_assert_cmpstr(run.settings.statedir, ==, wanted);
    run_clear(&run);
    g_unsetenv("RUNTIME_DIRECTORY");
}

/* The directory that systemd made is the default, if there is but one. */
static void test_runtime_directory(void)
{
    expect_statedir("-p /a", "/run/guestd", "/run/guestd");
    expect_statedir("-p /a -t /given", "/run/guestd", "/given");
    expect_statedir("-p /a", "/run/guestd:/run/more", DEFAULT_STATEDIR);
    expect_statedir("-p /a", "", DEFAULT_STATEDIR);
}

/* Every option is documented, and found in help, manual pages and completion. */
static void test_texts(void)
{
    g_autofree char *help = options_help("guestd");
    g_autofree char *manual = options_man();
    g_autofree char *keys = options_man_keys();
    g_autofree char *words = options_completion_words();

    for (const Option *option = option_table; option->name; option++) {
        g_autofree char *spelling = g_strdup_printf("--%s\n", option->name);
        g_autoptr(GString) name = g_string_new(NULL);

        if (option->flags & OPTION_HIDDEN)
            continue;
        g_assert_nonnull(option->doc);
        g_assert_nonnull(strstr(help, option->name));
        roff_bold(name, option->name);
        g_string_erase(name, 0, strlen("\\fB"));
        if (!(option->flags & OPTION_NO_SWITCH)) {
            g_assert_nonnull(strstr(manual, name->str));
            g_assert_nonnull(strstr(words, spelling));
        }
        g_string_truncate(name, 0);
        roff_bold(name, option_key(option));
        if (!(option->flags & OPTION_NO_KEY))
            g_assert_nonnull(strstr(keys, name->str));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_setenv("QGA_CONF", "/nonexistent/guestd.conf", TRUE);
    g_unsetenv("RUNTIME_DIRECTORY");
    kit_capture_log();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/options/case/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/options/dump-again", test_dump_again);
    g_test_add_func("/options/actions", test_actions);
    g_test_add_func("/options/faults", test_faults);
    g_test_add_func("/options/path-needed", test_path_needed);
    g_test_add_func("/options/unknown-keys", test_unknown_keys);
    g_test_add_func("/options/old-key", test_old_key);
    g_test_add_func("/options/environment", test_environment);
    g_test_add_func("/options/runtime-directory", test_runtime_directory);
    g_test_add_func("/options/texts", test_texts);
    return g_test_run();
}
