/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/qmp/command.h"

/*
 * Whether @command may run, by qemu-ga's rule: on the allow list, if that names
 * any, and not on the block list; while @frozen, the commands for that state
 * and no others, whatever the lists say. Depends on its arguments alone.
 */
gboolean policy_allows(const Settings *settings, const Command *command, gboolean frozen);
