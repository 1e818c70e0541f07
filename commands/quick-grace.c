/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/quick-grace.h"

#include <fcntl.h>
#include <unistd.h>

#define SWITCH "/sys/kernel/rcu_expedited"

/* A kernel without the switch, or a container, does without. */
static gboolean set(const Sysroot *sysroot, char value)
{
    int fd = sysroot_open(sysroot, SWITCH, O_WRONLY);
    gboolean ok = fd >= 0 && write(fd, &value, 1) == 1;

    if (fd >= 0)
        close(fd);
    return ok;
}

int quick_grace_begin(const Sysroot *sysroot)
{
    g_autofree char *text = NULL;

    if (!sysroot_read(sysroot, SWITCH, &text, NULL) || *text != '0')
        return -1;
    return set(sysroot, '1') ? 0 : -1;
}

void quick_grace_end(const Sysroot *sysroot, int before)
{
    if (before >= 0)
        set(sysroot, (char)('0' + before));
}
