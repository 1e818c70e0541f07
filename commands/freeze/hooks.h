/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The programs that bring applications to rest: one program, called with
 * "freeze" or "thaw" as qemu-ga does, or a directory of them, run in the order
 * of their names for a freeze and in reverse for a thaw. Whoever was asked to
 * freeze is asked to thaw. To be used from workers.
 */
typedef struct FreezeHooks FreezeHooks;

/* One call of one hook, for the report. */
typedef struct {
    char *path;
    gboolean thaw;
    gint64 took_us;
    gboolean failed;
} HookCall;

/* @path is a program or a directory, or NULL for none; @timeout_us is each call's. */
FreezeHooks *freeze_hooks_new(const char *path, gint64 timeout_us);
void freeze_hooks_free(FreezeHooks *hooks);

/*
 * Calls the hooks with "freeze"; gives up when @cancel_fd becomes readable. On
 * failure those that did freeze are called with "thaw", and FALSE is returned
 * with @error set.
 */
gboolean freeze_hooks_freeze(FreezeHooks *hooks, int cancel_fd, GError **error);

/*
 * Calls the hooks that were asked to freeze, or all if none was, with "thaw" and
 * GUESTD_THAW_REASON=@reason. All are called even if one fails; then FALSE is
 * returned with @error set for the first.
 */
gboolean freeze_hooks_thaw(FreezeHooks *hooks, const char *reason, GError **error);

/* The calls of the last freeze and thaw, of HookCall. */
const GPtrArray *freeze_hooks_calls(const FreezeHooks *hooks);
