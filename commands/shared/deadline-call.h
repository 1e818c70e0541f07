/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * System calls that may never return, each with its own deadline. One that misses it is left to
 * its thread, and its path is not used again until the call has returned: a host that asks for a
 * dead disk every minute costs one thread, not one a minute.
 */
typedef struct Patience Patience;

typedef enum {
    PATIENT_NOT_MADE, /* not yet, or its path hangs already, or without a thread */
    PATIENT_DONE,
} PatientState;

/*
 * A call to make, the first member of a struct with its arguments and results. The struct is
 * allocated on its own and points into no arena, because it may outlive the request.
 */
typedef struct PatientCall PatientCall;
struct PatientCall {
    const char *what;                /* the path that the call uses, owned by the struct */
    gint64 limit_us;                 /* how long it may take, in microseconds */
    gint64 slow_us;                  /* then other calls go on without it; 0: limit_us */
    void (*run)(PatientCall *call);  /* makes the call, on a helper thread */
    void (*free)(PatientCall *call); /* frees the struct; on a helper thread if the call was late */
    PatientState state;
};

/* Remembers which paths hang, for as long as it lives. A family has one. */
Patience *patience_new(void);
void patience_free(Patience *patience);

/*
 * Makes @calls one after another, on one helper thread while none is slow. Slow ones are waited
 * for at the same time, so that several take no longer than the longest. A call that returned in
 * time is PATIENT_DONE and still the caller's. A late one is replaced by NULL and frees itself
 * when it returns. Waits up to the longest limit: for workers.
 */
void patience_run(Patience *patience, PatientCall **calls, gsize len);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Patience, patience_free)
