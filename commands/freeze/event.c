/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/clock.h"
#include "commands/freeze/private.h"

typedef struct {
    gint64 filesystems;
    double seconds;
    const char *reason;
} FreezeEnded;

static const Type freeze_ended = {
    .kind = TYPE_OBJECT,
    .name = "GuestdFreezeEnded",
    .size = sizeof(FreezeEnded),
    .fields = (const Field[]){
        REQUIRED(FreezeEnded, filesystems, "filesystems", &type_int, .doc = "number of filesystems "
                                                                            "thawed"),
        REQUIRED(FreezeEnded, seconds, "seconds", &type_number,
                 .doc = "time since the freeze, or since this agent took it over"),
        REQUIRED(FreezeEnded, reason, "reason", &type_string,
                 .doc = "the value of GUESTD_THAW_REASON for hooks"),
        FIELDS_END,
    },
};

const Event event_freeze_ended = {
    .name = "FREEZE_ENDED",
    .since = "guestd 0.1",
    .doc = "The agent has thawed by itself, as the host did not in time: what it copies afterwards is "
           "not consistent",
    .data = &freeze_ended,
};

void freeze_emit_ended(Freeze *freeze, int filesystems, ThawReason reason)
{
    FreezeEnded data = {
        .filesystems = filesystems,
        .seconds = (double)(boot_time_us() - freeze->frozen_since_us) / G_USEC_PER_SEC,
        .reason = thaw_reasons[reason],
    };

    freeze->services->emit(freeze->services->agent, &event_freeze_ended, &data);
}
