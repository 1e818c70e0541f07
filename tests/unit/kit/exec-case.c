/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "commands/exec/process.h"
#include "tests/unit/kit/exec-case.h"
#include "tests/unit/kit/kit.h"

extern const Family family_exec, family_session;

static const ExecLimits small = {
    .tracked = 3, .stream_bytes = 100, .total_bytes = 150, .keep_s = 3600, .grace_ms = 1,
};
static const ExecLimits hasty = {
    .tracked = 3, .stream_bytes = 100, .total_bytes = 150, .keep_s = 0, .grace_ms = 1,
};

static void *small_init(const Services *services, GError **error)
{
    (void)services;
    (void)error;
    return exec_new(&small, NULL);
}

static void *hasty_init(const Services *services, GError **error)
{
    (void)services;
    (void)error;
    return exec_new(&hasty, NULL);
}

void exec_case_set_up(ExecCase *w, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    const Family *const families[] = { &w->exec, &family_session, NULL };

    g_free(kit_take_log());
    w->exec = family_exec;
    w->exec.init = data ? hasty_init : small_init;
    w->settings.listen_fd = -1;
    w->services = (Services){ .settings = &w->settings, .complete = dispatch_complete };
    w->set = command_set_new(families);
    g_assert_true(command_set_init(w->set, &w->services, &error));
    w->dispatch = dispatch_new(w->set, &w->services);
    w->link = link_new("host", &dispatch_events, w->dispatch);
    w->other = link_new("other", &dispatch_events, w->dispatch);
}

void exec_case_tear_down(ExecCase *w, gconstpointer data)
{
    (void)data;
    link_free(w->link);
    link_free(w->other);
    dispatch_free(w->dispatch);
    command_set_free(w->set);
    g_free(kit_take_log());
}

int exec_case_pid(const char *line)
{
    const char *at = strstr(line, "\"pid\": ");

    g_assert_nonnull(at);
    return atoi(at + strlen("\"pid\": "));
}

int exec_case_start(ExecCase *w, const char *arguments)
{
    g_autofree char *line = NULL;

    link_sayf(w->link, ASK("guest-exec", "%s"), arguments);
    line = link_take(w->link);
    return exec_case_pid(line);
}

void exec_case_ask(Link *link, const char *command, int pid, const char *more)
{
    link_sayf(link, ASK("%s", "\"pid\":%d%s"), command, pid, more);
}

char *exec_case_ask_until(Link *link, const char *command, int pid, const char *text, gboolean has)
{
    guint timer = kit_deadline_start();
    char *line = NULL;

    do {
        if (kit_deadline_passed())
            g_error("in vain: %s of %d: %s", command, pid, line);
        g_free(line);
        if (pid)
            exec_case_ask(link, command, pid, "");
        else
            link_sayf(link, "{\"execute\":\"%s\"}", command);
        line = link_take(link);
    } while ((strstr(line, text) != NULL) != has);
    kit_deadline_stop(timer);
    return line;
}

char *exec_case_result(ExecCase *w, int pid)
{
    return exec_case_ask_until(w->link, "guest-exec-status", pid, "\"exited\": false", FALSE);
}

void exec_case_expect(ExecCase *w, int pid, const char *wanted)
{
    g_autofree char *line = exec_case_result(w, pid);

    g_assert_cmpstr(line, ==, wanted);
}

void exec_case_end(ExecCase *w, int pid)
{
    exec_case_ask(w->link, "guestd-exec-kill", pid, ",\"signal\":\"KILL\"");
    link_expect(w->link, NOTHING);
    exec_case_expect(w, pid, KILLED(9));
}
