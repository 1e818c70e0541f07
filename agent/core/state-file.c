/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/state-file.h"

#include "lib/errors.h"

#define FILE_NAME "qga.state"
#define GROUP "global"
#define KEY "fd_counter"

gboolean state_file_save(const StateFile *state, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    g_key_file_set_int64(file, GROUP, KEY, state->fd_counter);
    if (g_key_file_save_to_file(file, state->path, error))
        return TRUE;
    g_prefix_error(error, "failed to save persistent state: ");
    return FALSE;
}

gboolean state_file_next(StateFile *state, gint64 *handle, GError **error)
{
    g_autoptr(GError) local = NULL;
    gboolean saved;

    g_mutex_lock(&state->lock);
    *handle = state->fd_counter++;
    saved = state_file_save(state, &local);
    if (!saved)
        state->fd_counter--;
    g_mutex_unlock(&state->lock);
    if (saved)
        return TRUE;
    g_warning("%s", local->message);
    return set_error(error, "failed to commit persistent state to disk");
}

/* A missing key means the first handle; an invalid number means damage. */
static gboolean load(StateFile *state, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) local = NULL;

    if (!g_key_file_load_from_file(file, state->path, G_KEY_FILE_NONE, error))
        return FALSE;
    state->fd_counter = STATE_FIRST_HANDLE;
    if (!g_key_file_has_key(file, GROUP, KEY, NULL))
        return TRUE;
    state->fd_counter = g_key_file_get_int64(file, GROUP, KEY, &local);
    if (!local)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

StateFile *state_file_open(const char *statedir, GError **error)
{
    StateFile *state = g_new0(StateFile, 1);
    g_autoptr(GError) local = NULL;

    g_mutex_init(&state->lock);
    state->path = g_build_filename(statedir, FILE_NAME, NULL);
    state->fd_counter = STATE_FIRST_HANDLE;
    if (load(state, &local))
        return state;
    if (g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT) && state_file_save(state, error))
        return state;
    if (error && !*error)
        g_propagate_prefixed_error(error, g_steal_pointer(&local),
                                   "failed to load persistent state: %s: ", state->path);
    state_file_free(state);
    return NULL;
}

void state_file_free(StateFile *state)
{
    if (!state)
        return;
    g_mutex_clear(&state->lock);
    g_free(state->path);
    g_free(state);
}
