/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "lib/arena.h"
#include "lib/json/value.h"

/* What the unit tests share. */

/* Nothing takes so long, on the busiest machine; a test that waits for more has failed. */
#define KIT_DEADLINE_S 120

/* Runs the main loop until @condition holds; fails the test after the deadline. */
#define WAIT_UNTIL(condition)                                                                      \
    do {                                                                                           \
        guint kit_timer_ = kit_deadline_start();                                                   \
                                                                                                   \
        while (!(condition)) {                                                                     \
            if (kit_deadline_passed())                                                             \
                g_error("%s:%d: in vain: %s", __FILE__, __LINE__, #condition);                     \
            g_main_context_iteration(NULL, TRUE);                                                  \
        }                                                                                          \
        kit_deadline_stop(kit_timer_);                                                             \
    } while (0)

/* The same for what other threads, processes or the kernel do, which wakes no main loop. */
#define WAIT_ELSEWHERE(condition)                                                                  \
    do {                                                                                           \
        guint kit_tick_ = kit_tick_start();                                                        \
                                                                                                   \
        WAIT_UNTIL(condition);                                                                     \
        g_source_remove(kit_tick_);                                                                \
    } while (0)

guint kit_tick_start(void);
guint kit_deadline_start(void);
gboolean kit_deadline_passed(void);
void kit_deadline_stop(guint timer);

/* Runs what is ready in the main loop, without waiting. */
void kit_run_ready(void);

/* A new directory for one test; kit_remove_tree() takes it away with all in it. */
char *kit_make_directory(void);
void kit_remove_tree(char *path);

/* Writes @text to the file @name in @directory and returns its path. */
char *kit_write_file(const char *directory, const char *name, const char *text);

/* Parses @text, which must be JSON. */
Value *kit_value(Arena *arena, const char *text);

/*
 * Log messages are collected from now on instead of being written; with
 * warnings no longer fatal. GLib lets this be done once in a process.
 */
void kit_capture_log(void);
/* What was logged since the last call, one message a line; to be freed. */
char *kit_take_log(void);

/* Whether new threads can be had from now on. */
void kit_allow_threads(gboolean allowed);

/* Fails the test unless @error is set and reads @message; then frees it. */
void kit_expect_error(GError **error, const char *message);
