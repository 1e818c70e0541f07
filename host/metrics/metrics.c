/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/metrics/metrics.h"

#include <string.h>

#include "lib/errors.h"
#include "lib/json/reader.h"
#include "lib/json/writer.h"

#define SECTOR 512

/* ---- Parts of the form of guestd-metrics, made of replies of the standard commands. */

/* The members of an object under way. */
static void add_name(GString *out, const char *name)
{
    if (out->len && out->str[out->len - 1] != '{')
        g_string_append(out, ", ");
    json_append_string(out, name);
    g_string_append(out, ": ");
}

static void add_int(GString *out, const char *name, gint64 value)
{
    if (value < 0)
        return;
    add_name(out, name);
    json_append_int(out, value);
}

/* Takes over a member of @from as @name, times @factor, if it is there. */
static void add_scaled(GString *out, const char *name, const Value *from, const char *member,
                       gint64 factor)
{
    gint64 value = value_int(from, member, -1);

    if (value <= G_MAXINT64 / factor)
        add_int(out, name, value < 0 ? -1 : value * factor);
}

static void add_string(GString *out, const char *name, const char *value)
{
    add_name(out, name);
    json_append_string(out, value);
}

/* The next object of a list under way. */
static void begin_item(GString *out)
{
    g_string_append(out, out->str[out->len - 1] == '[' ? "{" : ", {");
}

static void compose_load(const Value *load, GString *out)
{
    add_name(out, "load");
    json_append_value(out, load);
}

/* The sum of all CPUs. */
static void compose_cpu(const Value *cpus, GString *out)
{
    static const char *const names[][2] = {
        { "user", "user-ms" },       { "nice", "nice-ms" },       { "system", "system-ms" },
        { "idle", "idle-ms" },       { "iowait", "iowait-ms" },   { "irq", "irq-ms" },
        { "softirq", "softirq-ms" }, { "steal", "steal-ms" },     { "guest", "guest-ms" },
        { "guestnice", "guest-nice-ms" },
    };
    guint64 sums[G_N_ELEMENTS(names)] = { 0 };
    gint64 online = 0;

    VALUE_EACH (cpu, cpus) {
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
            sums[i] += (guint64)MAX(value_int(cpu, names[i][0], 0), 0);
        online++;
    }
    add_name(out, "cpu");
    g_string_append_c(out, '{');
    add_int(out, "online", online);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        add_int(out, names[i][1], (gint64)MIN(sums[i], (guint64)G_MAXINT64));
    g_string_append_c(out, '}');
}

static void compose_disks(const Value *disks, GString *out)
{
    static const struct {
        const char *name, *member;
        gint64 factor;
    } rows[] = {
        { "reads", "read-ios", 1 },           { "read-bytes", "read-sectors", SECTOR },
        { "read-ms", "read-ticks", 1 },       { "writes", "write-ios", 1 },
        { "write-bytes", "write-sectors", SECTOR }, { "write-ms", "write-ticks", 1 },
        { "in-flight", "ios-pgr", 1 },        { "busy-ms", "total-ticks", 1 },
        { "weighted-ms", "weight-ticks", 1 }, { "discards", "discard-ios", 1 },
        { "discard-bytes", "discard-sectors", SECTOR }, { "discard-ms", "discard-ticks", 1 },
        { "flushes", "flush-ios", 1 },        { "flush-ms", "flush-ticks", 1 },
    };

    add_name(out, "disks");
    g_string_append_c(out, '[');
    VALUE_EACH (disk, disks) {
        const Value *stats = value_get(disk, "stats");

        /* As guestd: loop devices and the like that were never used are left out. */
        if (value_int(stats, "read-ios", 0) <= 0 && value_int(stats, "write-ios", 0) <= 0)
            continue;
        begin_item(out);
        add_string(out, "name", value_string(disk, "name", "?"));
        for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
            add_scaled(out, rows[i].name, stats, rows[i].member, rows[i].factor);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

static void compose_filesystems(const Value *filesystems, GString *out)
{
    add_name(out, "filesystems");
    g_string_append_c(out, '[');
    VALUE_EACH (fs, filesystems) {
        gint64 total = value_int(fs, "total-bytes", -1), used = value_int(fs, "used-bytes", -1);

        begin_item(out);
        add_string(out, "mountpoint", value_string(fs, "mountpoint", "?"));
        add_string(out, "type", value_string(fs, "type", "?"));
        add_string(out, "source", value_string(fs, "name", "?"));
        /* That of users, as the agent's total is. */
        add_int(out, "total-bytes", total);
        if (total >= 0 && used >= 0)
            add_int(out, "available-bytes", MAX(total - used, 0));
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

static void compose_interfaces(const Value *interfaces, GString *out)
{
    static const char *const counters[] = { "rx-bytes", "rx-packets", "rx-errs", "rx-dropped",
                                            "tx-bytes", "tx-packets", "tx-errs", "tx-dropped" };

    add_name(out, "interfaces");
    g_string_append_c(out, '[');
    VALUE_EACH (interface, interfaces) {
        const Value *statistics = value_get(interface, "statistics");

        if (!statistics)
            continue;
        begin_item(out);
        add_string(out, "name", value_string(interface, "name", "?"));
        for (gsize i = 0; i < G_N_ELEMENTS(counters); i++)
            add_scaled(out, counters[i], statistics, counters[i], 1);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

static void compose_users(const Value *users, GString *out)
{
    gint64 n = 0;

    VALUE_EACH (user, users)
        n++;
    add_int(out, "users", n);
}

/* Asks @command for what is left of the time; NULL also if it is not served. */
static const Value *ask_until(Vm *vm, const char *command, gint64 until, Arena *arena,
                              GError **error)
{
    g_autoptr(HostRequest) request = request_new(command);
    gint64 left_ms = (until - g_get_monotonic_time()) / 1000;

    if (left_ms > 0)
        return vm_ask(vm, request, left_ms, arena, error);
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT, "the agent did not answer in time");
    return NULL;
}

static gboolean was_answered(const GError *problem)
{
    return g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_COMMAND_NOT_FOUND) ||
           g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED);
}

/* Each part that the agent refuses is left out; one that it does not answer is a failure. */
static const Value *compose(Vm *vm, gint64 until, Arena *arena, GError **error)
{
    static const struct {
        const char *command;
        void (*compose)(const Value *reply, GString *out);
    } parts[] = {
        { "guest-get-load", compose_load },
        { "guest-get-cpustats", compose_cpu },
        { "guest-get-fsinfo", compose_filesystems },
        { "guest-network-get-interfaces", compose_interfaces },
        { "guest-get-diskstats", compose_disks },
        { "guest-get-users", compose_users },
    };
    GString *out = g_string_new("{");
    gsize len;
    char *text;

    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autoptr(GError) problem = NULL;
        const Value *reply = ask_until(vm, parts[i].command, until, arena, &problem);

        if (reply) {
            parts[i].compose(reply, out);
        } else if (!was_answered(problem)) {
            g_string_free(out, TRUE);
            g_propagate_error(error, g_steal_pointer(&problem));
            return NULL;
        }
    }
    g_string_append_c(out, '}');
    len = out->len;
    text = g_string_free(out, FALSE);
    arena_adopt(arena, text);
    return json_read(arena, text, len, error);
}

const Value *metrics_ask(Vm *vm, gint64 until, Arena *arena, gboolean *composed, GError **error)
{
    g_autoptr(GError) problem = NULL;
    const Value *metrics = ask_until(vm, "guestd-metrics", until, arena, &problem);

    *composed = g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_COMMAND_NOT_FOUND);
    if (*composed)
        return compose(vm, until, arena, error);
    if (!metrics)
        g_propagate_error(error, g_steal_pointer(&problem));
    return metrics;
}
