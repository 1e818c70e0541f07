/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A system bus with logind and systemd on it, of a test's own, on a thread of its own. */
typedef struct {
    const char *can;     /* the answer to Can...; NULL: no such method */
    const char *refusal; /* of all that is to be done; NULL: it is done */
    const char *result;  /* how the service that sleeps ends; NULL: nobody can tell */
    gboolean sleepless;  /* tells of no sleep */
    gboolean deaf;       /* takes a connection and says nothing */
} FakeScript;

typedef struct FakeLogind FakeLogind;

/* Listens at run/dbus/system_bus_socket below @directory. */
FakeLogind *fake_logind_start(const char *directory, const FakeScript *script);
/* Ends it and returns the methods that were called, each with a blank behind it; to be freed. */
char *fake_logind_stop(FakeLogind *fake);
