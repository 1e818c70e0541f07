/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/stat.h>

#include "host/base/json-util.h"
#include "host/vm/bare/vm.h"
#include "lib/errors.h"

/* The agent's socket, and what the monitor reports about the guest's end. */

/* A row of query-chardev whose "filename" has the path in it, such as "unix:PATH,server=on". */
static void read_row(JsonObject *row, const char *path, AgentChannel *channel)
{
    const char *filename = jsonu_string(row, "filename", "");
    const char *at = strstr(filename, path);
    char next = at ? at[strlen(path)] : 'x';

    if (next != '\0' && next != ',')
        return;
    channel->open_known = json_object_has_member(row, "frontend-open");
    channel->open = jsonu_bool(row, "frontend-open");
}

static gboolean ask_monitor(Vm *vm, const char *path, AgentChannel *channel,
                            const Deadline *deadline, GError **error)
{
    Qmp *qmp = bare_qmp(vm, deadline, error);
    g_autoptr(JsonNode) rows = qmp ? qmp_call(qmp, "query-chardev", NULL, deadline, error) : NULL;
    JsonArray *array = jsonu_node_array(rows);

    if (!rows)
        return FALSE;
    if (!array)
        return set_error(error, "query-chardev: the reply is not a list");
    for (guint i = 0; i < jsonu_count(array); i++)
        if (jsonu_item(array, i))
            read_row(jsonu_item(array, i), path, channel);
    return TRUE;
}

static void set_problem(AgentChannel *channel, const char *remedy, const char *problem)
{
    channel->problem = g_strdup(problem);
    channel->remedy = remedy;
}

gboolean bare_channel_find(Vm *vm, AgentChannel *channel, const Deadline *deadline,
                           GError **error)
{
    const char *address = bare_agent_address(vm);
    struct stat info;

    if (!address) {
        set_problem(channel, "say --agent SOCKET, or name it in vms.ini",
                    "the agent's socket is not known");
        return TRUE;
    }
    channel->where = g_strdup(address);
    channel->configured = TRUE;
    /* Whether a vsock port is there is found out by connecting. */
    if (g_str_has_prefix(address, "vsock:") || g_str_has_prefix(address, "hybrid-vsock:"))
        return TRUE;
    if (g_str_has_prefix(address, "unix:"))
        address += strlen("unix:");
    channel->configured = stat(address, &info) == 0 && S_ISSOCK(info.st_mode);
    if (!channel->configured) {
        g_autofree char *problem = g_strdup_printf("no socket at %s", channel->where);

        set_problem(channel,
                    "start QEMU with -chardev socket,path=…,server=on,wait=off,id=agent -device "
                    "virtio-serial -device virtserialport,chardev=agent,name=" AGENT_CHANNEL_NAME,
                    problem);
        return TRUE;
    }
    return vm->agent_only || ask_monitor(vm, address, channel, deadline, error);
}
