/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/exec-process.h"
#include "tests/unit/dispatch-fixture.h"
#include "tests/unit/kit.h"

/* Programs of guest-exec, with bounds that are reached soon. */

extern const Family family_exec, family_session;

typedef struct {
    Settings settings;
    Services services;
    Family exec;
    CommandSet *set;
    Dispatch *dispatch;
    Link *link;
    Link *other;
} World;

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

static void set_up(World *w, gconstpointer data)
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

static void tear_down(World *w, gconstpointer data)
{
    (void)data;
    link_free(w->link);
    link_free(w->other);
    dispatch_free(w->dispatch);
    command_set_free(w->set);
    g_free(kit_take_log());
}

#define ASK(command, arguments) "{\"execute\":\"" command "\",\"arguments\":{" arguments "}}"
#define CAT "\"path\":\"cat\",\"input-open\":true,\"capture-output\":true"
#define SHELL(script) "\"path\":\"sh\",\"arg\":[\"-c\",\"" script "\"]"

static int pid_in(const char *line)
{
    const char *at = strstr(line, "\"pid\": ");

    g_assert_nonnull(at);
    return atoi(at + strlen("\"pid\": "));
}

static int start(World *w, const char *arguments)
{
    g_autofree char *line = NULL;

    link_sayf(w->link, ASK("guest-exec", "%s"), arguments);
    line = link_take(w->link);
    return pid_in(line);
}

static void ask(Link *link, const char *command, int pid, const char *more)
{
    link_sayf(link, ASK("%s", "\"pid\":%d%s"), command, pid, more);
}

static G_GNUC_PRINTF(2, 3) void expect_error_of(Link *link, const char *format, ...)
{
    g_autofree char *wanted = NULL;
    va_list args;

    va_start(args, format);
    wanted = g_strdup_vprintf(format, args);
    va_end(args);
    link_expect(link, wanted);
}

/*
 * Asks @command about @pid until the answer has, or lacks, @text. An answer and what makes
 * the next one another can come in one round of the loop, so there is nothing to sleep for.
 */
static char *ask_until(Link *link, const char *command, int pid, const char *text, gboolean has)
{
    guint timer = kit_deadline_start();
    char *line = NULL;

    do {
        if (kit_deadline_passed())
            g_error("in vain: %s of %d: %s", command, pid, line);
        g_free(line);
        if (pid)
            ask(link, command, pid, "");
        else
            link_sayf(link, "{\"execute\":\"%s\"}", command);
        line = link_take(link);
    } while ((strstr(line, text) != NULL) != has);
    kit_deadline_stop(timer);
    return line;
}

/* Asks until the program has ended. */
static char *result_of(World *w, int pid)
{
    return ask_until(w->link, "guest-exec-status", pid, "\"exited\": false", FALSE);
}

static void expect_result(World *w, int pid, const char *wanted)
{
    g_autofree char *line = result_of(w, pid);

    g_assert_cmpstr(line, ==, wanted);
}

#define KILLED(n) "{\"return\": {\"signal\": " #n ", \"exited\": true}}"
#define DONE "{\"return\": {\"exitcode\": 0, \"exited\": true}}"
#define NOTHING "{\"return\": {}}"

static void end(World *w, int pid)
{
    ask(w->link, "guestd-exec-kill", pid, ",\"signal\":\"KILL\"");
    link_expect(w->link, NOTHING);
    expect_result(w, pid, KILLED(9));
}

static void test_limit(World *w, gconstpointer data)
{
    int pids[3];

    (void)data;
    for (int i = 0; i < 3; i++)
        pids[i] = start(w, CAT);
    link_say(w->link, ASK("guest-exec", "\"path\":\"true\""));
    link_expect(w->link, ERROR("3 processes are running or wait to be asked for with "
                               "guest-exec-status; nothing more is started"));
    for (int i = 0; i < 3; i++)
        end(w, pids[i]);
    expect_result(w, start(w, "\"path\":\"true\""), DONE);
}

/* A host that never asks can go on; results with output do not give way. */
static void test_never_asked(World *w, gconstpointer data)
{
    int first = start(w, "\"path\":\"true\"");

    (void)data;
    WAIT_UNTIL(kill(first, 0) < 0);
    for (int i = 0; i < 4; i++) {
        int pid = start(w, "\"path\":\"true\"");

        ask(w->link, "guestd-exec-read", pid, "");
        expect_error_of(w->link, ERROR("stdout of process %d is not captured"), pid);
        WAIT_UNTIL(kill(pid, 0) < 0);
    }
    ask(w->link, "guest-exec-status", first, "");
    expect_error_of(w->link,
                    ERROR("the result of process %d was dropped: nobody had asked for it in time"),
                    first);
}

static void test_expiry(World *w, gconstpointer data)
{
    int pid = start(w, SHELL("echo hello") ",\"capture-output\":true");

    (void)data;
    WAIT_UNTIL(kill(pid, 0) < 0);
    g_free(ask_until(w->link, "guestd-exec-list", 0, "[]", TRUE));
    ask(w->link, "guest-exec-status", pid, "");
    expect_error_of(w->link,
                    ERROR("the result of process %d was dropped: nobody had asked for it in time"),
                    pid);
}

static void test_total(World *w, gconstpointer data)
{
    static const char ninety[] = "\"path\":\"head\",\"arg\":[\"-c\",\"90\",\"/dev/zero\"],"
                                 "\"capture-output\":true";
    g_autofree char *line = NULL;
    int first = start(w, ninety), second;

    (void)data;
    ask(w->link, "guestd-exec-read", first, ",\"offset\":90,\"wait\":3600000");
    g_free(link_take(w->link));
    second = start(w, ninety);
    ask(w->link, "guestd-exec-read", second, ",\"offset\":60,\"wait\":3600000");
    line = link_take(w->link);
    g_assert_nonnull(strstr(line, "\"eof\": true, \"truncated\": true, \"exited\": "));
    link_say(w->link, ASK("guest-exec", "\"path\":\"true\""));
    link_expect(w->link, ERROR("0 MiB of processes' input and output are kept; nothing more is "
                               "started until guest-exec-status has asked for results"));
    g_free(result_of(w, first));
    expect_result(w, start(w, "\"path\":\"true\""), DONE);
    g_free(result_of(w, second));
}

static void test_stream_limit(World *w, gconstpointer data)
{
    g_autofree char *line = NULL, *zeros = g_strnfill(132, 'A');
    int pid = start(w, "\"path\":\"head\",\"arg\":[\"-c\",\"100000\",\"/dev/zero\"],"
                       "\"capture-output\":\"stdout\"");

    (void)data;
    line = result_of(w, pid);
    g_assert_nonnull(strstr(line, zeros));
    g_assert_nonnull(strstr(line, "\"out-truncated\": true"));
}

/* Who waits for output is answered as soon as there is some. */
static void test_long_poll(World *w, gconstpointer data)
{
    int pid = start(w, CAT);

    (void)data;
    ask(w->other, "guestd-exec-read", pid, ",\"wait\":3600000");
    link_expect_silence(w->other);
    ask(w->link, "guestd-exec-write", pid, ",\"buf-b64\":\"aGVsbG8=\"");
    link_expect(w->link, "{\"return\": {\"count\": 5}}");
    link_expect(w->other, "{\"return\": {\"count\": 5, \"buf-b64\": \"aGVsbG8=\", \"eof\": false, "
                          "\"truncated\": false, \"exited\": false}}");
    ask(w->other, "guestd-exec-read", pid, ",\"offset\":5,\"wait\":3600000");
    ask(w->link, "guestd-exec-write", pid, ",\"eof\":true");
    link_expect(w->link, "{\"return\": {\"count\": 0}}");
    g_free(link_take(w->other));
    ask(w->other, "guestd-exec-read", pid, ",\"offset\":2,\"count\":2");
    g_free(link_take(w->other));
    g_free(result_of(w, pid));
}

/* The time is over just when what was waited for comes: one answer, not two. */
static void test_both_at_once(World *w, gconstpointer data)
{
    g_autofree char *dir = g_dir_make_tmp("guestd-exec-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "fifo", NULL);
    g_autofree char *script = g_strdup_printf(SHELL("exec cat %s") ",\"capture-output\":true", path);
    int fd, pid;

    (void)data;
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    fd = open(path, O_RDWR | O_CLOEXEC);
    pid = start(w, script);
    for (int i = 0; i < 10; i++) {
        g_autofree char *more = g_strdup_printf(",\"offset\":%d,\"wait\":20", i * 5);

        ask(w->other, "guestd-exec-read", pid, more);
        kit_run_ready();
        g_assert_cmpint(write(fd, "hello", 5), ==, 5);
        /* The loop stands still meanwhile, and finds both. */
        g_usleep(30 * 1000);
        g_free(link_take(w->other));
        link_expect_silence(w->other);
    }
    ask(w->link, "guestd-exec-kill", pid, ",\"signal\":\"KILL\"");
    link_expect(w->link, NOTHING);
    g_free(result_of(w, pid));
    close(fd);
    unlink(path);
    rmdir(dir);
}

/* A barrier ends the waiting, not the program. */
static void test_abandoned(World *w, gconstpointer data)
{
    g_autofree char *line = NULL;
    int pid = start(w, CAT);

    (void)data;
    ask(w->other, "guestd-exec-read", pid, ",\"wait\":3600000");
    link_expect_silence(w->other);
    link_say(w->other, ASK("guest-sync", "\"id\":5"));
    link_expect(w->other, RETURN(5));
    link_say(w->other, ASK("guest-exec", CAT ",\"wait\":3600000") ASK("guest-sync", "\"id\":6"));
    link_expect(w->other, RETURN(6));
    ask(w->other, "guestd-exec-read", pid, ",\"wait\":3600000");
    link_hang_up(w->other);
    end(w, pid);
    line = ask_until(w->link, "guestd-exec-list", 0, "\"pid\"", TRUE);
    end(w, pid_in(line)); /* the one that was abandoned at its start */
}

/* Until the main thread has heard of it, a launch is a thread's, with all that is the agent's. */
static void test_busy(World *w, gconstpointer data)
{
    (void)data;
    g_assert_false(command_set_busy(w->set));
    link_say(w->link, ASK("guest-exec", CAT ",\"wait\":3600000"));
    WAIT_UNTIL(command_set_busy(w->set));
    WAIT_UNTIL(!command_set_busy(w->set));
}

/* Numbers of processes begin anew some time, also within a millisecond. */
static void test_order(World *w, gconstpointer data)
{
    int pids[2] = { start(w, CAT), start(w, CAT) };
    Exec *exec = *command_set_find(w->set, "guest-exec")->state;
    Process *first = exec_find(exec, MAX(pids[0], pids[1]), "", NULL);
    Process *second = exec_find(exec, MIN(pids[0], pids[1]), "", NULL);
    g_autofree char *line = NULL;

    (void)data;
    second->started_us = first->started_us + 1;
    link_say(w->link, "{\"execute\":\"guestd-exec-list\"}");
    line = link_take(w->link);
    g_assert_cmpint(pid_in(line), ==, first->pid);
}

static void test_wait(World *w, gconstpointer data)
{
    g_autofree char *first = NULL, *second = NULL, *third = NULL;

    (void)data;
    link_say(w->link, ASK("guest-exec", SHELL("echo hi; exit 3")
                          ",\"capture-output\":true,\"wait\":3600000"));
    first = link_take(w->link);
    g_assert_nonnull(strstr(first, ", \"exitcode\": 3, \"out-data\": \"aGkK\", "
                                   "\"out-truncated\": false, \"exited\": true}}"));
    ask(w->link, "guest-exec-status", pid_in(first), "");
    link_expect(w->link, ERROR("PID ld does not exist"));
    link_say(w->link, ASK("guest-exec", CAT ",\"wait\":1"));
    second = link_take(w->link);
    g_assert_nonnull(strstr(second, ", \"exited\": false}}"));
    end(w, pid_in(second));
    link_say(w->link, ASK("guest-exec", "\"path\":\"/nowhere\",\"wait\":1"));
    third = link_take(w->link);
    g_assert_nonnull(strstr(third, "Failed to execute child process"));
}

static void test_timeout(World *w, gconstpointer data)
{
    int pid = start(w, SHELL("sleep 1000 & sleep 1000") ",\"timeout\":3,\"capture-output\":true");

    (void)data;
    expect_result(w, pid, "{\"return\": {\"signal\": 9, \"exited\": true, \"timed-out\": true}}");
    g_assert_cmpint(waitpid(-pid, NULL, 0), >, 0); /* the group's other member, dead as well */
}

/* Somebody else holds the pipes; it is not killed for that. */
static void test_daemon(World *w, gconstpointer data)
{
    g_autofree char *line = NULL;
    int pid = start(w, SHELL("sleep 1000 & echo $!") ",\"capture-output\":true");

    (void)data;
    line = result_of(w, pid);
    g_assert_nonnull(strstr(line, "\"exitcode\": 0"));
    g_assert_cmpint(kill(-pid, 0), ==, 0);
    g_assert_cmpint(kill(-pid, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(-pid, NULL, 0), >, 0);
}

/* More than waits for a slow reader is answered when it was read. First it must have stopped. */
static void test_slow_reader(World *w, gconstpointer data)
{
    g_autofree char *text = g_strnfill(3 * 1024 * 1024, 'A');
    int pid = start(w, SHELL("kill -STOP $$; exec cat") ",\"input-open\":true");

    (void)data;
    g_assert_cmpint(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WSTOPPED | WNOWAIT), ==, 0);
    link_sayf(w->other, ASK("guestd-exec-write", "\"pid\":%d,\"buf-b64\":\"%s\""), pid, text);
    g_free(ask_until(w->link, "guestd-exec-write", pid, "has not read its input of before", TRUE));
    link_expect_silence(w->other);
    ask(w->link, "guestd-exec-kill", pid, ",\"signal\":18");
    link_expect(w->link, NOTHING);
    link_expect(w->other, "{\"return\": {\"count\": 2359296}}");
    ask(w->link, "guestd-exec-write", pid, ",\"eof\":true");
    link_expect(w->link, "{\"return\": {\"count\": 0}}");
    expect_result(w, pid, DONE);
}

static void test_log(World *w, gconstpointer data)
{
    g_autofree char *log = NULL;

    (void)data;
    w->settings.trace_wire = TRUE;
    g_free(result_of(w, start(w, SHELL("echo a-secret") ",\"env\":[\"PATH=/bin:/usr/bin\","
                                 "\"B=b-secret\"],\"input-data\":\"Yy1zZWNyZXQ=\","
                                 "\"cwd\":\"/\",\"capture-output\":true")));
    log = kit_take_log();
    g_assert_nonnull(strstr(log, "audit: guest-exec path=\"sh\" cwd=\"/\" from host: "));
    g_assert_null(strstr(log, "secret"));
    g_assert_null(strstr(log, "YS1zZWNyZXQ")); /* the output */
    g_assert_null(strstr(log, "Yy1zZWNyZXQ")); /* the input */
}

static void test_bad_values(World *w, gconstpointer data)
{
    int pid = start(w, CAT);

    (void)data;
    link_say(w->link, ASK("guest-exec", CAT ",\"timeout\":-1")
                          ASK("guest-exec", CAT ",\"timeout\":604801")
                              ASK("guest-exec", CAT ",\"wait\":3600001"));
    link_expect(w->link, ERROR("value '-1' is invalid for argument timeout"));
    link_expect(w->link, ERROR("value '604801' is invalid for argument timeout"));
    link_expect(w->link, ERROR("value '3600001' is invalid for argument wait"));
    ask(w->link, "guestd-exec-read", pid, ",\"offset\":-1");
    link_expect(w->link, ERROR("value '-1' is invalid for argument offset"));
    ask(w->link, "guestd-exec-read", pid, ",\"count\":0");
    link_expect(w->link, ERROR("value '0' is invalid for argument count"));
    ask(w->link, "guestd-exec-read", pid, ",\"wait\":-1");
    link_expect(w->link, ERROR("value '-1' is invalid for argument wait"));
    ask(w->link, "guestd-exec-write", pid, ",\"buf-b64\":\"!\"");
    link_expect(w->link, ERROR("Base64 data contains invalid characters"));
    ask(w->link, "guestd-exec-kill", pid, ",\"signal\":65");
    link_expect(w->link, ERROR("value '65' is invalid for argument signal"));
    ask(w->link, "guestd-exec-kill", -1, "");
    link_expect(w->link,
                ERROR("guest-exec has started no process -1, or its result was asked for"));
    end(w, pid);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(World *w, gconstpointer data);
    } tests[] = {
        { "/exec/limit", test_limit },
        { "/exec/never-asked", test_never_asked },
        { "/exec/total", test_total },
        { "/exec/stream-limit", test_stream_limit },
        { "/exec/long-poll", test_long_poll },
        { "/exec/abandoned", test_abandoned },
        { "/exec/both-at-once", test_both_at_once },
        { "/exec/busy", test_busy },
        { "/exec/order", test_order },
        { "/exec/wait", test_wait },
        { "/exec/timeout", test_timeout },
        { "/exec/daemon", test_daemon },
        { "/exec/slow-reader", test_slow_reader },
        { "/exec/log", test_log },
        { "/exec/bad-values", test_bad_values },
    };

    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* what programs leave behind is ours to bury */
    kit_capture_log();
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, World, NULL, set_up, tests[i].func, tear_down);
    g_test_add("/exec/expiry", World, "hasty", set_up, test_expiry, tear_down);
    return g_test_run();
}
