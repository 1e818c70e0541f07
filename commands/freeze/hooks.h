/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The programs that prepare applications for a freeze: one program, called with "freeze" or
 * "thaw" as by qemu-ga, or a directory of them, which run in the order of their names for a
 * freeze and in reverse for a thaw. A hook that was called with "freeze" is also called with
 * "thaw". For workers.
 */
typedef struct FreezeHooks FreezeHooks;

/* One call of a hook, for the report. */
typedef struct {
    char *path;
    gboolean thaw;
    gint64 took_us;
    gboolean failed;
} HookCall;

/*
 * @path is a program or a directory, or NULL for none; @timeout_us limits each call, in
 * microseconds. To be freed.
 */
FreezeHooks *freeze_hooks_new(const char *path, gint64 timeout_us);
void freeze_hooks_free(FreezeHooks *hooks);

/*
 * Calls the hooks with "freeze"; gives up when @cancel_fd becomes readable. On failure the hooks
 * that succeeded are called with "thaw". Returns FALSE with @error set.
 */
gboolean freeze_hooks_freeze(FreezeHooks *hooks, int cancel_fd, GError **error);

/*
 * Calls the hooks that were called with "freeze", or all if none was, with "thaw" and
 * GUESTD_THAW_REASON=@reason. All are called even if one fails. Returns FALSE with @error set
 * for the first that failed.
 */
gboolean freeze_hooks_thaw(FreezeHooks *hooks, const char *reason, GError **error);

/* The calls of the last freeze and thaw, of HookCall; owned by @hooks. */
const GPtrArray *freeze_hooks_calls(const FreezeHooks *hooks);
