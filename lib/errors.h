/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The one error domain of guestd. */
#define GUESTD_ERROR (guestd_error_quark())
GQuark guestd_error_quark(void);

typedef enum {
    GUESTD_ERROR_FAILED,            /* class GenericError */
    GUESTD_ERROR_COMMAND_NOT_FOUND, /* class CommandNotFound: unknown or disabled */
    GUESTD_ERROR_FORBIDDEN,         /* class GenericError: a rule of the configuration refuses */
    GUESTD_ERROR_USAGE,             /* command line or configuration */
    /* On the host's side: */
    GUESTD_ERROR_UNREACHABLE, /* nobody is there to be asked */
    GUESTD_ERROR_TIMED_OUT,   /* it did not answer in time */
    GUESTD_ERROR_UNANSWERED,  /* it has all of what was sent, and the answer is still to come */
    GUESTD_ERROR_REFUSED,     /* it answered with an error */
    GUESTD_ERROR_CANCELLED,   /* the user gave up */
} GuestdError;

/*
 * Sets @error to "<format…>: <strerror(errnum)>". @errnum is an errno value.
 * Always returns FALSE, so that a caller can return it.
 */
gboolean set_errno_error(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Sets @error to a plain GUESTD_ERROR_FAILED text; returns FALSE. */
gboolean set_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
