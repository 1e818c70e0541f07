/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/files/keeper.h"
#include "host/files/place.h"
#include "host/vm/vm.h"

/*
 * A virtual machine of guestctl's own that has the disks of a backup and shows their filesystems,
 * with the paths that they had in the VM. Its agent is guestd, so that the functions of host/guest
 * work on it. A filesystem that was made to harm meets its kernel, not the host's.
 */
typedef struct {
    Place place;
    Context reach; /* the VM's */
    Vm *vm;
} Appliance;

/* Lists of the appliance itself. */
#define APPLIANCE_FILESYSTEMS "/dev/filesystems"
#define APPLIANCE_MOUNTS "/dev/mounts"

/*
 * Connects to the appliance of @spec, which is started if it does not run, and waits for another
 * guestctl that uses it. FALSE with @error set.
 */
gboolean appliance_open(Appliance *appliance, const ApplianceSpec *spec, const Context *context,
                        GError **error);
/* The appliance runs on, for the next call. */
void appliance_close(Appliance *appliance);

/*
 * Ends the appliances of this user for the set, point (NULL: any) and disk (NULL: any) of @spec. @ended:
 * how many. FALSE with @error set.
 */
gboolean appliance_end(const ApplianceSpec *spec, const Context *context, guint *ended,
                       GError **error);
