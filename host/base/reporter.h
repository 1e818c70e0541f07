/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "host/base/progress.h"

/*
 * Where library code reports what it does: lines and JSON are collected for the command line,
 * which prints them when the work is done; warnings and progress go to standard error at once.
 * One thread at a time uses a Reporter.
 */
typedef struct {
    const char *subject; /* the VM's name, before warnings and progress; NULL: none */
    GString *text;       /* collects lines for people; NULL: they are dropped */
    GString *json;       /* collects output for programs; NULL: it is dropped */
    gboolean quiet;      /* report no progress */
} Reporter;

/* Appends to the text for people; @format includes the newline. */
void reporter_print(Reporter *reporter, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Replaces the output for programs by @node, which stays the caller's. */
void reporter_json(Reporter *reporter, JsonNode *node);

/* Prints "guestctl: SUBJECT: TEXT" and a newline on standard error. */
void reporter_warn(const Reporter *reporter, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * Begins to report the progress of "SUBJECT: @activity". The caller owns @progress and passes
 * it to progress_update() and then to reporter_progress_end().
 */
void reporter_progress_begin(const Reporter *reporter, Progress *progress, const char *activity);
void reporter_progress_end(Progress *progress);
