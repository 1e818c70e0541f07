#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: GLib 2.74.6
# Expected: g_ascii_string_to_signed() reads "5", whatever the C library leaves in errno besides.
# Seen:     The first number that a process reads makes GLib's C locale, between setting errno to 0
#           and looking at it. What newlocale() leaves there, or the futex of a thread that waits for
#           another one to make it, is taken for the number's: g_ascii_strtoll() returns 5 with errno
#           set, and g_ascii_string_to_signed() refuses "5". The second number is read.
# Matters:  programs whose threads start by reading a number refused valid ones now and then (4 of
#           3000 processes with 8 threads, errno 11); one number read before the first thread helps.
# Needs:    root, or user namespaces (chroot). Downloads 80 MB.
. "$(dirname "$0")/lib.sh"
fetch bookworm gcc-12=12.2.0-14+deb12u1 libc6-dev=2.36-9+deb12u14 \
    libglib2.0-dev=2.74.6-2+deb12u9
cd "$TRY"

inside() {
    if [ "$(id -u)" = 0 ]; then
        chroot "$ROOT" "$@"
    else
        need unshare
        unshare -r chroot "$ROOT" "$@"
    fi
}

mkdir -p "$ROOT/tmp" "$ROOT/work"
cat >"$ROOT/work/first.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <locale.h>
#include <stdio.h>

/* Stands before the C library's, and leaves what a wait on a futex leaves. */
locale_t newlocale(int mask, const char *name, locale_t base)
{
    locale_t (*real)(int, const char *, locale_t) =
        (locale_t (*)(int, const char *, locale_t))dlsym(RTLD_NEXT, "newlocale");
    locale_t made = real(mask, name, base);

    errno = EAGAIN;
    return made;
}

int main(void)
{
    for (int i = 0; i < 2; i++) {
        GError *error = NULL;
        gint64 value = 0;
        gboolean ok = g_ascii_string_to_signed("5", 10, 0, 9, &value, &error);

        printf("%s%s", i ? ", " : "", ok ? "read" : error->message);
        g_clear_error(&error);
    }
    putchar('\n');
    return 0;
}
C
inside /usr/bin/gcc-12 -I/usr/include/glib-2.0 -I/usr/lib/x86_64-linux-gnu/glib-2.0/include \
    -o /work/first /work/first.c -lglib-2.0 -ldl

same "the first and the second \"5\"" '“5” is not a signed number, read' \
    "$(LC_ALL=C.UTF-8 inside /work/first)"
finish
