/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/base/uevent-socket.h"
#include "commands/parse/uevent.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"

/*
 * The family hotplug on a scripted socket: events, and what is then written. The effect of real
 * events and attributes is tested in a virtual machine.
 */

extern const Family family_hotplug;

/* An event, or the errno of receiving one. */
typedef struct {
    const char *text;
    int failed;
    gboolean stranger; /* not from the kernel */
} Told;

typedef struct {
    const Told *events;
    gsize n_events, at;
    int fd;     /* ready as long as events are left */
    int opened; /* how often */
    GString *written;
    GMutex lock;
} Script;

/* System calls have no argument for a script; there is one at a time. */
static Script script;

static int open_script(void)
{
    script.opened++;
    script.fd = eventfd(script.n_events > 0, EFD_CLOEXEC | EFD_NONBLOCK);
    return script.fd;
}

static int open_refused(void)
{
    errno = EPROTONOSUPPORT;
    return -1;
}

static ssize_t receive_script(int fd, char *buffer, size_t size, gboolean *from_kernel)
{
    const Told *event = &script.events[script.at++];
    guint64 count;

    if (script.at == script.n_events)
        g_assert_cmpint(read(fd, &count, sizeof count), ==, sizeof count);
    *from_kernel = !event->stranger;
    if (event->failed) {
        errno = event->failed;
        return -1;
    }
    g_assert_cmpuint(strlen(event->text), <, size);
    return g_stpcpy(buffer, event->text) + 1 - buffer;
}

static int write_script(int fd, const char *word)
{
    g_mutex_lock(&script.lock);
    g_string_append_printf(script.written, "%s ", word);
    g_mutex_unlock(&script.lock);
    return system_ops.write_attribute(fd, word);
}

static int write_refused(int fd, const char *word)
{
    (void)fd;
    (void)word;
    errno = EBUSY;
    return -1;
}

static const SysOps script_ops = { .uevent_open = open_script, .uevent_receive = receive_script,
                                   .write_attribute = write_script };
static const SysOps refused_ops = { .uevent_open = open_refused };
static const SysOps busy_ops = { .uevent_open = open_script, .uevent_receive = receive_script,
                                 .write_attribute = write_refused };

#define TREE                                                                                       \
    "/sys/devices/system/cpu/cpu0/\n"                                                              \
    "/sys/devices/system/cpu/cpu1/online\n| 0\n"                                                   \
    "/sys/devices/system/memory/memory8/state\n| offline\n"

/* The devices of the events. */
#define PLUGGED                                                                                    \
    "/sys/devices/system/cpu/cpu2/online\n| 0\n"                                                   \
    "/sys/devices/system/cpu/cpu3/online\n| 1\n"                                                   \
    "/sys/devices/system/memory/memory9/state\n| offline\n"

/* Runs the family on the machine of @tree until it has seen @events; returns what was logged. */
static char *play(const char *tree, const char *later, const SysOps *sysops, gboolean online,
                  const Told *events, gsize n_events)
{
    g_autoptr(Machine) machine = machine_new_from_text(tree);
    Settings settings = { .hotplug_online = online };
    Services services = { .sysroot = machine->sysroot, .sysops = sysops, .settings = &settings };
    void *state;

    g_free(kit_take_log());
    script = (Script){ .events = events, .n_events = n_events, .fd = -1,
                       .written = g_string_new(NULL) };
    state = family_hotplug.init(&services, NULL);
    g_assert_nonnull(state);
    if (later)
        machine_add(machine, later);
    while (script.opened && script.at < script.n_events)
        g_main_context_iteration(NULL, TRUE);
    kit_run_ready();
    family_hotplug.free(state);
    return kit_take_log();
}

/* The lines of the log without the time that each took. */
static void expect_log(char *log, const char *wanted)
{
    g_autofree char *owned G_GNUC_UNUSED = log;
    g_autoptr(GRegex) times = g_regex_new(" in [0-9]+\\.[0-9]{3} ms", 0, 0, NULL);
    g_autofree char *shown = g_regex_replace_literal(times, log, -1, 0, "", 0, NULL);

    g_assert_cmpstr(shown, ==, wanted);
}

static void expect_written(const char *wanted)
{
    g_assert_cmpstr(script.written->str, ==, wanted);
    g_string_free(script.written, TRUE);
}

static void test_online(void)
{
    static const Told events[] = {
        { .text = "add@/devices/system/cpu/cpu2" },
        { .text = "add@/devices/system/memory/memory9" },
        { .text = "add@/devices/system/cpu/cpu3" },
        { .text = "add@/devices/system/cpu/cpu77" },
    };

    expect_log(play(TREE PLUGGED, NULL, &script_ops, TRUE, events, G_N_ELEMENTS(events)),
               "audit: hotplug-online cpu2 from kernel: done\n"
               "audit: hotplug-online memory9 from kernel: done\n"
               "cpu3 is online already, or gone\n"
               "cpu77 is online already, or gone\n");
    expect_written("1 online ");
}

static ssize_t receive_without_threads(int fd, char *buffer, size_t size, gboolean *from_kernel)
{
    /* During the first event only. */
    kit_allow_threads(script.at > 0);
    return receive_script(fd, buffer, size, from_kernel);
}

static const SysOps threadless_ops = { .uevent_open = open_script,
                                       .uevent_receive = receive_without_threads,
                                       .write_attribute = write_script };

/* Without a thread, the device waits for the next event. */
static void test_no_threads(void)
{
    static const Told events[] = {
        { .text = "add@/devices/system/cpu/cpu2" },
        { .text = "add@/devices/system/memory/memory9" },
    };
    g_autofree char *log =
        play(TREE PLUGGED, NULL, &threadless_ops, TRUE, events, G_N_ELEMENTS(events));

    g_assert_nonnull(strstr(log, "hotplug-online: cannot start a thread; "));
    g_assert_nonnull(strstr(log, "audit: hotplug-online cpu2 from kernel: done in "));
    g_assert_nonnull(strstr(log, "audit: hotplug-online memory9 from kernel: done in "));
    expect_written("1 online ");
}

static void test_others(void)
{
    static const Told events[] = {
        { .text = "add@/devices/system/cpu/cpu2", .stranger = TRUE },
        { .text = "change@/devices/system/cpu/cpu2" },
        { .text = "remove@/devices/system/cpu/cpu2" },
        { .text = "add@/devices/system/cpu/cpufreq" },
        { .text = "add@/devices/system/node/node1" },
        { .failed = EAGAIN },
        { .failed = EINTR },
    };

    expect_log(play(TREE PLUGGED, NULL, &script_ops, TRUE, events, G_N_ELEMENTS(events)), "");
    expect_written("");
}

/* After a loss, existing devices stay as they were, and new ones are put online. */
static void test_lost(void)
{
    static const Told events[] = {
        { .text = "remove@/devices/system/memory/memory8" },
        { .failed = ENOBUFS },
        { .failed = ENOBUFS },
    };
    static const char lost[] =
        "hotplug-online: events were lost; checking all CPUs and memory blocks\n";
    g_autofree char *log =
        play(TREE, PLUGGED, &script_ops, TRUE, events, G_N_ELEMENTS(events));

    g_assert_nonnull(strstr(log, "audit: hotplug-online cpu2 from kernel: done"));
    g_assert_nonnull(strstr(log, "audit: hotplug-online memory8 from kernel: done"));
    g_assert_nonnull(strstr(log, "audit: hotplug-online memory9 from kernel: done"));
    g_assert_null(strstr(log, "cpu1 "));
    g_assert_nonnull(strstr(strstr(log, lost) + 1, lost));
    expect_written("1 online online ");
}

static void test_refused(void)
{
    static const Told events[] = { { .text = "add@/devices/system/cpu/cpu2" } };

    expect_log(play(TREE PLUGGED, NULL, &busy_ops, TRUE, events, 1),
               "audit: hotplug-online cpu2 from kernel: failed: Device or resource busy\n");
    expect_written("");
}

/* Whatever fails in the socket, the agent continues. */
static void test_broken(void)
{
    static const Told events[] = { { .failed = EBADF } };

    expect_log(play(TREE, NULL, &script_ops, TRUE, events, 1),
               "hotplug-online stopped: Bad file descriptor\n");
    expect_written("");
    expect_log(play(TREE, NULL, &refused_ops, TRUE, NULL, 0),
               "hotplug-online has no effect: no socket for the kernel's events: "
               "Protocol not supported\n");
    expect_written("");
}

static void test_off(void)
{
    expect_log(play(TREE, NULL, &script_ops, FALSE, NULL, 0), "");
    g_assert_cmpint(script.opened, ==, 0);
    expect_written("");
}

static void test_parse(void)
{
    static const struct {
        const char *message;
        gboolean ok, added;
        PluggableKind kind;
        guint64 number;
    } cases[] = {
        { "add@/devices/system/cpu/cpu0", TRUE, TRUE, PLUGGABLE_CPU, 0 },
        { "add@/devices/system/cpu/cpu4095", TRUE, TRUE, PLUGGABLE_CPU, 4095 },
        { "remove@/devices/system/memory/memory18446744073709551615", TRUE, FALSE,
          PLUGGABLE_MEMORY, G_MAXUINT64 },
        { "add@/devices/system/memory/memory18446744073709551616", FALSE, 0, 0, 0 },
        { "add@/devices/system/cpu/cpu", FALSE, 0, 0, 0 },
        { "add@/devices/system/cpu/cpu01", FALSE, 0, 0, 0 },
        { "add@/devices/system/cpu/cpu1/cache", FALSE, 0, 0, 0 },
        { "add@/devices/system/cpu/cpu1 ", FALSE, 0, 0, 0 },
        { "add@/devices/system/cpu/cpu-1", FALSE, 0, 0, 0 },
        { "add@/devices/system/cpu/../cpu1", FALSE, 0, 0, 0 },
        { "add@/devices/system/memory/memory", FALSE, 0, 0, 0 },
        { "add@x/devices/system/cpu/cpu1", FALSE, 0, 0, 0 },
        { "online@/devices/system/cpu/cpu1", FALSE, 0, 0, 0 },
        { "libudev", FALSE, 0, 0, 0 },
        { "add@", FALSE, 0, 0, 0 },
        { "", FALSE, 0, 0, 0 },
    };
    static const char whole[] = "add@/devices/system/cpu/cpu7\0ACTION=add\0SUBSYSTEM=cpu";
    Uevent event;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gboolean ok = uevent_parse(cases[i].message, strlen(cases[i].message), &event);

        g_assert_cmpint(ok, ==, cases[i].ok);
        if (!ok)
            continue;
        g_assert_cmpint(event.added, ==, cases[i].added);
        g_assert_cmpint(event.device.kind, ==, cases[i].kind);
        g_assert_cmpuint(event.device.number, ==, cases[i].number);
    }
    g_assert_true(uevent_parse(whole, sizeof whole, &event) && event.device.number == 7);
}

/* The real socket opens, and closes without waiting for events of this machine. */
static void test_socket(void)
{
    char message[UEVENT_MAX];
    gboolean from_kernel = TRUE;
    int fd = uevent_open();

    g_assert_cmpint(fd, >=, 0);
    while (uevent_receive(fd, message, sizeof message, &from_kernel) >= 0)
        g_assert_true(from_kernel);
    g_assert_cmpint(errno, ==, EAGAIN);
    g_assert_false(from_kernel);
    close(fd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    /* The first, as the others leave GLib an idle thread. */
    g_test_add_func("/hotplug/no threads -> online with the next event", test_no_threads);
    g_test_add_func("/hotplug/new device -> online", test_online);
    g_test_add_func("/hotplug/other events -> ignored", test_others);
    g_test_add_func("/hotplug/events lost -> new devices online", test_lost);
    g_test_add_func("/hotplug/kernel refuses -> audit line", test_refused);
    g_test_add_func("/hotplug/socket fails -> stops", test_broken);
    g_test_add_func("/hotplug/setting off -> no socket", test_off);
    g_test_add_func("/hotplug/messages", test_parse);
    g_test_add_func("/hotplug/filter of the socket", test_socket);
    return g_test_run();
}
