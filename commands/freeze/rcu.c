/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/rcu.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SWITCH "/sys/kernel/rcu_expedited"

/* Kernels without the file and containers work without it. */
static void set(const Sysroot *sysroot, char value)
{
    int fd = sysroot_open(sysroot, SWITCH, O_WRONLY);

    if (fd >= 0 && write(fd, &value, 1) != 1)
        g_info("%s: %s", SWITCH, g_strerror(errno));
    if (fd >= 0)
        close(fd);
}

int quick_grace_before(const Sysroot *sysroot)
{
    g_autofree char *text = NULL;

    return sysroot_read(sysroot, SWITCH, &text, NULL) && *text == '0' ? 0 : -1;
}

void quick_grace_begin(const Sysroot *sysroot, int before)
{
    if (before >= 0)
        set(sysroot, '1');
}

void quick_grace_end(const Sysroot *sysroot, int before)
{
    if (before >= 0)
        set(sysroot, (char)('0' + before));
}
