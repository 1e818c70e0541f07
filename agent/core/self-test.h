/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/core/command-set.h"

/*
 * --self-test: checks that the channel of @settings can be opened and that each
 * command has what it needs; prints a table with a line for each. Nothing is
 * changed. Returns TRUE if all that should work does.
 */
gboolean self_test(const Settings *settings, const CommandSet *commands);
