/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysops.h"
#include "agent/base/sysroot.h"
#include "agent/schema/command.h"

/*
 * Another machine's /proc, /sys and /run, unpacked from data/machines/NAME/tree into
 * a directory of its own. A tree is a text:
 *
 *     # a comment
 *     /path/of/a/link -> where it leads
 *     /path/of/a/directory/
 *     /path/of/a/file
 *     | a line of it
 */
typedef struct {
    char *directory;
    Sysroot *sysroot;
    const SysOps *sysops; /* of the commands it runs; set by the test */
    const Settings *settings; /* the same */
} Machine;

Machine *machine_new(const char *name);
Machine *machine_new_from_text(const char *tree);
void machine_free(Machine *machine);

/* Adds what the text @tree has to a machine. */
void machine_add(Machine *machine, const char *tree);

/*
 * Runs the command @name of @family with the JSON @arguments (NULL: none) on
 * @machine. Returns the result as JSON, of a list each element on a line of its
 * own, or NULL with @error set. @state is the family's, or NULL for a fresh one.
 */
char *machine_run(const Machine *machine, const Family *family, void *state, const char *name,
                  const char *arguments, GError **error);

/* Reads data/machines/@machine/@file; NULL if it is not there. */
char *machine_read_data(const char *machine, const char *file);

/* The names of all machines, sorted; to be freed with g_strfreev(). */
char **machine_names(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Machine, machine_free)
