/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/marker.h"

#include <unistd.h>

#include "lib/errors.h"

#define FILE_NAME "guestd.freeze"
#define GROUP "freeze"

static char *boot_id(const Sysroot *sysroot)
{
    char *id = NULL;

    if (!sysroot_read(sysroot, "/proc/sys/kernel/random/boot_id", &id, NULL))
        return g_strdup("unknown");
    return g_strchomp(id);
}

gboolean freeze_marker_write(const Sysroot *sysroot, const char *statedir,
                             const FreezeMarker *marker, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *path = g_build_filename(statedir, FILE_NAME, NULL);
    g_autofree char *id = boot_id(sysroot);

    g_key_file_set_string(file, GROUP, "boot-id", id);
    g_key_file_set_int64(file, GROUP, "deadline", marker->deadline_us);
    g_key_file_set_boolean(file, GROUP, "late", marker->late);
    g_key_file_set_integer(file, GROUP, "grace-before", marker->grace_before);
    g_key_file_set_string_list(file, GROUP, "mount-points",
                               (const char *const *)marker->mount_points,
                               g_strv_length(marker->mount_points));
    if (g_key_file_save_to_file(file, path, error))
        return TRUE;
    g_prefix_error(error, "failed to write the freeze marker: ");
    return FALSE;
}

void freeze_marker_remove(const char *statedir)
{
    g_autofree char *path = g_build_filename(statedir, FILE_NAME, NULL);

    unlink(path);
}

gboolean freeze_marker_read(const Sysroot *sysroot, const char *statedir, FreezeMarker *marker)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *path = g_build_filename(statedir, FILE_NAME, NULL);
    g_autofree char *id = boot_id(sysroot);
    g_autofree char *marked = NULL;

    *marker = (FreezeMarker){ 0 };
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return FALSE;
    marked = g_key_file_get_string(file, GROUP, "boot-id", NULL);
    if (g_strcmp0(marked, id) != 0) {
        unlink(path);
        return FALSE;
    }
    marker->deadline_us = g_key_file_get_int64(file, GROUP, "deadline", NULL);
    marker->late = g_key_file_get_boolean(file, GROUP, "late", NULL);
    marker->grace_before = g_key_file_get_integer(file, GROUP, "grace-before", NULL);
    marker->mount_points = g_key_file_get_string_list(file, GROUP, "mount-points", NULL, NULL);
    return TRUE;
}

void freeze_marker_clear(FreezeMarker *marker)
{
    g_clear_pointer(&marker->mount_points, g_strfreev);
}
