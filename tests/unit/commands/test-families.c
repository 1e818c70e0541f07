/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/core/job.h"
#include "agent/schema/schema-check.h"
#include "commands/registry.h"
#include "lib/json/reader.h"
#include "tests/unit/kit/kit.h"

/* Commands that only read, on the files of other machines in data/. */

typedef struct {
    Settings settings;
    Sysroot *sysroot;
    Services services;
    CommandSet *set;
} Fixture;

static gboolean command_state(gpointer agent, gsize index, CommandState *state)
{
    Fixture *f = agent;
    const CommandEntry *entry = command_set_at(f->set, index);

    if (!entry)
        return FALSE;
    *state = (CommandState){ entry->command, TRUE };
    return TRUE;
}

static const Event *event_at(gpointer agent, gsize index)
{
    const EventEntry *entry = command_set_event_at(((Fixture *)agent)->set, index);

    return entry ? entry->event : NULL;
}

static void agent_figures(gpointer agent, AgentFigures *figures)
{
    (void)agent;
    *figures = (AgentFigures){
        .profile = "full",
        .channel_method = "virtio-serial",
        .channel_path = "/dev/x",
        .started = 1700000000,
        .connections = 1,
        .requests = 20,
        .errors = 3,
        .voided = 4,
        .running = 5,
        .lost_events = 6,
    };
}

static void use_dump(Fixture *f, const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", name, NULL);
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&f->sysroot, sysroot_free);
    f->sysroot = sysroot_new(path, &error);
    g_assert_no_error(error);
    f->services.sysroot = f->sysroot;
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    f->settings.listen_fd = -1;
    f->services = (Services){
        .settings = &f->settings,
        .agent = f,
        .command_state = command_state,
        .figures = agent_figures,
        .event_at = event_at,
    };
    use_dump(f, data);
    f->set = command_set_new(command_families);
    g_assert_true(command_set_init(f->set, &f->services, &error));
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    command_set_free(f->set);
    sysroot_free(f->sysroot);
}

/* The line that answers @name without arguments. */
static GString *ask(Fixture *f, const char *name)
{
    char *text = g_strdup_printf("{\"execute\": \"%s\"}", name);
    Frame frame = { .kind = FRAME_MESSAGE, .data = text, .len = strlen(text) };
    Job *job = job_new(&frame, f->set, &f->services);
    GString *reply;

    if (job_prepare(job, &f->settings, FALSE))
        job_run(job);
    reply = job_reply(job);
    job_free(job);
    return reply;
}

static void expect(Fixture *f, const char *name, const char *wanted)
{
    g_autoptr(GString) reply = ask(f, name);

    g_assert_cmpstr(g_strchomp(reply->str), ==, wanted);
}

/* The member "return" of the answer to @name, in its declared shape. */
static const Value *result_of(Fixture *f, const char *name, Arena *arena)
{
    g_autoptr(GString) reply = ask(f, name);
    g_autoptr(GError) error = NULL;
    const Command *command = command_set_find(f->set, name)->command;
    const Value *result = value_member(kit_value(arena, reply->str), "return");

    g_assert_nonnull(result);
    if (command->returns)
        schema_check(command->returns, result, &error);
    g_assert_no_error(error);
    return result;
}

static void test_cpustats(Fixture *f, gconstpointer data)
{
    (void)data;
    expect(f, "guest-get-cpustats",
           "{\"return\": ["
           "{\"cpu\": 0, \"guestnice\": 0, \"idle\": 500000, \"steal\": 30, \"iowait\": 1600, "
           "\"system\": 3950, \"guest\": 0, \"nice\": 280, \"irq\": 0, \"type\": \"linux\", "
           "\"user\": 6170, \"softirq\": 60}, "
           "{\"cpu\": 1, \"guestnice\": 0, \"idle\": 500000, \"steal\": 40, \"iowait\": 1610, "
           "\"system\": 3940, \"guest\": 0, \"nice\": 280, \"irq\": 0, \"type\": \"linux\", "
           "\"user\": 6170, \"softirq\": 60}]}");
}

static void test_cpustats_old(Fixture *f, gconstpointer data)
{
    (void)data;
    expect(f, "guest-get-cpustats",
           "{\"return\": [{\"cpu\": 0, \"idle\": 20000, \"system\": 20, \"nice\": 10, "
           "\"type\": \"linux\", \"user\": 2000}, {\"cpu\": 1, \"idle\": 20000, \"iowait\": 50, "
           "\"system\": 20, \"nice\": 10, \"irq\": 60, \"type\": \"linux\", \"user\": 2000, "
           "\"softirq\": 70}]}");
}

static void test_diskstats(Fixture *f, gconstpointer data)
{
    g_autoptr(Arena) arena = arena_new();
    const Value *disks = result_of(f, "guest-get-diskstats", arena);
    const Value *vda = disks->items.first->next;
    const Value *stats = value_member(vda, "stats");

    (void)data;
    g_assert_cmpuint(disks->items.len, ==, 3);
    g_assert_cmpstr(value_member(vda, "name")->string.text, ==, "vda");
    g_assert_cmpint(value_member(vda, "major")->integer, ==, 254);
    g_assert_cmpint(value_member(vda, "minor")->integer, ==, 0);
    g_assert_cmpuint(stats->items.len, ==, 17);
    g_assert_cmpint(value_member(stats, "read-ios")->integer, ==, 8123);
    g_assert_cmpint(value_member(stats, "write-ticks")->integer, ==, 3456);
    g_assert_cmpint(value_member(stats, "flush-ios")->integer, ==, 90);
    g_assert_cmpint(value_member(stats, "flush-ticks")->integer, ==, 123);
}

static void test_diskstats_old(Fixture *f, gconstpointer data)
{
    (void)data;
    expect(f, "guest-get-diskstats",
           "{\"return\": [{\"name\": \"hda\", \"stats\": {\"write-ios\": 500, "
           "\"weight-ticks\": 1100, \"read-ios\": 9000, \"write-sectors\": 4000, "
           "\"write-merges\": 60, \"write-ticks\": 300, \"ios-pgr\": 0, \"read-sectors\": 70000, "
           "\"read-merges\": 100, \"total-ticks\": 900, \"read-ticks\": 800}, \"minor\": 0, "
           "\"major\": 3}, {\"name\": \"hda1\", \"stats\": {\"write-ios\": 38031, "
           "\"read-ios\": 35486, \"write-sectors\": 38032, \"read-sectors\": 38030}, "
           "\"minor\": 1, \"major\": 3}]}");
}

static void test_load(Fixture *f, gconstpointer data)
{
    (void)data;
    expect(f, "guest-get-load",
           "{\"return\": {\"load15m\": 0.58999999999999997, \"load5m\": 0.57999999999999996, "
           "\"load1m\": 0.52000000000000002}}");
}

static void test_load_absent(Fixture *f, gconstpointer data)
{
    (void)data;
    expect(f, "guest-get-load",
           "{\"error\": {\"class\": \"GenericError\", "
           "\"desc\": \"cannot query load average: No such file or directory\"}}");
}

static void test_users(Fixture *f, gconstpointer data)
{
    (void)data;
    expect(f, "guest-get-users",
           "{\"return\": [{\"login-time\": 1700000050.5, \"user\": \"root\"}, "
           "{\"login-time\": 1700000100.25, \"user\": \"ann\"}]}");
}

static void expect_member(const Value *object, const char *name, const char *wanted)
{
    const Value *member = value_member(object, name);

    g_assert_cmpstr(member ? member->string.text : NULL, ==, wanted);
}

static void test_osinfo(Fixture *f, gconstpointer data)
{
    g_autoptr(Arena) arena = arena_new();
    const Value *info = result_of(f, "guest-get-osinfo", arena);
    struct utsname kernel;

    (void)data;
    uname(&kernel);
    expect_member(info, "name", "Debian GNU/Linux");
    expect_member(info, "pretty-name", "Debian GNU/Linux 12 (bookworm)");
    expect_member(info, "version", "12 (bookworm)");
    expect_member(info, "version-id", "12");
    expect_member(info, "id", "debian");
    expect_member(info, "variant", NULL);
    expect_member(info, "kernel-release", kernel.release);
    expect_member(info, "kernel-version", kernel.version);
    expect_member(info, "machine", kernel.machine);
}

/* The second of the standard files; a variable that names one overrules both. */
static void test_osinfo_files(Fixture *f, gconstpointer data)
{
    g_autoptr(Arena) arena = arena_new();
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "debian-12", "etc",
                                                  "os-release", NULL);
    const Value *info = result_of(f, "guest-get-osinfo", arena);

    (void)data;
    expect_member(info, "id", "fedora");
    expect_member(info, "variant", "Server Edition");
    expect_member(info, "variant-id", "server");
    g_setenv("QGA_OS_RELEASE", path, TRUE);
    expect_member(result_of(f, "guest-get-osinfo", arena), "id", "debian");
    g_setenv("QGA_OS_RELEASE", "/nonexistent", TRUE);
    expect_member(result_of(f, "guest-get-osinfo", arena), "id", NULL);
    g_unsetenv("QGA_OS_RELEASE");
}

static void test_host_name(Fixture *f, gconstpointer data)
{
    g_autoptr(Arena) arena = arena_new();
    char name[256] = "";

    (void)data;
    gethostname(name, sizeof name - 1);
    expect_member(result_of(f, "guest-get-host-name", arena), "host-name", name);
}

static void test_timezone(Fixture *f, gconstpointer data)
{
    g_autofree char *before = g_strdup(g_getenv("TZ"));

    (void)data;
    g_setenv("TZ", "XYZ-03:30", TRUE);
    expect(f, "guest-get-timezone", "{\"return\": {\"zone\": \"XYZ\", \"offset\": 12600}}");
    g_setenv("TZ", "UTC", TRUE);
    expect(f, "guest-get-timezone", "{\"return\": {\"zone\": \"UTC\", \"offset\": 0}}");
    if (before)
        g_setenv("TZ", before, TRUE);
    else
        g_unsetenv("TZ");
}

static void test_time(Fixture *f, gconstpointer data)
{
    g_autoptr(Arena) arena = arena_new();
    gint64 before = g_get_real_time() * 1000;
    gint64 now = result_of(f, "guest-get-time", arena)->integer;

    (void)data;
    g_assert_cmpint(now, >=, before);
    g_assert_cmpint(now, <=, g_get_real_time() * 1000);
}

/* All commands, in reverse order. */
static void test_info(Fixture *f, gconstpointer data)
{
    g_autoptr(Arena) arena = arena_new();
    const Value *info = result_of(f, "guest-info", arena);
    const Value *commands = value_member(info, "supported_commands");
    const CommandEntry *entry;
    gsize n = 0;

    (void)data;
    expect_member(info, "version", "11.0.0");
    while (command_set_at(f->set, n))
        n++;
    g_assert_cmpuint(commands->items.len, ==, n);
    for (const Value *row = commands->items.first; row; row = row->next) {
        entry = command_set_at(f->set, --n);
        expect_member(row, "name", entry->command->name);
        g_assert_true(value_member(row, "enabled")->boolean);
        g_assert_cmpint(value_member(row, "success-response")->boolean, ==,
                        !(entry->command->flags & COMMAND_NO_SUCCESS_REPLY));
    }
    expect_member(commands->items.last, "name", "guest-sync-delimited");
}

static void test_own_info(Fixture *f, gconstpointer data)
{
    g_autoptr(Arena) arena = arena_new();
    const Value *info = result_of(f, "guestd-info", arena);

    (void)data;
    expect_member(info, "channel", "virtio-serial");
    g_assert_cmpint(value_member(info, "requests")->integer, ==, 20);
    g_assert_cmpint(value_member(info, "dropped-replies")->integer, ==, 4);
    g_assert_cmpint(value_member(info, "lost-events")->integer, ==, 6);
    g_assert_cmpuint(value_member(info, "events")->items.len, ==, 5);
    g_assert_cmpstr(value_member(info, "events")->items.first->string.text, ==, "SHUTDOWN_BEGUN");
}

static void test_ping(Fixture *f, gconstpointer data)
{
    (void)data;
    expect(f, "guest-ping", "{\"return\": {}}");
}

/* Ranks and names are unique, and each row has the required members. */
static void test_rows(Fixture *f, gconstpointer data)
{
    const CommandEntry *entry;
    int last = 0;

    (void)data;
    for (gsize i = 0; (entry = command_set_at(f->set, i)); i++) {
        const Command *command = entry->command;

        g_assert_cmpint(command->rank, >, last);
        last = command->rank;
        g_assert_true(command_set_find(f->set, command->name) == entry);
        g_assert_true(command->doc && command->since && command->run);
        g_assert_true(g_str_has_prefix(command->name, "guest-")
                          ? command->rank < 1000
                          : g_str_has_prefix(command->name, "guestd-") && command->rank >= 1000);
    }
    g_assert_null(command_set_find(f->set, "guest-nope"));
}

/* The same for events. */
static void test_event_rows(Fixture *f, gconstpointer data)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    const EventEntry *entry;

    (void)data;
    for (gsize i = 0; (entry = command_set_event_at(f->set, i)); i++) {
        const Event *event = entry->event;

        g_assert_true(g_hash_table_add(names, (gpointer)event->name));
        g_assert_cmpuint(strspn(event->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), ==,
                         strlen(event->name));
        g_assert_true(event->doc && event->since && event->data);
        g_assert_cmpint(event->data->kind, ==, TYPE_OBJECT);
        g_assert_nonnull(*entry->state);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        const char *dump;
        void (*func)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/families/rows", "debian-12", test_rows },
        { "/families/event-rows", "debian-12", test_event_rows },
        { "/families/ping", "debian-12", test_ping },
        { "/families/info", "debian-12", test_info },
        { "/families/own-info", "debian-12", test_own_info },
        { "/families/time", "debian-12", test_time },
        { "/families/host-name", "debian-12", test_host_name },
        { "/families/timezone", "debian-12", test_timezone },
        { "/families/cpustats", "debian-12", test_cpustats },
        { "/families/cpustats/old kernel -> columns absent", "old-kernel", test_cpustats_old },
        { "/families/diskstats", "debian-12", test_diskstats },
        { "/families/diskstats/old kernel -> columns absent", "old-kernel", test_diskstats_old },
        { "/families/load", "debian-12", test_load },
        { "/families/load/no file -> error", "old-kernel", test_load_absent },
        { "/families/users", "debian-12", test_users },
        { "/families/osinfo", "debian-12", test_osinfo },
        { "/families/osinfo/other file", "old-kernel", test_osinfo_files },
    };

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("QGA_OS_RELEASE");
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, tests[i].dump, set_up, tests[i].func, tear_down);
    return g_test_run();
}
