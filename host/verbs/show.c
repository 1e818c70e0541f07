/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/table.h"
#include "host/base/value-get.h"
#include "host/cli/verb.h"

/* guestctl VM fsinfo, disks, addr, route, users, vcpus: what the guest tells, as a table. */

/* Asks @command and fills the table @heads by @row for each element of the reply. */
static gboolean show_list(Job *job, const char *command, const char *const *heads,
                          void (*row)(Table *table, const Value *element), const char *empty,
                          GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(Table) table = table_new(heads);
    const Value *list = vm_ask_plain(job->vm, command, arena, error);

    if (!list)
        return FALSE;
    VALUE_EACH (element, list)
        row(table, element);
    table_print(table, empty, job->text);
    job_json_value(job, list);
    return TRUE;
}

static void append_names(GString *out, const Value *list, const char *member)
{
    VALUE_EACH (item, list) {
        const char *name = member ? value_string(item, member, NULL)
                           : item->kind == VALUE_STRING ? item->string.text : NULL;

        if (name)
            g_string_append_printf(out, "%s%s", out->len ? ", " : "", name);
    }
}

static void fsinfo_row(Table *table, const Value *fs)
{
    g_autoptr(GString) disks = g_string_new(NULL);
    gint64 used = value_int(fs, "used-bytes", -1), total = value_int(fs, "total-bytes", -1);

    append_names(disks, value_get(fs, "disk"), "dev");
    table_cell(table, value_string(fs, "mountpoint", NULL));
    table_cell(table, value_string(fs, "type", NULL));
    table_size(table, total);
    table_size(table, used);
    if (used >= 0 && total > 0)
        table_cellf(table, "%.0f %%", 100.0 * (double)used / (double)total);
    else
        table_cell(table, NULL);
    table_cell(table, value_string(fs, "name", NULL));
    table_cell(table, disks->len ? disks->str : NULL);
}

static gboolean fsinfo_run(Job *job, GError **error)
{
    static const char *const heads[] = { "MOUNTED ON", "TYPE", ">SIZE", ">USED", ">", "DEVICE",
                                         "DISKS", NULL };

    return show_list(job, "guest-get-fsinfo", heads, fsinfo_row, "no filesystem on a disk", error);
}

const Verb verb_fsinfo = {
    .name = "fsinfo",
    .summary = "Show the filesystems and their usage",
    .run = fsinfo_run,
};

static void disks_row(Table *table, const Value *disk)
{
    const Value *address = value_get(disk, "address");
    g_autoptr(GString) carriers = g_string_new(NULL);

    append_names(carriers, value_get(disk, "dependencies"), NULL);
    table_cell(table, value_string(disk, "name", NULL));
    table_cell(table, value_bool(disk, "partition", FALSE) ? "partition" : "disk");
    table_cell(table, value_string(address, "bus-type", NULL));
    table_cell(table, value_string(address, "serial", NULL));
    table_cell(table, value_string(disk, "alias", NULL));
    table_cell(table, carriers->len ? carriers->str : NULL);
}

static gboolean disks_run(Job *job, GError **error)
{
    static const char *const heads[] = { "NAME", "KIND", "BUS", "SERIAL", "ALIAS", "ON", NULL };

    return show_list(job, "guest-get-disks", heads, disks_row, "no disk", error);
}

const Verb verb_disks = {
    .name = "disks",
    .summary = "Show the disks and partitions",
    .run = disks_run,
};

static void addr_row(Table *table, const Value *interface)
{
    const char *name = value_string(interface, "name", NULL);
    const char *mac = value_string(interface, "hardware-address", NULL);
    const Value *first = value_first(value_get(interface, "ip-addresses"));

    if (!first) {
        table_cell(table, name);
        table_cell(table, mac);
        table_cell(table, NULL);
    }
    for (const Value *address = first; address; address = address->next) {
        table_cell(table, name);
        table_cell(table, mac);
        table_cellf(table, "%s/%" G_GINT64_FORMAT, value_string(address, "ip-address", "?"),
                    value_int(address, "prefix", 0));
    }
}

static gboolean addr_run(Job *job, GError **error)
{
    static const char *const heads[] = { "INTERFACE", "MAC", "ADDRESS", NULL };

    return show_list(job, "guest-network-get-interfaces", heads, addr_row, "no interface", error);
}

const Verb verb_addr = {
    .name = "addr",
    .summary = "Show the network interfaces and their addresses",
    .run = addr_run,
};

static void route_row(Table *table, const Value *route)
{
    gboolean v6 = value_int(route, "version", 4) == 6;
    const char *to = value_string(route, "destination", "?");

    if (v6)
        table_cellf(table, "%s/%s", to, value_string(route, "desprefixlen", "?"));
    else
        table_cellf(table, "%s/%s", to, value_string(route, "mask", "?"));
    table_cell(table, value_string(route, v6 ? "nexthop" : "gateway", NULL));
    table_cell(table, value_string(route, "iface", NULL));
    table_cellf(table, "%" G_GINT64_FORMAT, value_int(route, "metric", 0));
}

static gboolean route_run(Job *job, GError **error)
{
    static const char *const heads[] = { "TO", "VIA", "INTERFACE", ">METRIC", NULL };

    return show_list(job, "guest-network-get-route", heads, route_row, "no route", error);
}

const Verb verb_route = {
    .name = "route",
    .summary = "Show the routes",
    .run = route_run,
};

static void users_row(Table *table, const Value *user)
{
    gint64 seconds = (gint64)value_number(user, "login-time", 0);
    g_autoptr(GDateTime) since = g_date_time_new_from_unix_local(seconds);
    g_autofree char *text = since ? g_date_time_format(since, "%F %T") : NULL;

    table_cell(table, value_string(user, "user", NULL));
    table_cell(table, text);
}

static gboolean users_run(Job *job, GError **error)
{
    static const char *const heads[] = { "USER", "SINCE", NULL };

    return show_list(job, "guest-get-users", heads, users_row, "no user is logged in", error);
}

const Verb verb_users = {
    .name = "users",
    .summary = "Show the users who are logged in",
    .run = users_run,
};

static void vcpus_row(Table *table, const Value *vcpu)
{
    table_cellf(table, "%" G_GINT64_FORMAT, value_int(vcpu, "logical-id", -1));
    table_cell(table, value_bool(vcpu, "online", FALSE) ? "online" : "offline");
    table_cell(table, value_bool(vcpu, "can-offline", FALSE) ? "yes" : "no");
}

static gboolean vcpus_run(Job *job, GError **error)
{
    static const char *const heads[] = { ">CPU", "STATE", "CAN BE PUT OFFLINE", NULL };

    return show_list(job, "guest-get-vcpus", heads, vcpus_row, "no CPU", error);
}

const Verb verb_vcpus = {
    .name = "vcpus",
    .summary = "Show the virtual CPUs",
    .run = vcpus_run,
};
