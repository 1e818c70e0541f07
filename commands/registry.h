/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/* All families of commands, NULL-terminated. */
extern const Family *const command_families[];
