/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"
#include "commands/file/table.h"

/* The commands of the family `file`, which has more than one file itself. Its state is a FileTable. */
extern const Command guest_file_read, guest_file_write, guest_file_seek, guest_file_flush;
extern const Command guestd_file_stat, guestd_file_sync;

/* The argument that all of them but one have. */
#define HANDLE_FIELD(S)                                                                            \
    { .name = "handle", .type = &type_int, .offset = offsetof(S, handle),                          \
      .has_offset = FIELD_NO_HAS, .flags = FIELD_AUDITED, .doc = "what guest-file-open returned" }

/*
 * Writes what is buffered, as is due before other things are done. Returns FALSE with
 * QEMU's text in @error.
 */
gboolean file_flush(OpenFile *file, GError **error);
