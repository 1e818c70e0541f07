/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "agent/base/log.h"
#include "commands/freeze/life.h"
#include "commands/freeze/marker.h"
#include "tests/unit/kit/freeze-script.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"

/* The life of a freeze, on the machine of freeze-script.h, in difficult conditions. */

extern const Family family_fsfreeze;

static Log *the_log; /* GLib has one log writer for all tests */

#define GRACE "/sys/kernel/rcu_expedited"
#define TREE                                                                                       \
    GRACE "\n| 0\n"                                                                                \
    "/proc/sys/kernel/random/boot_id\n| one\n"                                                     \
    "/proc/self/mountinfo\n"                                                                       \
    "| 21 1 254:1 / /a rw - ext4 /dev/vdb rw\n| 22 1 254:2 / /b rw - ext4 /dev/vdc rw\n"

typedef struct {
    Machine *machine;
    Settings settings;
    Services services;
    Freeze *freeze;
    GString *left; /* at each end of the frozen state: grace periods, "+" for a marker */
} Life;

static void on_event(gpointer agent, const Event *event, const void *data)
{
    (void)agent;
    (void)event;
    (void)data;
}

static char *marker_path(const Life *life)
{
    return g_build_filename(life->settings.statedir, "guestd.freeze", NULL);
}

static void on_frozen(gpointer agent, gboolean frozen, gint64 deadline_us)
{
    Life *life = agent;
    g_autofree char *marker = marker_path(life);
    g_autofree char *grace = NULL;

    (void)deadline_us;
    if (frozen)
        return;
    g_assert_true(sysroot_read(life->machine->sysroot, GRACE, &grace, NULL));
    g_string_append_printf(life->left, "%c%s ", *grace,
                           g_file_test(marker, G_FILE_TEST_EXISTS) ? "+" : "");
}

static void start(Life *life)
{
    g_autoptr(GError) error = NULL;

    life->freeze = freeze_new(&life->services, &error);
    g_assert_no_error(error);
}

static Life *life_new(void)
{
    Life *life = g_new0(Life, 1);

    script_reset();
    life->left = g_string_new(NULL);
    life->machine = machine_new_from_text(TREE);
    life->settings = (Settings){ .statedir = kit_make_directory(),
                                 .freeze_deadline_s = KIT_DEADLINE_S,
                                 .hook_timeout_s = KIT_DEADLINE_S };
    life->services = (Services){ .sysroot = life->machine->sysroot,
                                 .sysops = &script_ops,
                                 .settings = &life->settings,
                                 .log = the_log,
                                 .agent = life,
                                 .emit = on_event,
                                 .set_frozen = on_frozen };
    return life;
}

static void life_free(Life *life)
{
    freeze_end(life->freeze, THAW_AT_SHUTDOWN, NULL);
    freeze_free(life->freeze);
    script_await_rest();
    machine_free(life->machine);
    kit_remove_tree(life->settings.statedir);
    g_free(life->settings.fsfreeze_hook);
    g_string_free(life->left, TRUE);
    g_free(life);
}

static int freeze_all(Life *life, gint64 timeout_s)
{
    g_autoptr(GError) error = NULL;
    int n = freeze_begin(life->freeze, NULL, timeout_s, &error);

    g_assert_no_error(error);
    return n;
}

static gpointer freeze_for_a_second(gpointer data)
{
    GError *error = NULL;

    g_assert_cmpint(freeze_begin(((Life *)data)->freeze, NULL, 1, &error), ==, -1);
    return error;
}

/*
 * All processes wait for the thaw, so that no thread can be started: it takes place all the
 * same.
 */
static void test_watchdog_without_threads(void)
{
    Life *life = life_new();

    start(life);
    g_assert_cmpint(freeze_all(life, 1), ==, 2);
    kit_allow_threads(FALSE);
    WAIT_UNTIL(freeze_phase(life->freeze) == PHASE_THAWED);
    g_assert_cmpuint(script_count_frozen(), ==, 0);
    kit_allow_threads(TRUE);
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 0);
    life_free(life);
}

static gpointer freeze_for_ever(gpointer data)
{
    return GINT_TO_POINTER(freeze_all(data, 0));
}

/*
 * A watchdog whose thread runs only after the host has thawed and started another freeze: it
 * neither cancels that freeze nor ends it.
 */
static void test_late_watchdog(void)
{
    Life *life = life_new();
    GThread *thread;

    start(life);
    script_hang(SCRIPT_FREEZE, "/a");
    thread = g_thread_new("freezer", freeze_for_ever, life);
    script_await(SCRIPT_FREEZE, "/a", 1);
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_TIMEOUT, NULL), ==, 0);
    script_release(SCRIPT_FREEZE, "/a");
    g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(thread)), ==, 2);
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_TIMEOUT, NULL), ==, 0);
    g_assert_cmpint(freeze_phase(life->freeze), ==, PHASE_FROZEN);
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 2);
    g_assert_cmpint(freeze_all(life, 3600), ==, 2);
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_TIMEOUT, NULL), ==, 0);
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 2);
    life_free(life);
}

/* A freeze that takes longer than its own deadline is cancelled. */
static void test_watchdog_during_freeze(void)
{
    Life *life = life_new();
    g_autoptr(GError) error = NULL;
    GThread *thread;

    start(life);
    script_hang(SCRIPT_FREEZE, "/a");
    thread = g_thread_new("freezer", freeze_for_a_second, life);
    WAIT_ELSEWHERE(script_count(SCRIPT_FREEZE, "/a") == 1 &&
                   freeze_phase(life->freeze) == PHASE_THAWED);
    error = g_thread_join(thread);
    kit_expect_error(&error, "the freeze was cancelled");
    script_release(SCRIPT_FREEZE, "/a");
    life_free(life);
}

static int freeze_b(Life *life)
{
    g_autoptr(Arena) arena = arena_new();
    List points = { NULL };

    *(const char **)list_append(&points, arena, sizeof(char *)) = "/b";
    return freeze_begin(life->freeze, &points, 0, NULL);
}

/* @expected: NULL for no marker, else its mount points, after "late: " if it is late. */
static void expect_marker(const Life *life, const char *expected)
{
    g_autofree char *points = NULL, *found = NULL;
    FreezeMarker marker;

    if (freeze_marker_read(life->machine->sysroot, life->settings.statedir, &marker)) {
        points = g_strjoinv(" ", marker.mount_points);
        found = g_strconcat(marker.late ? "late: " : "", points, NULL);
    }
    freeze_marker_clear(&marker);
    g_assert_cmpstr(found, ==, expected);
}

/* A call that an earlier freeze left behind stays marked during a later one, until it returns. */
static void test_late_marker(void)
{
    Life *life = life_new();

    life->settings.freeze_deadline_s = 1;
    start(life);
    script_hang(SCRIPT_FREEZE, "/a");
    g_assert_cmpint(freeze_begin(life->freeze, NULL, 0, NULL), ==, -1);
    life->settings.freeze_deadline_s = KIT_DEADLINE_S;
    expect_marker(life, "late: /a");
    g_assert_cmpint(freeze_b(life), ==, 1);
    expect_marker(life, "/b /a");
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 1);
    expect_marker(life, "late: /a");
    script_release(SCRIPT_FREEZE, "/a");
    g_assert_cmpint(freeze_all(life, 0), ==, 2);
    expect_marker(life, "/a /b");
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 2);
    expect_marker(life, NULL);
    life_free(life);
}

/* If the agent were killed at this moment, nothing would restore the grace periods. */
static void test_grace(void)
{
    Life *life = life_new();
    g_autofree char *grace = NULL;

    start(life);
    script_fail(SCRIPT_FREEZE, "/b", EIO);
    g_assert_cmpint(freeze_begin(life->freeze, NULL, 0, NULL), ==, -1);
    script_fail(SCRIPT_FREEZE, "/b", 0);
    g_assert_cmpint(freeze_all(life, 0), ==, 2);
    g_assert_true(sysroot_read(life->machine->sysroot, GRACE, &grace, NULL));
    g_assert_cmpint(*grace, ==, '0');
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 2);
    g_assert_cmpstr(life->left->str, ==, "0 0 ");
    life_free(life);
}

/* Without threads nothing can be frozen in time, and that is an error. */
static void test_freeze_without_threads(void)
{
    Life *life = life_new();
    g_autoptr(GError) error = NULL;

    start(life);
    kit_allow_threads(FALSE);
    g_assert_cmpint(freeze_begin(life->freeze, NULL, 0, &error), ==, -1);
    kit_allow_threads(TRUE);
    kit_expect_error(&error, "failed to open /a: Resource temporarily unavailable");
    g_assert_cmpint(freeze_phase(life->freeze), ==, PHASE_THAWED);
    g_assert_cmpint(freeze_all(life, 0), ==, 2);
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 2);
    life_free(life);
}

/* A request that reaches its worker when the agent is stopping freezes nothing. */
static void test_closed(void)
{
    Life *life = life_new();
    g_autoptr(GError) error = NULL;

    start(life);
    g_assert_cmpint(freeze_end(life->freeze, THAW_AT_SHUTDOWN, NULL), ==, 0);
    g_assert_cmpint(freeze_begin(life->freeze, NULL, 0, &error), ==, -1);
    kit_expect_error(&error, "the agent is stopping");
    g_assert_cmpuint(script_count(SCRIPT_FREEZE, "/a"), ==, 0);
    life_free(life);
}

static gpointer freeze_and_leave(gpointer data)
{
    freeze_begin(data, NULL, 0, NULL);
    return NULL;
}

/* The agent stops during a freeze: its thread has left before everything is freed (with ASan). */
static void test_end_during_freeze(void)
{
    for (int i = 0; i < 50; i++) {
        Life *life = life_new();
        GThread *thread;

        start(life);
        thread = g_thread_new("freezer", freeze_and_leave, life->freeze);
        script_await(SCRIPT_FREEZE, "/a", 1);
        life_free(life);
        g_thread_join(thread);
    }
}

/* The state that an earlier agent left after it called hooks; @late: and a call that hangs. */
static void mark_hooks(Life *life, const char *late)
{
    FreezeMarker marker = { .mount_points = (char *[]){ (char *)late, NULL },
                            .late = late != NULL,
                            .grace_before = -1 };
    g_autoptr(GError) error = NULL;

    freeze_marker_write(life->machine->sysroot, life->settings.statedir, &marker, &error);
    g_assert_no_error(error);
}

static void give_hook(Life *life)
{
    g_autofree char *text =
        g_strdup_printf("#!/bin/sh\necho \"$1 $GUESTD_THAW_REASON\" >>%s/calls\n",
                        life->settings.statedir);

    life->settings.fsfreeze_hook = kit_write_file(life->settings.statedir, "hook", text);
    g_assert_cmpint(chmod(life->settings.fsfreeze_hook, 0755), ==, 0);
}

static void expect_calls(const Life *life, const char *expected)
{
    g_autofree char *path = g_build_filename(life->settings.statedir, "calls", NULL);
    g_autofree char *marker = marker_path(life);
    g_autofree char *calls = NULL;

    g_file_get_contents(path, &calls, NULL, NULL);
    g_assert_cmpstr(calls, ==, expected);
    g_assert_false(g_file_test(marker, G_FILE_TEST_EXISTS));
}

/* Hooks that an earlier agent called for a freeze are called for the thaw by the main loop, ... */
static void test_release(void)
{
    Life *life = life_new();

    give_hook(life);
    mark_hooks(life, NULL);
    start(life);
    kit_run_ready();
    WAIT_ELSEWHERE(freeze_phase(life->freeze) == PHASE_THAWED);
    expect_calls(life, "thaw failed\n");
    life_free(life);
}

/* Also if its freeze failed, and a call froze something after its exit. */
static void test_release_late(void)
{
    Life *life = life_new();

    give_hook(life);
    mark_hooks(life, "/a");
    script_freeze_foreign("/a");
    start(life);
    g_assert_cmpuint(script_count_frozen(), ==, 0);
    kit_run_ready();
    WAIT_ELSEWHERE(freeze_phase(life->freeze) == PHASE_THAWED);
    expect_calls(life, "thaw failed\n");
    life_free(life);
}

/* ... or when the agent stops before that, ... */
static void test_release_at_end(void)
{
    Life *life = life_new();

    give_hook(life);
    mark_hooks(life, NULL);
    start(life);
    g_assert_cmpint(freeze_end(life->freeze, THAW_AT_SHUTDOWN, NULL), ==, 0);
    expect_calls(life, "thaw failed\n");
    life_free(life);
}

/* ... or later, when a thread can be started again. */
static void test_release_without_threads(void)
{
    Life *life = life_new();

    give_hook(life);
    mark_hooks(life, NULL);
    start(life);
    kit_allow_threads(FALSE);
    kit_run_ready();
    g_assert_cmpint(freeze_phase(life->freeze), ==, PHASE_THAWING);
    kit_allow_threads(TRUE);
    WAIT_ELSEWHERE(freeze_phase(life->freeze) == PHASE_THAWED);
    expect_calls(life, "thaw failed\n");
    life_free(life);
}

static void mark_frozen(Life *life, const char *mount_point, gint64 deadline_us)
{
    FreezeMarker marker = { .mount_points = (char *[]){ (char *)mount_point, NULL },
                            .deadline_us = deadline_us,
                            .grace_before = 0 };
    g_autoptr(GError) error = NULL;

    freeze_marker_write(life->machine->sysroot, life->settings.statedir, &marker, &error);
    g_assert_no_error(error);
    script_freeze_foreign(mount_point);
}

static void test_adopt(void)
{
    Life *life = life_new();
    g_autofree char *grace = NULL;

    give_hook(life);
    mark_frozen(life, "/a", 0);
    start(life);
    g_assert_cmpint(freeze_phase(life->freeze), ==, PHASE_FROZEN);
    g_assert_true(script_is_frozen("/a"));
    g_assert_true(sysroot_read(life->machine->sysroot, GRACE, &grace, NULL));
    g_assert_cmpint(*grace, ==, '0');
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 1);
    g_assert_false(script_is_frozen("/a"));
    expect_calls(life, "thaw host\n");
    life_free(life);
}

static void test_adopt_overdue(void)
{
    Life *life = life_new();

    mark_frozen(life, "/a", 1);
    start(life);
    WAIT_ELSEWHERE(freeze_phase(life->freeze) == PHASE_THAWED);
    g_assert_cmpuint(script_count_frozen(), ==, 0);
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 0);
    life_free(life);
}

/* A thaw without a freeze is the way out of one that another process made. */
static void test_thaw_foreign(void)
{
    Life *life = life_new();

    give_hook(life);
    start(life);
    script_freeze_foreign("/b");
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_TIMEOUT, NULL), ==, 0);
    g_assert_true(script_is_frozen("/b"));
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 1);
    g_assert_false(script_is_frozen("/b"));
    expect_calls(life, "thaw host\n");
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 0);
    life_free(life);
}

/* Without a mount table neither a freeze nor a thaw can know what to do. */
static void test_no_mounts(void)
{
    Life *life = life_new();
    g_autoptr(GError) error = NULL;

    machine_free(life->machine);
    life->machine = machine_new_from_text(GRACE "\n| 0\n");
    life->services.sysroot = life->machine->sysroot;
    start(life);
    g_assert_cmpint(freeze_begin(life->freeze, NULL, 0, &error), ==, -1);
    kit_expect_error(&error, "failed to open mtab file: '/proc/self/mounts'");
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, &error), ==, -1);
    kit_expect_error(&error, "failed to open mtab file: '/proc/self/mounts'");
    g_assert_cmpint(freeze_phase(life->freeze), ==, PHASE_THAWED);
    life_free(life);
}

/* What cannot be marked is not frozen: a killed agent would leave it so. */
static void test_unmarkable(void)
{
    Life *life = life_new();
    g_autoptr(GError) error = NULL;
    char *statedir = life->settings.statedir;

    start(life);
    life->settings.statedir = g_build_filename(statedir, "missing", NULL);
    g_assert_cmpint(freeze_begin(life->freeze, NULL, 0, &error), ==, -1);
    g_assert_nonnull(error);
    g_assert_true(g_str_has_prefix(error->message, "failed to write the freeze marker: "));
    g_assert_cmpuint(script_count(SCRIPT_FREEZE, "/a"), ==, 0);
    g_assert_cmpuint(script_count_open(), ==, 2); /* until the next freeze */
    g_free(life->settings.statedir);
    life->settings.statedir = statedir;
    g_assert_cmpint(freeze_all(life, 0), ==, 2);
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 2);
    life_free(life);
}

/* After a restart the agent thaws its own, and those of others only where it could not write. */
static void test_mark_ours(void)
{
    Life *life = life_new();
    struct statfs info;

    start(life);
    g_assert_cmpint(statfs(life->settings.statedir, &info), ==, 0);
    script_freeze_foreign("/b");
    g_assert_cmpint(freeze_all(life, 0), ==, 1);
    expect_marker(life, info.f_type == TMPFS_MAGIC ? "/a" : "/a /b");
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 1);
    g_assert_true(script_is_frozen("/b"));
    expect_marker(life, NULL);
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 1);
    life_free(life);
}

/* ---- the commands */

static char *ask(Life *life, const char *command, const char *arguments, GError **error)
{
    life->machine->settings = &life->settings;
    return machine_run(life->machine, &family_fsfreeze, life->freeze, command, arguments, error);
}

static void refuse(Life *life, const char *command, const char *arguments, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(ask(life, command, arguments, &error));
    kit_expect_error(&error, text);
}

static void expect_reply(Life *life, const char *command, const char *arguments,
                         const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *reply = ask(life, command, arguments, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(reply, ==, expected);
}

static void test_commands(void)
{
    Life *life = life_new();

    start(life);
    expect_reply(life, "guest-fsfreeze-freeze-list", "{\"mountpoints\": [\"/b\"]}", "1");
    g_assert_true(script_is_frozen("/b"));
    g_assert_false(script_is_frozen("/a"));
    refuse(life, "guest-fsfreeze-freeze-list", "{}", "another freeze or thaw is in progress");
    expect_reply(life, "guest-fsfreeze-thaw", NULL, "1");
    expect_reply(life, "guest-fsfreeze-freeze-list", "{\"timeout\": 3600}", "2");
    expect_reply(life, "guest-fsfreeze-thaw", NULL, "2");
    life_free(life);
}

static void test_timeouts(void)
{
    Life *life = life_new();

    start(life);
    refuse(life, "guest-fsfreeze-freeze-list", "{\"timeout\": -1}",
           "value '-1' is invalid for argument timeout");
    refuse(life, "guest-fsfreeze-freeze-list", "{\"timeout\": 604801}",
           "value '604801' is invalid for argument timeout");
    g_assert_cmpuint(script_count(SCRIPT_FREEZE, "/a"), ==, 0);
    life_free(life);
}

static void test_report(void)
{
    Life *life = life_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *reply = NULL;

    give_hook(life);
    start(life);
    refuse(life, "guestd-fsfreeze-report", NULL, "no freeze since the agent started");
    script_freeze_foreign("/b");
    g_assert_cmpint(freeze_all(life, 0), ==, 1);
    refuse(life, "guestd-fsfreeze-report", NULL, "a freeze or thaw is in progress; retry after it");
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 1);
    reply = ask(life, "guestd-fsfreeze-report", NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(reply, "{\"ended-by\": \"host\", \"sync-rounds\": 0, "));
    g_assert_nonnull(strstr(reply, "{\"mountpoint\": \"/a\", \"device\": \"254:1\", "
                                   "\"type\": \"ext4\", \"state\": \"thawed\", "));
    g_assert_nonnull(strstr(reply, "\"state\": \"foreign\", \"reason\": "));
    g_assert_nonnull(strstr(reply, "\"phase\": \"freeze\", "));
    g_assert_nonnull(strstr(reply, "\"phase\": \"thaw\", "));
    g_assert_null(strstr(reply, "\"ok\": false"));
    g_assert_cmpint(freeze_end(life->freeze, THAW_BY_HOST, NULL), ==, 1);
    life_free(life);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    the_log = log_start();
    g_test_add_func("/freeze/life/watchdog/no threads -> main loop thaws",
                    test_watchdog_without_threads);
    g_test_add_func("/freeze/life/watchdog/outdated -> no thaw", test_late_watchdog);
    g_test_add_func("/freeze/life/watchdog/freeze in progress -> cancelled",
                    test_watchdog_during_freeze);
    g_test_add_func("/freeze/life/marker/call left behind -> stays marked", test_late_marker);
    g_test_add_func("/freeze/life/grace periods restored before the marker goes", test_grace);
    g_test_add_func("/freeze/life/no threads -> error, nothing frozen",
                    test_freeze_without_threads);
    g_test_add_func("/freeze/life/agent stopping -> error", test_closed);
    g_test_add_func("/freeze/life/agent stops during a freeze -> thawed", test_end_during_freeze);
    g_test_add_func("/freeze/life/restart/hooks called -> thaw hooks", test_release);
    g_test_add_func("/freeze/life/restart/failed freeze -> thawed, thaw hooks", test_release_late);
    g_test_add_func("/freeze/life/restart/agent stops at once -> thaw hooks", test_release_at_end);
    g_test_add_func("/freeze/life/restart/no threads -> thaw hooks later",
                    test_release_without_threads);
    g_test_add_func("/freeze/life/restart/frozen -> taken over", test_adopt);
    g_test_add_func("/freeze/life/restart/overdue -> thawed", test_adopt_overdue);
    g_test_add_func("/freeze/life/thaw without a freeze -> thaws those of others",
                    test_thaw_foreign);
    g_test_add_func("/freeze/life/no mount table -> error", test_no_mounts);
    g_test_add_func("/freeze/life/marker/unwritable -> nothing frozen", test_unmarkable);
    g_test_add_func("/freeze/life/marker/frozen by others -> not marked", test_mark_ours);
    g_test_add_func("/freeze/commands/freeze and thaw", test_commands);
    g_test_add_func("/freeze/commands/timeout out of range -> error", test_timeouts);
    g_test_add_func("/freeze/commands/report", test_report);
    status = g_test_run();
    log_stop(the_log);
    return status;
}
