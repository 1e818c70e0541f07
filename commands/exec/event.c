/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/exec/event.h"

static const Type exec_finished = {
    .kind = TYPE_OBJECT,
    .name = "GuestdExecFinished",
    .size = sizeof(ExecFinished),
    .fields = (const Field[]){
        REQUIRED(ExecFinished, pid, "pid", &type_int, .doc = "as guest-exec has told it"),
        OPTIONAL(ExecFinished, exitcode, "exitcode", &type_int, .doc = "its exit status"),
        OPTIONAL(ExecFinished, signal, "signal", &type_int, .doc = "the signal that ended it"),
        FIELDS_END,
    },
};

const Event event_exec_finished = {
    .name = "EXEC_FINISHED",
    .since = "guestd 0.1",
    .doc = "A program that guest-exec started has ended: guest-exec-status has its results",
    .data = &exec_finished,
};
