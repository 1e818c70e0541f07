/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/hardware/sysfs-online.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static SwitchState read_state(const Sysroot *sysroot, const char *path,
                              gboolean (*is_online)(const char *text))
{
    g_autofree char *text = NULL;

    if (!sysroot_read(sysroot, path, &text, NULL))
        return errno == ENOENT ? SWITCH_ABSENT : SWITCH_FAILED;
    if (*text == '\0') {
        errno = 0;
        return SWITCH_FAILED;
    }
    return is_online(text) ? SWITCH_ONLINE : SWITCH_OFFLINE;
}

static gboolean cpu_is_online(const char *text)
{
    return *text != '0';
}

/* "online", as opposed to "offline" and "going-offline" (drivers/base/memory.c). */
static gboolean memory_is_online(const char *text)
{
    return g_str_has_prefix(text, "online");
}

SwitchState cpu_switch_read(const Sysroot *sysroot, const char *path)
{
    return read_state(sysroot, path, cpu_is_online);
}

SwitchState memory_switch_read(const Sysroot *sysroot, const char *path)
{
    return read_state(sysroot, path, memory_is_online);
}

gboolean switch_write(const Sysroot *sysroot, const SysOps *sysops, const char *path,
                      const char *word)
{
    int fd = sysroot_open(sysroot, path, O_WRONLY | O_NOCTTY);
    int result, saved;

    if (fd < 0)
        return FALSE;
    result = sysops->write_attribute(fd, word);
    saved = errno;
    close(fd);
    errno = saved;
    return result == 0;
}

const char *cpu_switch_word(gboolean online)
{
    return online ? "1" : "0";
}

const char *memory_switch_word(gboolean online)
{
    return online ? "online" : "offline";
}

int directory_errno(const Sysroot *sysroot, const char *path)
{
    int fd = sysroot_open(sysroot, path, O_PATH | O_DIRECTORY);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}
