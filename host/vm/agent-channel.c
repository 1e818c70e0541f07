/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/agent-channel.h"

#include <string.h>
#include <sys/stat.h>

#include "host/vm/bare/vm.h"
#include "host/vm/libvirt/vm.h"
#include "host/wire/qmp.h"
#include "lib/errors.h"

void channel_clear(Channel *channel)
{
    g_clear_pointer(&channel->where, g_free);
}

/* ---- libvirt: <channel><source path='…'/><target name='…' state='…'/></channel> */

typedef struct {
    Channel *channel;
    gboolean within; /* a <channel> */
    char *path;      /* of its source */
} Reading;

static const char *attribute(const char **names, const char **values, const char *wanted)
{
    for (; *names; names++, values++)
        if (g_str_equal(*names, wanted))
            return *values;
    return NULL;
}

static void on_start(GMarkupParseContext *parser, const char *element, const char **names,
                     const char **values, gpointer data, GError **error)
{
    Reading *reading = data;
    Channel *channel = reading->channel;
    const char *state;

    (void)parser;
    (void)error;
    if (g_str_equal(element, "channel")) {
        reading->within = TRUE;
        g_clear_pointer(&reading->path, g_free);
    } else if (reading->within && g_str_equal(element, "source")) {
        g_free(reading->path);
        reading->path = g_strdup(attribute(names, values, "path"));
    } else if (reading->within && g_str_equal(element, "target") &&
               g_strcmp0(attribute(names, values, "name"), CHANNEL_NAME) == 0) {
        state = attribute(names, values, "state");
        channel->configured = TRUE;
        channel->open_known = state != NULL;
        channel->open = g_strcmp0(state, "connected") == 0;
        channel_clear(channel);
        channel->where = g_strdup(reading->path);
    }
}

static void on_end(GMarkupParseContext *parser, const char *element, gpointer data, GError **error)
{
    Reading *reading = data;

    (void)parser;
    (void)error;
    if (g_str_equal(element, "channel"))
        reading->within = FALSE;
}

gboolean channel_from_xml(const char *xml, Channel *channel, GError **error)
{
    static const GMarkupParser callbacks = { .start_element = on_start, .end_element = on_end };
    Reading reading = { .channel = channel };
    GMarkupParseContext *parser = g_markup_parse_context_new(&callbacks, 0, &reading, NULL);
    gboolean ok;

    *channel = (Channel){ .known = TRUE };
    ok = g_markup_parse_context_parse(parser, xml, (gssize)strlen(xml), error) &&
         g_markup_parse_context_end_parse(parser, error);
    g_markup_parse_context_free(parser);
    g_free(reading.path);
    return ok;
}

/* ---- A bare QEMU: its socket, and what its monitor tells of the other end. */

/* The row of query-chardev whose "filename" has the path in it, as "unix:PATH,server=on". */
static void look_at_row(JsonObject *row, const char *path, Channel *channel)
{
    const char *filename = json_object_get_string_member_with_default(row, "filename", "");
    const char *at = strstr(filename, path);
    char next = at ? at[strlen(path)] : 'x';

    if (next != '\0' && next != ',')
        return;
    channel->open_known = json_object_has_member(row, "frontend-open");
    channel->open = json_object_get_boolean_member_with_default(row, "frontend-open", FALSE);
}

static gboolean look_at_monitor(Vm *vm, const char *path, Channel *channel, GError **error)
{
    Deadline deadline = vm_deadline(vm, 0);
    Qmp *qmp = vm_bare_qmp(vm, &deadline, error);
    g_autoptr(JsonNode) rows = qmp ? qmp_call(qmp, "query-chardev", NULL, &deadline, error) : NULL;
    JsonArray *array;

    if (!rows)
        return FALSE;
    if (!JSON_NODE_HOLDS_ARRAY(rows))
        return set_error(error, "query-chardev: no list");
    array = json_node_get_array(rows);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *row = json_array_get_element(array, i);

        if (JSON_NODE_HOLDS_OBJECT(row))
            look_at_row(json_node_get_object(row), path, channel);
    }
    return TRUE;
}

static gboolean look_at_bare(Vm *vm, Channel *channel, GError **error)
{
    const char *address = vm_bare_agent_address(vm);
    struct stat info;

    *channel = (Channel){ .known = address != NULL };
    if (!address)
        return TRUE;
    channel->where = g_strdup(address);
    /* What is no path is found out by connecting. */
    if (g_str_has_prefix(address, "vsock:") || g_str_has_prefix(address, "hybrid-vsock:")) {
        channel->configured = TRUE;
        return TRUE;
    }
    if (g_str_has_prefix(address, "unix:"))
        address += strlen("unix:");
    channel->configured = stat(address, &info) == 0 && S_ISSOCK(info.st_mode);
    return !channel->configured || !vm_bare_has_qmp(vm) ||
           look_at_monitor(vm, address, channel, error);
}

gboolean channel_look(Vm *vm, Channel *channel, GError **error)
{
    g_autofree char *xml = NULL;

    if (vm_is_bare(vm))
        return look_at_bare(vm, channel, error);
    *channel = (Channel){ .known = FALSE };
    xml = vm_libvirt_xml(vm, error);
    return xml && channel_from_xml(xml, channel, error);
}
