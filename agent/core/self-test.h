/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/core/command-set.h"

/*
 * --self-test: checks that the channel of @settings can be opened and that the needs of each
 * command are met, and prints a table with a line for each. Changes nothing. Returns TRUE if no
 * check failed.
 */
gboolean self_test(const Settings *settings, const CommandSet *commands);
