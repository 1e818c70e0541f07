/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "host/base/value-get.h"
#include "host/cli/verb.h"
#include "lib/errors.h"
#include "lib/json/writer.h"

/* guestctl VM time, passwd, keys */

#define MAX_PASSWORD 1024
#define NS_PER_S G_GINT64_CONSTANT(1000000000)

static gboolean set_clock(Job *job, gboolean from_rtc, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-set-time");

    if (!from_rtc)
        request_int(request, "time", g_get_real_time() * 1000);
    if (!vm_ask(job->vm, request, 0, arena, error))
        return FALSE;
    job_print(job, from_rtc ? "set from the VM's clock\n" : "set to the host's time\n");
    return TRUE;
}

/* How far the guest is ahead, seen from the middle of question and answer. */
static gboolean show_clock(Job *job, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    gint64 before = g_get_real_time(), after, guest;
    const Value *time = vm_ask_plain(job->vm, "guest-get-time", arena, error);
    g_autoptr(GDateTime) date = NULL;
    g_autofree char *text = NULL;
    double ahead;

    if (!time)
        return FALSE;
    if (time->kind != VALUE_INT)
        return set_error(error, "the agent's time is no number");
    after = g_get_real_time();
    guest = time->integer / 1000;
    ahead = (double)(guest - (before + after) / 2) / G_USEC_PER_SEC;
    date = g_date_time_new_from_unix_utc(time->integer / NS_PER_S);
    text = date ? g_date_time_format(date, "%F %T UTC") : g_strdup("unknown");
    job_print(job, "%s, %.3f s %s the host\n", text, ahead < 0 ? -ahead : ahead,
              ahead < 0 ? "behind" : "ahead of");
    g_string_append_printf(job->json, "{\"time\": %" G_GINT64_FORMAT ", \"ahead-seconds\": %.6f}",
                           time->integer, ahead);
    return TRUE;
}

static gboolean time_run(Job *job, GError **error)
{
    gboolean set = job_flag(job, "set"), sync = job_flag(job, "sync");

    if (set && sync) {
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                            "time: --set and --sync are two different things");
        return FALSE;
    }
    if (!set && !sync)
        return show_clock(job, error);
    if (job->context->dry_run) {
        job_print(job, "would set the guest's clock\n");
        return TRUE;
    }
    return set_clock(job, sync, error);
}

const Verb verb_time = {
    .name = "time",
    .summary = "Shows the guest's clock, or sets it",
    .options = (const VerbOption[]){
        { "set", NULL, "set it to the host's time" },
        { "sync", NULL, "set it from the VM's own clock" },
        { NULL },
    },
    .flags = VERB_CHANGES | VERB_DRY_ITSELF,
    .run = time_run,
};

/* One line without echo, into @text; FALSE at the end of the input. */
static gboolean read_secret(const char *prompt, char *text)
{
    struct termios shown, hidden;
    gboolean terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
    char *line;

    if (terminal) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        /* Which drops what was typed before: so the question comes after it. */
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
        fputs(prompt, stderr);
    }
    line = fgets(text, MAX_PASSWORD, stdin);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        fputs("\n", stderr);
    }
    if (line)
        line[strcspn(line, "\n")] = '\0';
    return line != NULL;
}

/* Asked for twice at a terminal; a pipe says it once. */
static gboolean ask_password(char *password, GError **error)
{
    char again[MAX_PASSWORD];
    gboolean same = TRUE;

    if (!read_secret("New password: ", password) || !*password)
        return set_error(error, "no password was given; nothing was changed");
    if (isatty(STDIN_FILENO)) {
        same = read_secret("Once more: ", again) && strcmp(password, again) == 0;
        explicit_bzero(again, sizeof again);
    }
    return same || set_error(error, "the two are not the same; nothing was changed");
}

static gboolean passwd_run(Job *job, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-set-user-password");
    char password[MAX_PASSWORD] = "";
    gboolean ok = ask_password(password, error);

    if (ok) {
        request->secret = TRUE;
        request_string(request, "username", job->call->args[0]);
        request_base64(request, "password", password, strlen(password));
        request_bool(request, "crypted", job_flag(job, "crypted"));
        ok = vm_ask(job->vm, request, 0, arena, error) != NULL;
    }
    explicit_bzero(password, sizeof password);
    if (ok)
        job_print(job, "the password of %s is changed\n", job->call->args[0]);
    return ok;
}

const Verb verb_passwd = {
    .name = "passwd",
    .usage = "USER",
    .summary = "Sets a user's password, which it asks for",
    .doc = "The password is read from the terminal, twice, or from a pipe; never from the\n"
           "command line, which others can see.",
    .options = (const VerbOption[]){
        { "crypted", NULL, "what is typed is a crypt(3) hash" },
        { NULL },
    },
    .flags = VERB_CHANGES | VERB_ONE_VM,
    .min_args = 1,
    .max_args = 1,
    .run = passwd_run,
};

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

/* A key, or the lines of a file of keys. */
static gboolean add_keys(GPtrArray *keys, const char *word, GError **error)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (strchr(word, ' ')) {
        g_ptr_array_add(keys, g_strdup(word));
        return TRUE;
    }
    if (!g_file_get_contents(word, &text, NULL, error)) {
        g_prefix_error(error, "'%s' is neither a key nor a file of keys: ", word);
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
        return set_error(error, "no key was given; nothing was changed");
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
                    "keys: '%s' is none of list, add, remove", what);
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
    .summary = "Shows or changes the ssh keys that a user accepts",
    .flags = VERB_CHANGES | VERB_DRY_ITSELF,
    .min_args = 2,
    .max_args = -1,
    .run = keys_run,
};
