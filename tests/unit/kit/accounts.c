/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/accounts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/kit/kit.h"

extern const Family family_password, family_ssh;
static const Family *const families[] = { &family_password, &family_ssh, NULL };

static int get_user(const char *name, struct passwd *user, char *buffer, size_t size,
                    struct passwd **found)
{
    *found = NULL;
    if (g_str_equal(name, "slow"))
        return EIO;
    /* An entry that needs some room. */
    if (size < 5000)
        return ERANGE;
    if (g_str_equal(name, "relative") || g_str_has_prefix(name, "/")) {
        g_strlcpy(buffer, name, size);
        *user = (struct passwd){ .pw_name = buffer, .pw_dir = buffer, .pw_uid = geteuid(),
                                 .pw_gid = getegid() };
        *found = user;
    }
    return 0;
}

static const SysOps ops = { .get_user = get_user };

void accounts_set_up(Accounts *accounts, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    (void)unused;
    accounts->dir = kit_make_directory();
    accounts->path = g_strdup(g_getenv("PATH"));
    accounts->settings.listen_fd = -1;
    accounts->services = (Services){ .settings = &accounts->settings, .sysops = &ops };
    accounts->set = command_set_new(families);
    g_assert_true(command_set_init(accounts->set, &accounts->services, &error));
    g_assert_no_error(error);
}

void accounts_tear_down(Accounts *accounts, gconstpointer unused)
{
    (void)unused;
    g_setenv("PATH", accounts->path, TRUE);
    g_free(accounts->path);
    command_set_free(accounts->set);
    kit_remove_tree(accounts->dir);
}

char *accounts_path(const Accounts *accounts, const char *name)
{
    return g_build_filename(accounts->dir, name, NULL);
}

char *accounts_ask(Accounts *accounts, const char *command, const char *arguments)
{
    char *text = g_strdup_printf("{\"execute\": \"%s\", \"arguments\": %s}", command, arguments);
    Frame frame = { .kind = FRAME_MESSAGE, .data = text, .len = strlen(text) };
    Job *job = job_new(&frame, accounts->set, &accounts->services);
    GString *reply;

    if (job_prepare(job, &accounts->settings, FALSE))
        job_run(job);
    reply = job_reply(job);
    job_free(job);
    g_string_truncate(reply, reply->len - 1);
    return g_string_free(reply, FALSE);
}

void accounts_expect_file(const Accounts *accounts, const char *name, const char *wanted)
{
    g_autofree char *path = accounts_path(accounts, name);
    g_autofree char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    g_assert_cmpstr(text, ==, wanted);
}
