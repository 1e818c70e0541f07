/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define AGENT_CHANNEL_NAME "org.qemu.guest_agent.0"

/* What is known of the way to the agent without asking the agent. */
typedef struct {
    gboolean configured; /* the VM has the channel */
    gboolean open_known;
    gboolean open;      /* a program in the guest has the port open; if open_known */
    char *where;        /* the socket, or how it was found; NULL: not known */
    char *problem;      /* why it is not configured; NULL if it is */
    const char *remedy; /* what to do about the problem */
} AgentChannel;

void agent_channel_clear(AgentChannel *channel);
