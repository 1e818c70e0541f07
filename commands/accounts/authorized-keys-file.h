/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

/*
 * The file ~/.ssh/authorized_keys. Symbolic links below the home are not followed, and only a
 * regular file is read or replaced. For a thread that has the user's rights already:
 * user-thread.h.
 */

/* Some five thousand keys of the longest usual kind; a larger file is not a list of keys. */
#define KEY_FILE_MAX (4 * 1024 * 1024)

typedef struct {
    const char *home;
    uid_t uid;
    gid_t gid; /* the user's primary group */
} KeyFileOwner;

/* The file's text, and what key_file_write() keeps of the old file. */
typedef struct {
    GString *text;
    int missing; /* errno of opening the file, if it does not exist; else 0 */
    char *label; /* the SELinux label, or NULL */
    gsize label_len;
} KeyFile;

/*
 * Reads the file of @owner. If it does not exist, @file is empty with @missing set, and that is
 * a success. With @only_label the text is not read, and a file that cannot be opened (EACCES) is
 * a success, too. Returns FALSE with @error set. @file, zeroed by the caller, is to be cleared
 * with key_file_clear() in every case.
 */
gboolean key_file_read(const KeyFileOwner *owner, gboolean only_label, KeyFile *file,
                       GError **error);
void key_file_clear(KeyFile *file);

/* Sets @error to qemu-ga's text for a file that does not exist, and returns FALSE. */
gboolean key_file_missing(const KeyFileOwner *owner, const KeyFile *file, GError **error);

/*
 * Replaces the file of @owner with @text, atomically and with mode 0600, and creates ~/.ssh if
 * it does not exist. The new file gets the label of @old. Returns FALSE with @error set; then
 * the file is unchanged, but ~/.ssh may exist.
 */
gboolean key_file_write(const KeyFileOwner *owner, const KeyFile *old, const GString *text,
                        GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KeyFile, key_file_clear)
