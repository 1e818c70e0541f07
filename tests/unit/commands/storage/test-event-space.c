/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"

/* FILESYSTEM_ALMOST_FULL, with a scripted statvfs(). */

extern const Family family_event_space;

#define MOUNTS                                                                                     \
    "/proc/self/mountinfo\n"                                                                       \
    "| 20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"                                                      \
    "| 21 1 8:2 / /srv rw - ext4 /dev/sda2 rw\n"                                                   \
    "| 22 1 8:3 / /cdrom ro - iso9660 /dev/sr0 ro\n"

/* SysOps have no data of their own. */
static gint root_percent, srv_percent, looks;

static int statvfs_script(const char *path, struct statvfs *sizes)
{
    gint percent = 100;

    if (g_str_equal(path, "/"))
        percent = g_atomic_int_get(&root_percent);
    else if (g_str_equal(path, "/srv"))
        percent = g_atomic_int_get(&srv_percent);
    /* A tenth is reserved for root and does not count. */
    *sizes = (struct statvfs){ .f_frsize = 4096, .f_blocks = 1100,
                               .f_bfree = 1100 - 10 * (fsblkcnt_t)MAX(percent, 0),
                               .f_bavail = 1000 - 10 * (fsblkcnt_t)MAX(percent, 0),
                               .f_flag = g_str_equal(path, "/cdrom") ? ST_RDONLY : 0 };
    if (g_str_equal(path, "/cdrom"))
        g_atomic_int_inc(&looks);
    g_main_context_wakeup(NULL);
    errno = EIO;
    return percent < 0 ? -1 : 0;
}

static const SysOps ops = { .statvfs = statvfs_script };

typedef struct {
    Machine *machine;
    Settings settings;
    Services services;
    void *state;
    GMutex lock;
    GString *told;
} Case;

static void emit(gpointer agent, const Event *event, const void *data)
{
    Case *c = agent;

    g_mutex_lock(&c->lock);
    schema_dump(event->data, data, FALSE, c->told);
    g_string_append_c(c->told, '\n');
    g_mutex_unlock(&c->lock);
}

static void set_up(Case *c, gconstpointer tree)
{
    c->machine = machine_new_from_text(tree);
    c->settings.space_threshold = 90;
    c->services = (Services){ .sysroot = c->machine->sysroot, .sysops = &ops,
                              .settings = &c->settings, .agent = c, .emit = emit };
    g_mutex_init(&c->lock);
    c->told = g_string_new(NULL);
    c->state = family_event_space.init(&c->services, NULL);
    root_percent = srv_percent = looks = 0;
}

static void tear_down(Case *c, gconstpointer tree)
{
    (void)tree;
    if (c->state)
        family_event_space.free(c->state);
    g_string_free(c->told, TRUE);
    g_mutex_clear(&c->lock);
    machine_free(c->machine);
}

static void listen(Case *c, gboolean wanted)
{
    family_event_space.listen(c->state, family_event_space.events[0], wanted);
}

static GSource *timer_of(Case *c)
{
    return g_main_context_find_source_by_user_data(NULL, c->state);
}

/* Makes the timer due, again if the last check has not finished; TRUE after another check. */
static gboolean look(Case *c, gint before)
{
    if (g_atomic_int_get(&looks) > before)
        return TRUE;
    g_source_set_ready_time(timer_of(c), 0);
    return FALSE;
}

/*
 * Sets the usage and waits for checks, then compares the events. The first check that is seen
 * may have started before; the third starts after the second has finished.
 */
static void expect(Case *c, gint root, gint srv, const char *told)
{
    g_atomic_int_set(&root_percent, root);
    g_atomic_int_set(&srv_percent, srv);
    for (guint i = 0; i < 3; i++) {
        gint before = g_atomic_int_get(&looks);

        WAIT_UNTIL(look(c, before));
    }
    g_mutex_lock(&c->lock);
    g_assert_cmpstr(c->told->str, ==, told);
    g_string_truncate(c->told, 0);
    g_mutex_unlock(&c->lock);
}

#define FULL(path, used, percent)                                                                  \
    "{\"mountpoint\": \"" path "\", \"total-bytes\": 4096000, \"used-bytes\": " #used              \
    ", \"used-percent\": " #percent ", \"threshold\": 90}\n"

/* Reported once when the threshold is crossed, and again only after usage fell well below. */
static void test_crossing(Case *c, gconstpointer data)
{
    (void)data;
    listen(c, TRUE);
    expect(c, 89, 10, "");
    expect(c, 90, 10, FULL("/", 3686400, 90));
    expect(c, 99, 95, FULL("/srv", 3891200, 95));
    expect(c, 85, 95, "");
    expect(c, 90, 95, "");
    expect(c, 84, 95, "");
    expect(c, 100, 95, FULL("/", 4096000, 100));
    listen(c, FALSE);
}

/* A filesystem whose check fails keeps its state. */
static void test_failure(Case *c, gconstpointer data)
{
    (void)data;
    listen(c, TRUE);
    expect(c, 90, 10, FULL("/", 3686400, 90));
    expect(c, -1, -1, "");
    expect(c, 90, 10, "");
    listen(c, FALSE);
}

/* A new subscriber gets an event for a full filesystem; without a subscriber nothing is checked. */
static void test_again(Case *c, gconstpointer data)
{
    (void)data;
    g_assert_null(timer_of(c));
    listen(c, TRUE);
    expect(c, 90, 10, FULL("/", 3686400, 90));
    listen(c, FALSE);
    g_assert_null(timer_of(c));
    listen(c, TRUE);
    expect(c, 91, 10, FULL("/", 3727360, 91));
    listen(c, FALSE);
    c->settings.space_threshold = 0;
    listen(c, TRUE);
    g_assert_null(timer_of(c));
}

/* The first check starts at once; freeing the family waits for it. */
static void test_at_once(Case *c, gconstpointer data)
{
    (void)data;
    root_percent = 92;
    listen(c, TRUE);
    family_event_space.free(g_steal_pointer(&c->state));
    g_assert_cmpint(looks, ==, 1);
    g_assert_cmpstr(c->told->str, ==, FULL("/", 3768320, 92));
}

/* Without threads the agent continues. */
static void test_no_threads(Case *c, gconstpointer data)
{
    (void)data;
    kit_allow_threads(FALSE);
    listen(c, TRUE);
    kit_allow_threads(TRUE);
    g_assert_cmpint(looks, ==, 0);
    expect(c, 90, 10, FULL("/", 3686400, 90));
    listen(c, FALSE);
}

static void test_no_table(Case *c, gconstpointer data)
{
    (void)data;
    listen(c, TRUE);
    listen(c, FALSE);
    family_event_space.free(g_steal_pointer(&c->state));
    g_assert_cmpint(looks, ==, 0);
    g_assert_cmpstr(c->told->str, ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/event-space/threshold crossed -> event", Case, MOUNTS,
               set_up, test_crossing, tear_down);
    g_test_add("/event-space/statvfs fails -> state kept", Case, MOUNTS,
               set_up, test_failure, tear_down);
    g_test_add("/event-space/new subscription -> event again", Case, MOUNTS,
               set_up, test_again, tear_down);
    g_test_add("/event-space/subscription -> checked at once", Case, MOUNTS,
               set_up, test_at_once, tear_down);
    g_test_add("/event-space/no threads -> checked later", Case, MOUNTS,
               set_up, test_no_threads, tear_down);
    g_test_add("/event-space/no mount table -> no event", Case, "/etc/\n",
               set_up, test_no_table, tear_down);
    return g_test_run();
}
