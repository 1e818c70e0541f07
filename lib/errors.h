/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The errors of both programs: one domain, whose codes say what a caller may do about an error,
 * and a text for people, without a full stop or a newline:
 *
 *     <object>: <what failed>: <cause>
 *
 * The object is a path, an option or a command, the cause most often strerror(3). A caller that
 * knows more puts it in front with g_prefix_error(). A function that takes a GError sets it if
 * and only if it reports failure, never touches it otherwise, and accepts NULL. Texts that a
 * client knows from qemu-ga are QEMU's, whatever their form.
 */
#define GUESTD_ERROR (guestd_error_quark())
GQuark guestd_error_quark(void);

typedef enum {
    GUESTD_ERROR_FAILED,            /* class GenericError */
    GUESTD_ERROR_COMMAND_NOT_FOUND, /* class CommandNotFound: unknown or disabled */
    GUESTD_ERROR_FORBIDDEN,         /* class GenericError: a rule of the configuration refuses */
    GUESTD_ERROR_USAGE,             /* command line or configuration */
    /* Of guestctl: */
    GUESTD_ERROR_UNREACHABLE, /* the VM, its agent or its monitor cannot be reached */
    GUESTD_ERROR_TIMED_OUT,   /* no answer in time */
    GUESTD_ERROR_UNANSWERED,  /* the request was sent as a whole, and the answer is still to come */
    GUESTD_ERROR_REFUSED,     /* the answer is an error */
    GUESTD_ERROR_CANCELLED,   /* the user gave up */
} GuestdError;

/*
 * Sets @error to GUESTD_ERROR_FAILED with the text "<format…>: <strerror(errnum)>". @errnum is an
 * errno value. Always returns FALSE, so that a caller can return it.
 */
gboolean set_errno_error(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Sets @error to GUESTD_ERROR_FAILED with the text @format; returns FALSE. */
gboolean set_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
