/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/cli/verb.h"

/* What the words of guestctl backup do with the directory --to; no VM is asked. */
gboolean store_list(Job *job, GError **error);
gboolean store_verify(Job *job, GError **error);
gboolean store_prune(Job *job, GError **error);
