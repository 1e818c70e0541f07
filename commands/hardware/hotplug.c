/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#include "agent/base/uevent-socket.h"
#include "agent/schema/command.h"
#include "commands/hardware/sysfs-online.h"
#include "commands/parse/uevent.h"

/*
 * With the setting hotplug-online, CPUs and memory blocks that the host plugs in are put online
 * when the kernel reports them. The family has no commands.
 *
 * Those that were there before stay as they are: an administrator may have put them offline on
 * purpose. They are remembered for the case that events are lost and all devices are looked at.
 */
typedef struct {
    const Sysroot *sysroot;
    const SysOps *sysops;
    int fd;             /* -1: the setting is off, or the socket is missing */
    guint watch;
    GHashTable *known;  /* Pluggables as keys, see key_of() */
    GThreadPool *worker; /* puts devices online, one after another; created for the first one */
} Hotplug;

typedef struct {
    const char *directory;
    const char *prefix;
    const char *attribute;
    SwitchState (*read)(const Sysroot *sysroot, const char *path);
    const char *(*word)(gboolean online);
} Kind;

static const Kind kinds[PLUGGABLE_N_KINDS] = {
    [PLUGGABLE_CPU] = { CPU_DIR, "cpu", "online", cpu_switch_read, cpu_switch_word },
    [PLUGGABLE_MEMORY] = { MEMORY_DIR, "memory", "state", memory_switch_read, memory_switch_word },
};

static gpointer key_of(Pluggable device)
{
    return GSIZE_TO_POINTER((gsize)(device.number * PLUGGABLE_N_KINDS + device.kind));
}

/* Logs in the format of the audit lines of commands. */
static void log_outcome(const char *name, const char *outcome, gint64 took)
{
    g_autofree char *microseconds = g_strdup_printf("%" G_GINT64_FORMAT, took);
    g_autofree char *line =
        g_strdup_printf("audit: hotplug-online %s from kernel: %s in %" G_GINT64_FORMAT ".%03d ms",
                        name, outcome, took / 1000, (int)(took % 1000));

    log_fields(G_LOG_LEVEL_MESSAGE,
               (LogField[]){
                   { "GUESTD_COMMAND", "hotplug-online" },
                   { "GUESTD_ARGUMENTS", name },
                   { "GUESTD_CHANNEL", "kernel" },
                   { "GUESTD_OUTCOME", outcome },
                   { "GUESTD_DURATION_USEC", microseconds },
               },
               5, line);
}

/* On the worker: the kernel may take long. */
static void put_online(gpointer data, gpointer user_data)
{
    g_autofree Pluggable *device = data;
    const Hotplug *self = user_data;
    const Kind *kind = &kinds[device->kind];
    g_autofree char *name = g_strdup_printf("%s%" G_GUINT64_FORMAT, kind->prefix, device->number);
    g_autofree char *path = g_strdup_printf("%s/%s/%s", kind->directory, name, kind->attribute);
    gint64 began = g_get_monotonic_time();
    SwitchState state = kind->read(self->sysroot, path);
    g_autofree char *failure = NULL;

    if (state == SWITCH_ONLINE || state == SWITCH_ABSENT) {
        g_debug("%s is online already, or gone", name);
        return;
    }
    if (state == SWITCH_FAILED ||
        !switch_write(self->sysroot, self->sysops, path, kind->word(TRUE)))
        failure = g_strconcat("failed: ", g_strerror(errno ? errno : EIO), NULL);
    log_outcome(name, failure ? failure : "done", g_get_monotonic_time() - began);
}

/* A device for which no thread can be started stays in the queue of the pool. */
static void add(Hotplug *self, Pluggable device)
{
    g_autoptr(GError) error = NULL;

    if (!self->worker)
        self->worker = g_thread_pool_new(put_online, self, 1, FALSE, NULL);
    g_hash_table_add(self->known, key_of(device));
    if (!g_thread_pool_push(self->worker, g_memdup2(&device, sizeof device), &error))
        g_warning("hotplug-online: cannot start a thread; the device stays offline until the next "
                  "event: %s", error->message);
}

/* Collects the existing devices in @present; with @new_ones, puts unknown ones online. */
static void look_at_kind(Hotplug *self, PluggableKind kind, GHashTable *present, gboolean new_ones)
{
    g_auto(GStrv) names = sysroot_list_dir(self->sysroot, kinds[kind].directory, DT_UNKNOWN);
    Pluggable device = { .kind = kind };

    for (gsize i = 0; names && names[i]; i++) {
        if (!pluggable_number(names[i], kinds[kind].prefix, &device.number))
            continue;
        g_hash_table_add(present, key_of(device));
        if (new_ones && !g_hash_table_contains(self->known, key_of(device)))
            add(self, device);
    }
}

static void look_at_all(Hotplug *self, gboolean new_ones)
{
    GHashTable *present = g_hash_table_new(NULL, NULL);

    for (int kind = 0; kind < PLUGGABLE_N_KINDS; kind++)
        look_at_kind(self, (PluggableKind)kind, present, new_ones);
    g_clear_pointer(&self->known, g_hash_table_unref);
    self->known = present;
}

static void take_event(Hotplug *self, const char *message, gsize len)
{
    Uevent event;

    if (!uevent_parse(message, len, &event))
        return;
    if (event.added)
        add(self, event.device);
    else
        g_hash_table_remove(self->known, key_of(event.device));
}

static gboolean on_event(gint fd, GIOCondition condition, gpointer data)
{
    Hotplug *self = data;
    char message[UEVENT_MAX];
    gboolean from_kernel;
    ssize_t len = self->sysops->uevent_receive(fd, message, sizeof message, &from_kernel);

    (void)condition;
    if (len > 0 && from_kernel)
        take_event(self, message, (gsize)len);
    if (len < 0 && errno == ENOBUFS) {
        g_message("hotplug-online: events were lost; checking all CPUs and memory blocks");
        look_at_all(self, TRUE);
    } else if (len < 0 && errno != EAGAIN && errno != EINTR) {
        g_warning("hotplug-online stopped: %s", g_strerror(errno));
        self->watch = 0;
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void *hotplug_init(const Services *services, GError **error)
{
    Hotplug *self = g_new0(Hotplug, 1);

    (void)error;
    self->sysroot = services->sysroot;
    self->sysops = services->sysops;
    self->fd = -1;
    if (!services->settings->hotplug_online)
        return self;
    self->fd = self->sysops->uevent_open();
    if (self->fd < 0) { /* the agent serves its host all the same */
        g_warning("hotplug-online has no effect: no socket for the kernel's events: %s",
                  g_strerror(errno));
        return self;
    }
    /* An event between these two steps is handled afterwards. */
    look_at_all(self, FALSE);
    self->watch = g_unix_fd_add(self->fd, G_IO_IN, on_event, self);
    return self;
}

static void hotplug_free(void *state)
{
    Hotplug *self = state;

    if (self->watch)
        g_source_remove(self->watch);
    /* Devices that still wait stay offline: the next agent takes them for existing ones. */
    if (self->worker)
        g_thread_pool_free(self->worker, FALSE, TRUE);
    if (self->fd >= 0)
        close(self->fd);
    g_clear_pointer(&self->known, g_hash_table_unref);
    g_free(self);
}

const Family family_hotplug = {
    .name = "hotplug",
    .commands = (const Command *const[]){ NULL },
    .init = hotplug_init,
    .free = hotplug_free,
};
