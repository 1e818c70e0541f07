/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/loop-devices.h"

#include <sys/sysmacros.h>

#include "agent/base/deadline.h"

/* Detaching a loop device from a file that cannot be written may block its ioctls for good. */
#define LIMIT_US (2 * G_USEC_PER_SEC)

/* The major device number of anonymous superblocks and btrfs subvolumes. */
#define MAJOR_ANONYMOUS 0

/* One query; owned by its thread when the waiter has left. */
typedef struct {
    const SysOps *ops;
    char *node;
    char **points;
    gboolean ok;
    LoopBacking backing;
} Question;

static void question_free(gpointer data)
{
    Question *question = data;

    g_free(question->node);
    g_strfreev(question->points);
    g_free(question);
}

static gboolean lies_on(const SysOps *ops, const char *point, dev_t device)
{
    int fd = ops->open_mount(point);
    dev_t found = 0;
    uint64_t mount_id;
    gboolean same;

    if (fd < 0)
        return FALSE;
    same = ops->identify(fd, &found, &mount_id) == 0 && found == device;
    ops->close(fd);
    return same;
}

static void ask(gpointer data, gpointer unused)
{
    Question *question = data;
    LoopBacking *backing = &question->backing;

    (void)unused;
    backing->point = -1;
    question->ok = question->ops->loop_backing(question->node, &backing->device) == 0;
    if (!question->ok || major(backing->device) != MAJOR_ANONYMOUS)
        return;
    for (int i = 0; question->points[i] && backing->point < 0; i++)
        if (lies_on(question->ops, question->points[i], backing->device))
            backing->point = i;
}

gboolean loop_backing_read(const SysOps *ops, const char *node, const char *const *points,
                           LoopBacking *backing, gboolean *late)
{
    Question *question = g_new0(Question, 1);
    Deadline *deadline;
    gboolean ok;

    question->ops = ops;
    question->node = g_strdup(node);
    question->points = g_strdupv((char **)points);
    deadline = deadline_start(ask, question, question_free);
    *late = deadline && !deadline_wait(deadline, g_get_monotonic_time() + LIMIT_US);
    if (*late)
        return FALSE;
    ok = question->ok;
    *backing = question->backing;
    question_free(question);
    return ok;
}
