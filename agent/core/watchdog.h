/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Tells systemd, twice within each WatchdogSec= of our unit, that the main loop runs.
 * Returns the id of a source, or 0 where nobody asks: then nothing wakes us.
 */
guint watchdog_start(void);
