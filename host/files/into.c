/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/files/into.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "host/base/table.h"
#include "host/files/listing.h"
#include "host/files/stream.h"
#include "host/guest/copy.h"
#include "host/guest/program.h"
#include "lib/errors.h"

#define NS_PER_S G_GINT64_CONSTANT(1000000000)

typedef struct {
    Vm *vm;
    const char *path; /* in the appliance */
    Entry *entry;
    GPtrArray *attributes;
    char *to;        /* in the VM */
    char *unfinished; /* its name there until it is whole */
} Into;

/* Runs a program in the VM, NULL-terminated. FALSE with @error set to what it wrote. */
static gboolean run(Vm *vm, const char *const *argv, GError **error)
{
    g_autoptr(HostRequest) request = request_new("guest-exec");
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) err = g_string_new(NULL);
    g_autofree char *words = NULL;
    Program program = { .vm = vm, .kept = { out, err } };

    request_string(request, "path", argv[0]);
    request_strings(request, "arg", argv + 1);
    request_bool(request, "capture-output", TRUE);
    if (!program_start(&program, request, error) || !program_await(&program, error)) {
        g_prefix_error(error, "%s in the VM: ", argv[0]);
        return FALSE;
    }
    if (program.exitcode == 0)
        return TRUE;
    words = harmless_text(g_strchomp(err->str));
    return set_error(error, "%s in the VM: %s", argv[0], *words ? words : "failed without output");
}

static gboolean set_attributes(const Into *into, GError **error)
{
    for (guint i = 0; i + 1 < into->attributes->len; i += 2) {
        g_autofree char *value = g_strconcat("0x", into->attributes->pdata[i + 1], NULL);

        if (!run(into->vm, (const char *const[]){ "setfattr", "-n", into->attributes->pdata[i],
                                                  "-v", value, into->unfinished, NULL },
                 error))
            return FALSE;
    }
    return TRUE;
}

/* In this order: another owner takes set-id bits away, and all of it changes the time of the inode. */
static gboolean dress(const Into *into, GError **error)
{
    const Entry *entry = into->entry;
    g_autofree char *owner = NULL, *mode = NULL, *time = NULL;
    gint64 ns;

    g_assert(entry);
    ns = ((entry->modified % NS_PER_S) + NS_PER_S) % NS_PER_S;
    owner = g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, entry->uid, entry->gid);
    mode = g_strdup_printf("%04o", entry->mode & 07777);
    time = g_strdup_printf("@%" G_GINT64_FORMAT ".%09d", (entry->modified - ns) / NS_PER_S,
                           (int)ns);
    return run(into->vm, (const char *const[]){ "chown", owner, into->unfinished, NULL }, error) &&
           run(into->vm, (const char *const[]){ "chmod", mode, into->unfinished, NULL }, error) &&
           set_attributes(into, error) &&
           run(into->vm, (const char *const[]){ "touch", "-m", "-d", time, into->unfinished, NULL },
               error);
}

static gboolean send_copy(const Into *into, const char *local, gint64 *bytes, GError **error)
{
    Copy copy = { 0 };
    gboolean ok;

    if (!remote_file_init(&copy.remote, into->vm, error))
        return FALSE;
    copy.local = g_strdup(local);
    copy.path = g_strdup(into->unfinished);
    copy.sum = g_checksum_new(G_CHECKSUM_SHA256);
    progress_begin(&copy.progress, into->to, TRUE);
    ok = copy_to_guest(&copy, error);
    progress_end(&copy.progress);
    *bytes = copy.done;
    g_free(copy.local);
    g_free(copy.path);
    g_checksum_free(copy.sum);
    return ok;
}

static gboolean fetch(const Into *into, const Appliance *appliance, const char *local,
                      GError **error)
{
    int fd = g_open(local, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    gint64 done;
    gboolean ok;

    if (fd < 0)
        return set_errno_error(error, errno, "%s", local);
    ok = stream_file(appliance->vm, appliance->place.data, into->path, fd, TRUE, 0, NULL, &done,
                     error);
    close(fd);
    return ok;
}

/* What is in the way is removed, as far as the VM still answers. */
static gboolean put(const Into *into, const char *local, gint64 *bytes, GError **error)
{
    if (send_copy(into, local, bytes, error) && dress(into, error) &&
        run(into->vm, (const char *const[]){ "mv", "-f", into->unfinished, into->to, NULL }, error))
        return TRUE;
    run(into->vm, (const char *const[]){ "rm", "-f", into->unfinished, NULL }, NULL);
    g_prefix_error(error, "nothing was replaced in the VM: ");
    return FALSE;
}

/* The file's path in the VM. */
static gboolean settle(Into *into, const char *to, GError **error)
{
    g_autofree char *dir = NULL, *name = NULL;
    RemoteFile remote;
    RemoteStat info = { .exists = FALSE };

    if (!remote_file_init(&remote, into->vm, error) ||
        (remote.guestd && !remote_file_stat(&remote, to, FALSE, &info, error)))
        return FALSE;
    into->to = g_str_has_suffix(to, "/") || (info.exists && g_str_equal(info.type, "directory"))
                   ? copy_name_in(to, into->path)
                   : g_strdup(to);
    dir = g_path_get_dirname(into->to);
    name = g_path_get_basename(into->to);
    into->unfinished = g_strdup_printf("%s/.%s.guestctl-%08x", dir, name, g_random_int());
    return TRUE;
}

static gboolean look(Into *into, const Appliance *appliance, GError **error)
{
    gboolean more;
    g_autoptr(GPtrArray) entries = listing_read(appliance->vm, LISTING_ONE, into->path, &more,
                                                error);

    if (!entries)
        return FALSE;
    if (entries->len != 1 || !S_ISREG(((const Entry *)entries->pdata[0])->mode))
        return set_error(error, "%s is not a regular file", into->path);
    into->entry = g_ptr_array_steal_index(entries, 0);
    into->attributes = listing_attributes(appliance->vm, into->path, error);
    return into->attributes != NULL;
}

gboolean into_vm(const Appliance *appliance, const char *path, Vm *vm, const char *to,
                 gint64 *bytes, char **made, GError **error)
{
    Into into = { .vm = vm, .path = path };
    g_autofree char *dir = g_dir_make_tmp("guestctl-files.XXXXXX", error);
    g_autofree char *local = dir ? g_build_filename(dir, "file", NULL) : NULL;
    gboolean ok = dir && look(&into, appliance, error) && settle(&into, to, error) &&
                  fetch(&into, appliance, local, error) && put(&into, local, bytes, error);

    if (dir) {
        g_unlink(local);
        g_rmdir(dir);
    }
    *made = into.to;
    g_free(into.unfinished);
    if (into.entry)
        entry_free(into.entry);
    if (into.attributes)
        g_ptr_array_unref(into.attributes);
    return ok;
}
