/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"
#include "commands/file/table.h"

/* The commands of the family `file` that are not in open-close.c. Their state is a FileTable. */
extern const Command guest_file_read, guest_file_write, guest_file_seek, guest_file_flush;
extern const Command guestd_file_stat, guestd_file_sync;

/* The argument that all but one of them have. */
#define HANDLE_FIELD(S)                                                                            \
    { .name = "handle", .type = &type_int, .offset = offsetof(S, handle),                          \
      .has_offset = FIELD_NO_HAS, .flags = FIELD_AUDITED, .doc = "handle, from guest-file-open" }

/*
 * Writes the buffered bytes, as required before other operations. @file is taken. Returns FALSE
 * with QEMU's text in @error. For workers.
 */
gboolean file_flush(OpenFile *file, GError **error);
