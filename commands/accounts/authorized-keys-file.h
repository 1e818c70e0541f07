/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

/*
 * The file ~/.ssh/authorized_keys. No symbolic link below the home is followed,
 * and only a regular file is read or replaced. All of it is done by a thread that
 * has the rights of the user already: user-thread.h.
 */

/* Some five thousand keys of the longest usual kind; more is no list of a person's keys. */
#define KEY_FILE_MAX (4 * 1024 * 1024)

typedef struct {
    const char *home;
    uid_t uid;
    gid_t gid; /* the user's own group */
} KeyFileOwner;

/* What is read besides the text, for key_file_write(). */
typedef struct {
    GString *text;
    int missing; /* why it is not there, an errno value; 0: it is */
    char *label; /* SELinux's, or NULL */
    gsize label_len;
} KeyFile;

/*
 * Reads the file. Without one, @file is empty and missing, which is no
 * failure. With @only_label an unreadable file is none, either, and the
 * text is left unread. To be cleared with key_file_clear(), on failure, too.
 */
gboolean key_file_read(const KeyFileOwner *owner, gboolean only_label, KeyFile *file,
                       GError **error);
void key_file_clear(KeyFile *file);

/* Sets @error to qemu-ga's text for a file that is missing; returns FALSE. */
gboolean key_file_missing(const KeyFileOwner *owner, const KeyFile *file, GError **error);

/*
 * Replaces the file with @text, atomically and with mode 0600, making ~/.ssh if
 * there is none. On failure nothing has changed, but ~/.ssh may be there.
 */
gboolean key_file_write(const KeyFileOwner *owner, const KeyFile *old, const GString *text,
                        GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KeyFile, key_file_clear)
