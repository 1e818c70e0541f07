/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/exec/process.h"
#include "tests/unit/kit/exec-case.h"
#include "tests/unit/kit/kit.h"

/* Programs of guest-exec, with limits that are reached soon. */

static void test_limit(ExecCase *w, gconstpointer data)
{
    int pids[3];

    (void)data;
    for (int i = 0; i < 3; i++)
        pids[i] = exec_case_start(w, CAT);
    link_say(w->link, ASK("guest-exec", "\"path\":\"true\""));
    link_expect(w->link, ERROR("3 processes are running or wait for guest-exec-status; "
                               "collect results with it first"));
    for (int i = 0; i < 3; i++)
        exec_case_end(w, pids[i]);
    exec_case_expect(w, exec_case_start(w, "\"path\":\"true\""), DONE);
}

/* A host that never collects results can continue; results with output are not dropped. */
static void test_never_asked(ExecCase *w, gconstpointer data)
{
    int first = exec_case_start(w, "\"path\":\"true\"");

    (void)data;
    WAIT_UNTIL(kill(first, 0) < 0);
    for (int i = 0; i < 4; i++) {
        int pid = exec_case_start(w, "\"path\":\"true\"");

        exec_case_ask(w->link, "guestd-exec-read", pid, "");
        link_expectf(w->link, ERROR("stdout of process %d is not captured"), pid);
        WAIT_UNTIL(kill(pid, 0) < 0);
    }
    exec_case_ask(w->link, "guest-exec-status", first, "");
    link_expectf(
        w->link, ERROR("the result of process %d was dropped: it was not collected in time"),
        first);
}

static void test_expiry(ExecCase *w, gconstpointer data)
{
    int pid = exec_case_start(w, SHELL("echo hello") ",\"capture-output\":true");

    (void)data;
    WAIT_UNTIL(kill(pid, 0) < 0);
    g_free(exec_case_ask_until(w->link, "guestd-exec-list", 0, "[]", TRUE));
    exec_case_ask(w->link, "guest-exec-status", pid, "");
    link_expectf(
        w->link, ERROR("the result of process %d was dropped: it was not collected in time"),
        pid);
}

static void test_total(ExecCase *w, gconstpointer data)
{
    static const char ninety[] = "\"path\":\"head\",\"arg\":[\"-c\",\"90\",\"/dev/zero\"],"
                                 "\"capture-output\":true";
    g_autofree char *line = NULL;
    int first = exec_case_start(w, ninety), second;

    (void)data;
    exec_case_ask(w->link, "guestd-exec-read", first, ",\"offset\":90,\"wait\":3600000");
    g_free(link_take(w->link));
    second = exec_case_start(w, ninety);
    exec_case_ask(w->link, "guestd-exec-read", second, ",\"offset\":60,\"wait\":3600000");
    line = link_take(w->link);
    g_assert_nonnull(strstr(line, "\"eof\": true, \"truncated\": true, \"exited\": "));
    link_say(w->link, ASK("guest-exec", "\"path\":\"true\""));
    link_expect(w->link, ERROR("0 MiB of input and output are kept for processes; collect "
                               "results with guest-exec-status first"));
    g_free(exec_case_result(w, first));
    exec_case_expect(w, exec_case_start(w, "\"path\":\"true\""), DONE);
    g_free(exec_case_result(w, second));
}

static void test_stream_limit(ExecCase *w, gconstpointer data)
{
    g_autofree char *line = NULL, *zeros = g_strnfill(132, 'A');
    int pid = exec_case_start(w, "\"path\":\"head\",\"arg\":[\"-c\",\"100000\",\"/dev/zero\"],"
                                 "\"capture-output\":\"stdout\"");

    (void)data;
    line = exec_case_result(w, pid);
    g_assert_nonnull(strstr(line, zeros));
    g_assert_nonnull(strstr(line, "\"out-truncated\": true"));
}

/* A client that waits for output gets it as soon as there is some. */
static void test_long_poll(ExecCase *w, gconstpointer data)
{
    int pid = exec_case_start(w, CAT);

    (void)data;
    exec_case_ask(w->other, "guestd-exec-read", pid, ",\"wait\":3600000");
    link_expect_silence(w->other);
    exec_case_ask(w->link, "guestd-exec-write", pid, ",\"buf-b64\":\"aGVsbG8=\"");
    link_expect(w->link, "{\"return\": {\"count\": 5}}");
    link_expect(w->other, "{\"return\": {\"count\": 5, \"buf-b64\": \"aGVsbG8=\", \"eof\": false, "
                          "\"truncated\": false, \"exited\": false}}");
    exec_case_ask(w->other, "guestd-exec-read", pid, ",\"offset\":5,\"wait\":3600000");
    exec_case_ask(w->link, "guestd-exec-write", pid, ",\"eof\":true");
    link_expect(w->link, "{\"return\": {\"count\": 0}}");
    g_free(link_take(w->other));
    exec_case_ask(w->other, "guestd-exec-read", pid, ",\"offset\":2,\"count\":2");
    g_free(link_take(w->other));
    g_free(exec_case_result(w, pid));
}

/* The timeout passes at the moment when the output comes: one reply, not two. */
static void test_both_at_once(ExecCase *w, gconstpointer data)
{
    g_autofree char *dir = g_dir_make_tmp("guestd-exec-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "fifo", NULL);
    g_autofree char *script =
        g_strdup_printf(SHELL("exec cat %s") ",\"capture-output\":true", path);
    int fd, pid;

    (void)data;
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    fd = open(path, O_RDWR | O_CLOEXEC);
    pid = exec_case_start(w, script);
    for (int i = 0; i < 10; i++) {
        g_autofree char *more = g_strdup_printf(",\"offset\":%d,\"wait\":20", i * 5);

        exec_case_ask(w->other, "guestd-exec-read", pid, more);
        kit_run_ready();
        g_assert_cmpint(write(fd, "hello", 5), ==, 5);
        /* The main loop does not run meanwhile, and then finds both. */
        g_usleep(30 * 1000);
        g_free(link_take(w->other));
        link_expect_silence(w->other);
    }
    exec_case_ask(w->link, "guestd-exec-kill", pid, ",\"signal\":\"KILL\"");
    link_expect(w->link, NOTHING);
    g_free(exec_case_result(w, pid));
    close(fd);
    unlink(path);
    rmdir(dir);
}

/* A barrier ends the wait, not the program. */
static void test_abandoned(ExecCase *w, gconstpointer data)
{
    g_autofree char *line = NULL;
    int pid = exec_case_start(w, CAT);

    (void)data;
    exec_case_ask(w->other, "guestd-exec-read", pid, ",\"wait\":3600000");
    link_expect_silence(w->other);
    link_say(w->other, ASK("guest-sync", "\"id\":5"));
    link_expect(w->other, RETURN(5));
    link_say(w->other, ASK("guest-exec", CAT ",\"wait\":3600000") ASK("guest-sync", "\"id\":6"));
    link_expect(w->other, RETURN(6));
    exec_case_ask(w->other, "guestd-exec-read", pid, ",\"wait\":3600000");
    link_hang_up(w->other);
    exec_case_end(w, pid);
    line = exec_case_ask_until(w->link, "guestd-exec-list", 0, "\"pid\"", TRUE);
    exec_case_end(w, exec_case_pid(line)); /* the one whose client left during the launch */
}

/* Until the main thread knows the process, its launch belongs to a worker that uses the agent. */
static void test_busy(ExecCase *w, gconstpointer data)
{
    (void)data;
    g_assert_false(command_set_busy(w->set));
    link_say(w->link, ASK("guest-exec", CAT ",\"wait\":3600000"));
    WAIT_UNTIL(command_set_busy(w->set));
    WAIT_UNTIL(!command_set_busy(w->set));
}

/* The kernel reuses pids, also within a millisecond. */
static void test_order(ExecCase *w, gconstpointer data)
{
    int pids[2] = { exec_case_start(w, CAT), exec_case_start(w, CAT) };
    Exec *exec = *command_set_find(w->set, "guest-exec")->state;
    Process *first = exec_find(exec, MAX(pids[0], pids[1]), "", NULL);
    Process *second = exec_find(exec, MIN(pids[0], pids[1]), "", NULL);
    g_autofree char *line = NULL;

    (void)data;
    second->started_us = first->started_us + 1;
    link_say(w->link, "{\"execute\":\"guestd-exec-list\"}");
    line = link_take(w->link);
    g_assert_cmpint(exec_case_pid(line), ==, first->pid);
}

static void test_wait(ExecCase *w, gconstpointer data)
{
    g_autofree char *first = NULL, *second = NULL, *third = NULL;

    (void)data;
    link_say(w->link, ASK("guest-exec",
                          SHELL("echo hi; exit 3") ",\"capture-output\":true,\"wait\":3600000"));
    first = link_take(w->link);
    g_assert_nonnull(strstr(first, ", \"exitcode\": 3, \"out-data\": \"aGkK\", "
                                   "\"out-truncated\": false, \"exited\": true}}"));
    exec_case_ask(w->link, "guest-exec-status", exec_case_pid(first), "");
    link_expect(w->link, ERROR("PID ld does not exist"));
    link_say(w->link, ASK("guest-exec", CAT ",\"wait\":1"));
    second = link_take(w->link);
    g_assert_nonnull(strstr(second, ", \"exited\": false}}"));
    exec_case_end(w, exec_case_pid(second));
    link_say(w->link, ASK("guest-exec", "\"path\":\"/nowhere\",\"wait\":1"));
    third = link_take(w->link);
    g_assert_nonnull(strstr(third, "Failed to execute child process"));
}

static void test_timeout(ExecCase *w, gconstpointer data)
{
    int pid = exec_case_start(
        w, SHELL("sleep 1000 & sleep 1000") ",\"timeout\":3,\"capture-output\":true");

    (void)data;
    exec_case_expect(w, pid,
                     "{\"return\": {\"signal\": 9, \"exited\": true, \"timed-out\": true}}");
    g_assert_cmpint(waitpid(-pid, NULL, 0), >, 0); /* the other member of the group */
}

/* Another process holds the pipes; it is not killed for that. */
static void test_daemon(ExecCase *w, gconstpointer data)
{
    g_autofree char *line = NULL;
    int pid = exec_case_start(w, SHELL("sleep 1000 & echo $!") ",\"capture-output\":true");

    (void)data;
    line = exec_case_result(w, pid);
    g_assert_nonnull(strstr(line, "\"exitcode\": 0"));
    g_assert_cmpint(kill(-pid, 0), ==, 0);
    g_assert_cmpint(kill(-pid, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(-pid, NULL, 0), >, 0);
}

/* The reply to a write waits until a slow reader has read. First the program must be stopped. */
static void test_slow_reader(ExecCase *w, gconstpointer data)
{
    g_autofree char *text = g_strnfill(3 * 1024 * 1024, 'A');
    int pid = exec_case_start(w, SHELL("kill -STOP $$; exec cat") ",\"input-open\":true");

    (void)data;
    g_assert_cmpint(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WSTOPPED | WNOWAIT), ==, 0);
    link_sayf(w->other, ASK("guestd-exec-write", "\"pid\":%d,\"buf-b64\":\"%s\""), pid, text);
    g_free(exec_case_ask_until(w->link, "guestd-exec-write", pid,
                               "has unread input", TRUE));
    link_expect_silence(w->other);
    exec_case_ask(w->link, "guestd-exec-kill", pid, ",\"signal\":18");
    link_expect(w->link, NOTHING);
    link_expect(w->other, "{\"return\": {\"count\": 2359296}}");
    exec_case_ask(w->link, "guestd-exec-write", pid, ",\"eof\":true");
    link_expect(w->link, "{\"return\": {\"count\": 0}}");
    exec_case_expect(w, pid, DONE);
}

static void test_log(ExecCase *w, gconstpointer data)
{
    g_autofree char *log = NULL;

    (void)data;
    w->settings.trace_wire = TRUE;
    g_free(exec_case_result(
        w,
        exec_case_start(w, SHELL("echo a-secret") ",\"env\":[\"PATH=/bin:/usr/bin\","
                                                  "\"B=b-secret\"],\"input-data\":\"Yy1zZWNyZXQ=\","
                                                  "\"cwd\":\"/\",\"capture-output\":true")));
    log = kit_take_log();
    g_assert_nonnull(strstr(log, "audit: guest-exec path=\"sh\" cwd=\"/\" from host: "));
    g_assert_null(strstr(log, "secret"));
    g_assert_null(strstr(log, "YS1zZWNyZXQ")); /* the output */
    g_assert_null(strstr(log, "Yy1zZWNyZXQ")); /* the input */
}

static void test_bad_values(ExecCase *w, gconstpointer data)
{
    int pid = exec_case_start(w, CAT);

    (void)data;
    link_say(w->link,
             ASK("guest-exec", CAT ",\"timeout\":-1") ASK("guest-exec", CAT ",\"timeout\":604801")
                 ASK("guest-exec", CAT ",\"wait\":3600001"));
    link_expect(w->link, ERROR("value '-1' is invalid for argument timeout"));
    link_expect(w->link, ERROR("value '604801' is invalid for argument timeout"));
    link_expect(w->link, ERROR("value '3600001' is invalid for argument wait"));
    exec_case_ask(w->link, "guestd-exec-read", pid, ",\"offset\":-1");
    link_expect(w->link, ERROR("value '-1' is invalid for argument offset"));
    exec_case_ask(w->link, "guestd-exec-read", pid, ",\"count\":0");
    link_expect(w->link, ERROR("value '0' is invalid for argument count"));
    exec_case_ask(w->link, "guestd-exec-read", pid, ",\"wait\":-1");
    link_expect(w->link, ERROR("value '-1' is invalid for argument wait"));
    exec_case_ask(w->link, "guestd-exec-write", pid, ",\"buf-b64\":\"!\"");
    link_expect(w->link, ERROR("Base64 data contains invalid characters"));
    exec_case_ask(w->link, "guestd-exec-kill", pid, ",\"signal\":65");
    link_expect(w->link, ERROR("value '65' is invalid for argument signal"));
    exec_case_ask(w->link, "guestd-exec-kill", -1, "");
    link_expect(w->link,
                ERROR("guest-exec has not started process -1, or its result was already returned"));
    exec_case_end(w, pid);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(ExecCase *w, gconstpointer data);
    } tests[] = {
        { "/exec/too many processes -> error", test_limit },
        { "/exec/results never collected -> the oldest silent one is dropped", test_never_asked },
        { "/exec/total of kept bytes reached -> error", test_total },
        { "/exec/limit of a stream reached -> truncated", test_stream_limit },
        { "/exec/read/no output yet -> waits for it", test_long_poll },
        { "/exec/read/client leaves -> result stays", test_abandoned },
        { "/exec/read/timeout and output together -> one reply", test_both_at_once },
        { "/exec/launch in progress -> family busy", test_busy },
        { "/exec/list/order of start", test_order },
        { "/exec/wait/exits in time -> result in the reply", test_wait },
        { "/exec/timeout passes -> group killed", test_timeout },
        { "/exec/daemon keeps the pipes -> exited after the grace time", test_daemon },
        { "/exec/write/unread input -> error", test_slow_reader },
        { "/exec/secrets -> not in the log", test_log },
        { "/exec/argument out of range -> error", test_bad_values },
    };

    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* children of the programs are reaped by the test */
    kit_capture_log();
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, ExecCase, NULL, exec_case_set_up, tests[i].func,
                   exec_case_tear_down);
    g_test_add("/exec/result expires -> dropped", ExecCase, "hasty", exec_case_set_up, test_expiry,
               exec_case_tear_down);
    return g_test_run();
}
