/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/log.h"
#include "agent/schema/command.h"

/* The service as a whole: it owns the channel, the commands and their state. */
typedef struct Agent Agent;

/*
 * Opens the channel and prepares everything to serve it. @settings, @families
 * and @log must outlive the agent. Returns NULL with @error set.
 */
Agent *agent_new(const Settings *settings, const Family *const *families, Log *log,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Serves until SIGINT or SIGTERM. Returns the exit status of the process. */
int agent_run(Agent *agent);

/*
 * Closes the channel, removes the pid file and frees the rest. Returns FALSE, with nothing else
 * freed, if a thread is at work: a command that hangs may return at any moment, so @settings and
 * @log must stay until the process exits.
 */
gboolean agent_free(Agent *agent);
