/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/vm.h"

#define CHANNEL_NAME "org.qemu.guest_agent.0"

/* What is known of the way to the agent, without asking it. */
typedef struct {
    gboolean known;      /* whether there is a channel; else there is nobody to ask */
    gboolean configured; /* the VM has one */
    gboolean open_known;
    gboolean open;       /* somebody in the guest has it open */
    char *where;         /* the socket, or how it was found; the holder's */
} Channel;

void channel_clear(Channel *channel);

/* From a domain's XML. FALSE with @error if that is none. */
gboolean channel_from_xml(const char *xml, Channel *channel, GError **error);

/* How it is with @vm. FALSE with @error if it could not be looked at. */
gboolean channel_look(Vm *vm, Channel *channel, GError **error);
