/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/command-set.h"

typedef struct {
    const Family *family;
    void *state;
} FamilyState;

struct CommandSet {
    FamilyState *families;
    gsize n_families;
    GArray *entries; /* of CommandEntry, by rank */
    GArray *events;  /* of EventEntry */
    GHashTable *by_name;
};

static gint compare_rank(gconstpointer a, gconstpointer b)
{
    return ((const CommandEntry *)a)->command->rank - ((const CommandEntry *)b)->command->rank;
}

static void add_family(CommandSet *set, FamilyState *state)
{
    for (const Command *const *command = state->family->commands; *command; command++) {
        CommandEntry entry = { *command, &state->state };

        g_array_append_val(set->entries, entry);
    }
    for (const Event *const *event = state->family->events; event && *event; event++) {
        EventEntry entry = { *event, state->family, &state->state };

        g_array_append_val(set->events, entry);
    }
}

CommandSet *command_set_new(const Family *const *families)
{
    CommandSet *set = g_new0(CommandSet, 1);

    while (families[set->n_families])
        set->n_families++;
    set->families = g_new0(FamilyState, set->n_families);
    set->entries = g_array_new(FALSE, FALSE, sizeof(CommandEntry));
    set->events = g_array_new(FALSE, FALSE, sizeof(EventEntry));
    set->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (gsize i = 0; i < set->n_families; i++) {
        set->families[i].family = families[i];
        add_family(set, &set->families[i]);
    }
    g_array_sort(set->entries, compare_rank);
    for (guint i = 0; i < set->entries->len; i++) {
        CommandEntry *entry = &g_array_index(set->entries, CommandEntry, i);

        g_hash_table_insert(set->by_name, (char *)entry->command->name, entry);
    }
    return set;
}

gboolean command_set_init(CommandSet *set, const Services *services, GError **error)
{
    for (gsize i = 0; i < set->n_families; i++) {
        FamilyState *state = &set->families[i];

        if (!state->family->init)
            continue;
        state->state = state->family->init(services, error);
        if (!state->state) {
            g_prefix_error(error, "%s: ", state->family->name);
            return FALSE;
        }
    }
    return TRUE;
}

void command_set_stop(CommandSet *set)
{
    for (gsize i = 0; i < set->n_families; i++)
        if (set->families[i].family->stop && set->families[i].state)
            set->families[i].family->stop(set->families[i].state);
}

gboolean command_set_busy(const CommandSet *set)
{
    for (gsize i = 0; i < set->n_families; i++)
        if (set->families[i].family->busy && set->families[i].state &&
            set->families[i].family->busy(set->families[i].state))
            return TRUE;
    return FALSE;
}

void command_set_free(CommandSet *set)
{
    if (!set)
        return;
    for (gsize i = 0; i < set->n_families; i++)
        if (set->families[i].family->free && set->families[i].state)
            set->families[i].family->free(set->families[i].state);
    g_hash_table_unref(set->by_name);
    g_array_unref(set->entries);
    g_array_unref(set->events);
    g_free(set->families);
    g_free(set);
}

const CommandEntry *command_set_find(const CommandSet *set, const char *name)
{
    return g_hash_table_lookup(set->by_name, name);
}

const CommandEntry *command_set_at(const CommandSet *set, gsize index)
{
    return index < set->entries->len ? &g_array_index(set->entries, CommandEntry, index) : NULL;
}

const EventEntry *command_set_event_at(const CommandSet *set, gsize index)
{
    return index < set->events->len ? &g_array_index(set->events, EventEntry, index) : NULL;
}
