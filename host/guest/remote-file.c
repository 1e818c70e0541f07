/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest/remote-file.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/value-get.h"
#include "host/guest/calm.h"
#include "host/vm/backend.h"
#include "lib/errors.h"

/* A guest with a slow disk takes long to answer. */
#define IO_MS (60 * 1000)
/* Reading all of a large file for its checksum. */
#define SUM_MS (3600 * 1000)

gsize remote_max_write(const Vm *vm)
{
    gsize max = vm->backend->ask_max;

    return max ? MIN(max, REMOTE_CHUNK) : REMOTE_CHUNK;
}

static gint64 at_least(const RemoteFile *file, gint64 ms)
{
    return MAX(file->vm->context->timeout_ms, ms);
}

gboolean remote_file_init(RemoteFile *file, Vm *vm, GError **error)
{
    *file = (RemoteFile){ .vm = vm, .handle = -1 };
    return vm_agent_has(vm, "guestd-file-stat", &file->guestd, error);
}

/* Not interrupted: the handle would stay open in the guest, and guestctl could not close it. */
gboolean remote_file_open(RemoteFile *file, const char *path, const char *mode, int perm,
                          gboolean atomic, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-file-open");
    g_autofree char *octal = g_strdup_printf("%04o", (guint)MAX(perm, 0));
    const Value *reply;
    Calm calm;

    if (!pause_ms(file->vm->context, 0, error))
        return FALSE;
    request_string(request, "path", path);
    request_string(request, "mode", mode);
    if (perm >= 0)
        request_string(request, "perm", octal);
    if (atomic)
        request_bool(request, "atomic", TRUE);
    calm_begin(&calm, file->vm);
    reply = vm_ask(file->vm, request, 0, arena, error);
    calm_end(&calm);
    if (!reply)
        return FALSE;
    if (reply->kind != VALUE_INT || reply->integer < 0)
        return set_error(error, "agent returned an invalid file handle");
    file->handle = reply->integer;
    file->atomic = atomic;
    return TRUE;
}

gboolean remote_file_close(RemoteFile *file, gboolean discard, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-file-close");
    const Value *reply;
    Calm calm;

    if (file->handle < 0)
        return TRUE;
    request_int(request, "handle", file->handle);
    if (discard && file->atomic)
        request_bool(request, "discard", TRUE);
    file->handle = -1;
    calm_begin(&calm, file->vm);
    reply = vm_ask(file->vm, request, discard ? 0 : at_least(file, IO_MS), arena, error);
    calm_end(&calm);
    return reply != NULL;
}

gboolean remote_file_seek(RemoteFile *file, gint64 offset, gint64 *position, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-file-seek");
    const Value *reply;
    gint64 at;

    request_int(request, "handle", file->handle);
    request_int(request, "offset", MAX(offset, 0));
    request_int(request, "whence", offset < 0 ? 2 : 0);
    reply = vm_ask(file->vm, request, 0, arena, error);
    if (!reply)
        return FALSE;
    at = value_int(reply, "position", -1);
    if (at < 0 || (offset >= 0 && at != offset))
        return set_error(error, "agent seeked to the wrong offset");
    if (position)
        *position = at;
    return TRUE;
}

const char *remote_file_read(RemoteFile *file, gsize max, gsize *len, gboolean *eof, Arena *arena,
                             GError **error)
{
    g_autoptr(HostRequest) request = request_new("guest-file-read");
    const Value *reply;
    const char *data;

    request_int(request, "handle", file->handle);
    request_int(request, "count", (gint64)max);
    reply = vm_ask(file->vm, request, at_least(file, IO_MS), arena, error);
    if (!reply)
        return NULL;
    data = value_bytes(reply, "buf-b64", len);
    *eof = value_bool(reply, "eof", FALSE);
    if (data && *len <= max && (gint64)*len == value_int(reply, "count", -1) && (*len || *eof))
        return data;
    set_error(error, "agent returned fewer or more bytes than it reported");
    return NULL;
}

gboolean remote_file_write(RemoteFile *file, const char *data, gsize len, GError **error)
{
    while (len > 0) {
        g_autoptr(Arena) arena = arena_new();
        g_autoptr(HostRequest) request = request_new("guest-file-write");
        const Value *reply;
        gint64 count;

        request_int(request, "handle", file->handle);
        request_base64(request, "buf-b64", data, len);
        request->secret = TRUE; /* and too long to show */
        reply = vm_ask(file->vm, request, at_least(file, IO_MS), arena, error);
        if (!reply)
            return FALSE;
        count = value_int(reply, "count", -1);
        if (count <= 0 || count > (gint64)len)
            return set_error(error, "agent returned an invalid number of written bytes");
        data += count;
        len -= (gsize)count;
    }
    return TRUE;
}

gboolean remote_file_stat(RemoteFile *file, const char *path, gboolean sha256, RemoteStat *stat,
                          GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) problem = NULL;
    g_autoptr(HostRequest) request = request_new("guestd-file-stat");
    const Value *reply;
    const char *mode;

    *stat = (RemoteStat){ .exists = TRUE };
    if (path)
        request_string(request, "path", path);
    else
        request_int(request, "handle", file->handle);
    if (sha256)
        request_bool(request, "sha256", TRUE);
    reply = vm_ask(file->vm, request, sha256 ? at_least(file, SUM_MS) : 0, arena, &problem);
    if (!reply && strstr(problem->message, "No such file")) {
        stat->exists = FALSE;
        return TRUE;
    }
    if (!reply) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    mode = value_string(reply, "mode", "");
    stat->mode = *mode ? (int)strtol(mode, NULL, 8) & 0777 : -1;
    stat->size = value_int(reply, "size", 0);
    g_strlcpy(stat->type, value_string(reply, "type", "unknown"), sizeof stat->type);
    g_strlcpy(stat->sha256, value_string(reply, "sha256", ""), sizeof stat->sha256);
    return TRUE;
}
