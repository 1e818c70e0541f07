/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/private.h"

static char *copy(Arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

void freeze_report(Freeze *freeze, Arena *arena, FreezeReport *report)
{
    const GPtrArray *calls = freeze_hooks_calls(freeze->hooks);
    const FreezeItem *items;
    gsize n;

    /* Outside of a freeze nobody changes what is read here. */
    g_mutex_lock(&freeze->lock);
    *report = (FreezeReport){ .phase = freeze->phase,
                              .any = freeze->any,
                              .ended_by = freeze->ended_by };
    if (freeze->phase == PHASE_THAWED) {
        report->sync_rounds = freeze_engine_sync_rounds(freeze->engine);
        items = freeze_engine_items(freeze->engine, &n);
        for (gsize i = 0; i < n; i++) {
            FreezeItem *item = list_append(&report->items, arena, sizeof *item);

            *item = items[i];
            item->mount_point = copy(arena, items[i].mount_point);
            item->device = copy(arena, items[i].device);
            item->type = copy(arena, items[i].type);
        }
        for (guint i = 0; i < calls->len; i++) {
            HookCall *call = list_append(&report->calls, arena, sizeof *call);

            *call = *(const HookCall *)calls->pdata[i];
            call->path = copy(arena, call->path);
        }
    }
    g_mutex_unlock(&freeze->lock);
}
