/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/* All commands of all families, found by name and listed by rank. */
typedef struct CommandSet CommandSet;

/* @families is NULL-terminated and handed in by main(). */
CommandSet *command_set_new(const Family *const *families);
void command_set_free(CommandSet *set);

/*
 * Makes the state of every family. Returns FALSE with @error set if one cannot
 * be made.
 */
gboolean command_set_init(CommandSet *set, const Services *services, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Lets every family undo what must not outlive the service. */
void command_set_stop(CommandSet *set);

/* Whether a thread of a family is at work. */
gboolean command_set_busy(const CommandSet *set);

typedef struct {
    const Command *command;
    void *const *state; /* where the family's state is kept */
} CommandEntry;

/* Returns NULL if the command @name does not exist. */
const CommandEntry *command_set_find(const CommandSet *set, const char *name);

/* The @index-th by rank, or NULL past the end. */
const CommandEntry *command_set_at(const CommandSet *set, gsize index);

typedef struct {
    const Event *event;
    const Family *family;
    void *const *state; /* where the family's state is kept */
} EventEntry;

/* The @index-th event, in the order of the families, or NULL past the end. */
const EventEntry *command_set_event_at(const CommandSet *set, gsize index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CommandSet, command_set_free)
