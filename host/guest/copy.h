/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/progress.h"
#include "host/guest/remote-file.h"

/* One file on its way into the guest or out of it. */
typedef struct Copy Copy;
struct Copy {
    RemoteFile remote;
    char *local;
    char *path; /* in the guest */
    gboolean resume; /* go on behind what is there, in place */
    /*
     * Of copies to the host: writes the whole content to @fd, which if it is a regular file is empty,
     * and sets done; the checksum is neither made nor compared. NULL: it comes through the agent.
     */
    gboolean (*receive)(Copy *copy, int fd, gboolean regular, GError **error);
    gpointer receive_data;
    Progress progress;
    GChecksum *sum; /* of all of it, also of what was there */
    gint64 start;   /* what was there */
    gint64 done;
    gint64 total;      /* as far as it is known */
    gboolean checked;  /* the guest's checksum is the same */
    gboolean mode_kept;
};

/* Copies; on failure what is left behind is told in @error. */
gboolean copy_to_guest(Copy *copy, GError **error);
gboolean copy_to_host(Copy *copy, GError **error);

/* @piece has passed. FALSE with @error once the user gave up. */
gboolean copy_passed(Copy *copy, const char *piece, gsize len, GError **error);

/* Adds the first @len bytes of @fd to the checksum; FALSE with @error if there are fewer. */
gboolean copy_sum_local(Copy *copy, int fd, gint64 len, GError **error);

/*
 * Whether the last of the first @len bytes are the same in the guest's open file and in @fd;
 * FALSE with @error if not. The guest's file is at some other place then.
 */
gboolean copy_compare_end(Copy *copy, int fd, gint64 len, GError **error);

/* Compares the checksum with that of what is open in the guest, if it can tell it. */
gboolean copy_check(Copy *copy, const RemoteStat *stat, GError **error);

/* @dir and the last part of @path; the caller's. */
char *copy_name_in(const char *dir, const char *path);
