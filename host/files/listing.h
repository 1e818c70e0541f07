/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/vm.h"

/* A file in the appliance. Names and targets come from the backup and may hold any byte but NUL. */
typedef struct {
    char *name;
    char *target; /* of a symbolic link; else "" */
    int problem;  /* of errno(3): the file could not be looked at; 0: none */
    guint mode;   /* with its type, as st_mode */
    gint64 uid, gid, size, blocks, links;
    gint64 modified; /* nanoseconds since 1970 */
} Entry;

void entry_free(gpointer entry);
/* The record at *@at, behind which *@at is moved; the caller's. NULL: it is not one. */
Entry *entry_take(const char **at, const char *end);

typedef enum {
    LISTING_ONE,  /* the file itself */
    LISTING_LIST, /* what is in the directory, or the file itself */
    LISTING_TREE, /* the file itself and all that is below it */
} ListingKind;

#define LISTING_MOST 200000

/*
 * Looks at @path; an array of Entry, the caller's. @more: there are more than LISTING_MOST, of which
 * this array has the first. NULL with @error set.
 */
GPtrArray *listing_read(Vm *vm, ListingKind kind, const char *path, gboolean *more,
                        GError **error);

/*
 * The extended attributes of the file @path: names and values in hexadecimal, in turn; the caller's
 * array of texts. NULL with @error set.
 */
GPtrArray *listing_attributes(Vm *vm, const char *path, GError **error);
