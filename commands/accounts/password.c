/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "agent/schema/command.h"
#include "lib/errors.h"
#include "lib/json/base64.h"
#include "lib/spawn.h"

/* Hashing takes milliseconds; a PAM module that queries a server may take long. */
#define CHPASSWD_LIMIT_US (60 * (gint64)G_USEC_PER_SEC)

typedef struct {
    const char *username;
    Bytes password;
    bool crypted;
} PasswordArgs;

static const Type password_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(PasswordArgs),
    .fields = (const Field[]){
        REQUIRED(PasswordArgs, username, "username", &type_string, .flags = FIELD_AUDITED,
                 .doc = "name of the user", .rules = RULE_BIT(RULE_PASSWORD_USERS)),
        REQUIRED(PasswordArgs, password, "password", &type_base64, .flags = FIELD_SECRET,
                 .doc = "the password, or its crypt(5) hash, in base64"),
        REQUIRED(PasswordArgs, crypted, "crypted", &type_bool, .flags = FIELD_AUDITED,
                 .doc = "whether the password is a hash"),
        FIELDS_END,
    },
};

/* Text that is wiped from memory after use. */
typedef struct {
    char *text;
    gsize len;
} Secret;

static void secret_clear(Secret *secret)
{
    if (secret->text)
        explicit_bzero(secret->text, secret->len);
    g_clear_pointer(&secret->text, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Secret, secret_clear)

/* chpasswd reads lines of text, so a NUL ends the password. */
static gsize text_length(const Bytes *password)
{
    return strnlen(password->data, password->len);
}

/* The input line for chpasswd, which holds the password in clear text. */
static gboolean make_line(const char *username, const Bytes *password, Secret *line,
                          GError **error)
{
    gsize name_len = strlen(username), password_len = text_length(password);

    if (memchr(password->data, '\n', password_len))
        return set_error(error, "forbidden characters in raw password");
    if (strpbrk(username, ":\n"))
        return set_error(error, "forbidden characters in username");
    line->len = name_len + password_len + 2;
    if (line->len > SPAWN_MAX_INPUT)
        return set_error(error, "user name and password are longer than %d bytes",
                         SPAWN_MAX_INPUT - 2);
    line->text = g_malloc(line->len);
    memcpy(line->text, username, name_len);
    line->text[name_len] = ':';
    memcpy(line->text + name_len + 1, password->data, password_len);
    line->text[line->len - 1] = '\n';
    return TRUE;
}

static gboolean is_busybox(const char *program)
{
    char *real = realpath(program, NULL);
    gboolean is = real && g_str_has_suffix(real, "/busybox");

    free(real);
    return is;
}

/*
 * Chooses the program and its arguments, NULL-terminated. busybox in its usual configuration
 * would hash with DES, which ignores every character after the eighth.
 */
static void choose_program(gboolean crypted, const char *argv[5])
{
    g_autofree char *chpasswd = g_find_program_in_path("chpasswd");
    g_autofree char *busybox = chpasswd ? NULL : g_find_program_in_path("busybox");
    gsize n = 0;

    if (busybox)
        argv[n++] = "busybox";
    argv[n++] = "chpasswd";
    if (crypted) {
        argv[n++] = "-e";
    } else if (busybox || (chpasswd && is_busybox(chpasswd))) {
        argv[n++] = "-c";
        argv[n++] = "sha512";
    }
    argv[n] = NULL;
}

static gboolean contains(const GString *output, const Bytes *password)
{
    gsize len = text_length(password);

    return len && memmem(output->str, output->len, password->data, len);
}

static gboolean set_password_run(Call *call, GError **error)
{
    const PasswordArgs *args = call->args;
    Bytes password = args->password; /* decoded in the request's buffer, which is wiped */
    g_auto(Secret) line = { NULL };
    SpawnRequest request = { .cancel_fd = -1 };
    SpawnResult result = { 0 };
    const char *argv[5];
    gboolean ok;

    if (!bytes_decode(&password, error) || !make_line(args->username, &password, &line, error))
        return FALSE;
    choose_program(args->crypted, argv);
    request.argv = argv;
    request.input = line.text;
    request.input_len = line.len;
    request.until = g_get_monotonic_time() + CHPASSWD_LIMIT_US;
    if (!spawn_run(&request, &result, error)) {
        g_prefix_error(error, "child process has failed to set user password: ");
        return FALSE;
    }
    /* The error is logged, so it must not repeat the password. */
    if (contains(result.output, &password)) {
        explicit_bzero(result.output->str, result.output->len);
        g_string_assign(result.output, "its message holds the password and is not shown");
    }
    ok = spawn_check(&result, "set user password", error);
    spawn_result_clear(&result);
    return ok;
}

static const Need password_needs[] = {
    { NEED_PROGRAM, "chpasswd", NULL },
    { NEED_ROOT, "passwords", NULL },
    NEEDS_END,
};

static const Command guest_set_user_password = {
    .name = "guest-set-user-password",
    .rank = 27,
    .since = "2.3",
    .doc = "Set the password of a user",
    .flags = COMMAND_ACCOUNTS | COMMAND_BLOCKING | COMMAND_MUTATING | COMMAND_ROOT_EQUIVALENT,
    .args = &password_args,
    .needs = password_needs,
    .run = set_password_run,
};

const Family family_password = {
    .name = "password",
    .commands = (const Command *const[]){ &guest_set_user_password, NULL },
};
