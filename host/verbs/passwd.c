/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "host/base/deadline.h"
#include "host/cli/verb.h"
#include "lib/errors.h"

/* guestctl VM passwd */

#define MAX_PASSWORD 1024

/*
 * Reads a line of standard input into @text, which has MAX_PASSWORD bytes. guestctl blocks SIGINT,
 * so the read waits for the cancel descriptor as well. The end of the input is an empty line.
 * Nothing is buffered: no copy of the password stays behind.
 */
static gboolean read_line(int cancel_fd, char *text, GError **error)
{
    Deadline forever = deadline_in(G_MAXINT, cancel_fd);
    gsize len = 0;

    for (;;) {
        ssize_t n;

        if (!deadline_poll(&forever, STDIN_FILENO, POLLIN, error))
            return FALSE;
        n = read(STDIN_FILENO, text + len, 1);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return set_errno_error(error, errno, "standard input");
        if (n == 0 || (n == 1 && text[len] == '\n'))
            break;
        if (n == 1 && ++len == MAX_PASSWORD)
            return set_error(error, "password is longer than %d bytes; nothing changed",
                             MAX_PASSWORD - 1);
    }
    text[len] = '\0';
    return TRUE;
}

/* Reads a line without echo, after @prompt if standard input is a terminal. */
static gboolean read_secret(const char *prompt, int cancel_fd, char *text, GError **error)
{
    struct termios shown, hidden;
    gboolean terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
    gboolean ok;

    if (terminal) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        /* TCSAFLUSH drops what was typed before, so the prompt comes after it. */
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
        fputs(prompt, stderr);
    }
    ok = read_line(cancel_fd, text, error);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        fputs("\n", stderr);
    }
    return ok;
}

/* Asks twice at a terminal; a pipe supplies the password once. */
static gboolean ask_password(int cancel_fd, char *password, GError **error)
{
    char again[MAX_PASSWORD] = "";
    gboolean ok;

    if (!read_secret("New password: ", cancel_fd, password, error))
        return FALSE;
    if (!*password)
        return set_error(error, "no password given; nothing changed");
    if (!isatty(STDIN_FILENO))
        return TRUE;
    ok = read_secret("Once more: ", cancel_fd, again, error) &&
         (strcmp(password, again) == 0 ||
          set_error(error, "the two passwords differ; nothing changed"));
    explicit_bzero(again, sizeof again);
    return ok;
}

static gboolean passwd_run(Job *job, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-set-user-password");
    char password[MAX_PASSWORD] = "";
    gboolean ok = ask_password(job->context->cancel_fd, password, error);

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
    .summary = "Set the password of a user",
    .doc = "guestctl reads the password twice from the terminal, or once from a pipe. It does not accept\n"
           "it on the command line, which other users can see.",
    .options = (const VerbOption[]){
        { "crypted", NULL, "the password is a crypt(5) hash" },
        { NULL },
    },
    .flags = VERB_CHANGES | VERB_ONE_VM,
    .min_args = 1,
    .max_args = 1,
    .run = passwd_run,
};
