/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/* The file commands with a directory of their own to work in, which is freed with the case. */
typedef struct {
    char *directory;
    SysOps sysops; /* the system's; to be changed by the test */
    Settings settings; /* all unset; to be changed by the test */
    Services services;
    void *state;
    gint64 next_handle; /* below 0: there is none to be had */
} FileCase;

FileCase *file_case_new(void);
void file_case_free(FileCase *file_case);

/* Makes the family's state anew, as when the agent is started again. */
void file_case_restart(FileCase *file_case);

/*
 * Runs guest-file-@name, or @name itself if it begins with "guest", with @arguments, in which
 * ' stands for a quote and $ for the directory. Returns the result as JSON or the error's text.
 */
char *file_case_run(FileCase *file_case, const char *name, const char *arguments);

/* Fails the test unless the command answers @wanted. */
void file_case_expect(FileCase *file_case, const char *name, const char *arguments,
                      const char *wanted);

/* "name=contents" of each file in the directory, sorted, with blanks between; to be freed. */
char *file_case_list(FileCase *file_case);
void file_case_expect_list(FileCase *file_case, const char *wanted);

/* The path of @name in the directory; to be freed. */
char *file_case_path(FileCase *file_case, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FileCase, file_case_free)
