/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent.h"

/* Files through the agent, in MB/s of their contents; on the tmpfs or disk of its directory. */
double bulk_read_64k(Agent *agent, int fd);
double bulk_read_8m(Agent *agent, int fd);
double bulk_write_64k(Agent *agent, int fd);
double bulk_write_8m(Agent *agent, int fd);

/* One file of 8 MiB is written in one call, and read in one. */
void bulk_write_and_read(Agent *agent, int fd);
