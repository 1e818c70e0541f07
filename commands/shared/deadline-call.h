/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Calls into the system that may never come back, each with its own deadline. One
 * that misses it is left to its thread, and what it hangs on is not asked again
 * until it has come back: a host that asks every minute about a dead disk
 * costs one thread, not one a minute.
 */
typedef struct Patience Patience;

typedef enum {
    PATIENT_NOT_MADE, /* yet, or since what it asks hangs already, or for want of a thread */
    PATIENT_DONE,
} PatientState;

/*
 * A call to make; the first member of a struct with its arguments and results, which
 * is allocated on its own and holds nothing of an arena, for it may outlive the request.
 */
typedef struct PatientCall PatientCall;
struct PatientCall {
    const char *what;                /* hangs, if it does: a path, of the struct itself */
    gint64 limit_us;                 /* how long it may take */
    gint64 slow_us;                  /* then the next ones go on without it; 0: when it is late */
    void (*run)(PatientCall *call);  /* makes it, on a helper thread */
    void (*free)(PatientCall *call); /* frees the struct; on a helper thread if it was late */
    PatientState state;
};

/* What hangs is remembered for as long as a Patience lives; a family has one. */
Patience *patience_new(void);
void patience_free(Patience *patience);

/*
 * Makes @calls one after another, on one helper thread as long as none is slow. Slow ones
 * are waited for side by side, so that several cost no more than the longest. A
 * call that came back in time is PATIENT_DONE and still the caller's; one that was
 * late is replaced by NULL and frees itself when it comes back.
 */
void patience_run(Patience *patience, PatientCall **calls, gsize len);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Patience, patience_free)
