/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysops.h"
#include "commands/freeze/engine.h"

/*
 * A machine whose filesystems do what a test says: system calls that fail, hang or
 * take their time. Filesystems are known by their mount points; a descriptor that is
 * used after its close, or closed twice, fails the test.
 */
extern const SysOps script_ops;

typedef enum {
    SCRIPT_OPEN,
    SCRIPT_SYNC,
    SCRIPT_FREEZE,
    SCRIPT_THAW,
} ScriptCall;

/* Forgets all; every call is done at once. To be called between tests, when no thread is left. */
void script_reset(void);

/* From now on the call on @path fails with @errnum (0: succeeds again). */
void script_fail(ScriptCall call, const char *path, int errnum);

/* From now on the call on @path hangs, until script_release(). */
void script_hang(ScriptCall call, const char *path);
void script_release(ScriptCall call, const char *path);

/* The first @times calls on @path take @us each. */
void script_slow(ScriptCall call, const char *path, guint times, gint64 us);

/*
 * From now on @path is on the filesystem with number @device, in the mount @mount_id (0: the
 * kernel does not tell). Until then nobody knows, and it is taken for what it is said to be.
 */
void script_place(const char *path, dev_t device, guint64 mount_id);

/* Freezes @path as somebody else would; it is thawed like one of ours. */
void script_freeze_foreign(const char *path);

/* Waits until the call was begun (not: is done) @times on @path. */
void script_await(ScriptCall call, const char *path, guint times);

/* Waits until nothing is frozen, open or under way; fails the test if that never happens. */
void script_await_rest(void);

gboolean script_is_frozen(const char *path);
guint script_count_frozen(void);
guint script_count_open(void);

/* How often the call was begun on @path. */
guint script_count(ScriptCall call, const char *path);

/* "freeze /a\nthaw /a\n": the freezes and thaws that succeeded, in order; to be freed. */
char *script_log(void);
