/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/* guest-network-get-route, of the family `network`. */
extern const Command guest_network_get_route;
