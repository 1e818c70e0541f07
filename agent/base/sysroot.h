/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Every read below /proc, /sys, /etc and /run goes through a root directory,
 * "/" in service and a dump of another machine in tests.
 */
typedef struct Sysroot Sysroot;

/* Opens @path as a root directory. Returns NULL with @error set if it is not a directory. */
Sysroot *sysroot_new(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sysroot_free(Sysroot *root);

/*
 * Opens @path ("/proc/stat") below @root, following symbolic links inside it.
 * @flags as for open(2); O_CLOEXEC is added. Returns a descriptor or -1 (errno).
 */
int sysroot_open(const Sysroot *root, const char *path, int flags);

/*
 * Reads all of @path; @contents is NUL-terminated and the caller's to g_free(),
 * @len may be NULL. Files of more than SYSROOT_MAX_FILE bytes fail with EFBIG.
 * Returns FALSE with errno set (and nothing stored) on failure.
 */
#define SYSROOT_MAX_FILE (16 * 1024 * 1024)
gboolean sysroot_read(const Sysroot *root, const char *path, char **contents, gsize *len);

/*
 * The target of the symbolic link @path, which the caller frees with g_free(). Returns NULL with
 * errno set.
 */
char *sysroot_readlink(const Sysroot *root, const char *path);

/*
 * @path below @root with all symbolic links resolved ("/sys/block/vda" becomes
 * "/sys/devices/..."), the caller's to g_free(). Returns NULL with errno set on failure.
 */
char *sysroot_realpath(const Sysroot *root, const char *path);

/*
 * The names in the directory @path, without "." and "..", NULL-terminated and
 * the caller's to g_strfreev(); only entries of the kind @type (DT_LNK, DT_DIR
 * or DT_BLK of readdir(3)), or all for DT_UNKNOWN. They come in the order of the
 * directory; below another root than "/", where that order is an accident, sorted.
 * Returns NULL with errno set on failure.
 */
char **sysroot_list_dir(const Sysroot *root, const char *path, unsigned char type);

/* Whether paths below @root are those of this machine. */
gboolean sysroot_is_real(const Sysroot *root);

/* The absolute path of @path on this machine, the caller's to g_free(). */
char *sysroot_path(const Sysroot *root, const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sysroot, sysroot_free)
