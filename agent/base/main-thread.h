/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Asserts that the caller runs on the main thread, the one of the main loop. Checked in debug
 * builds, which are those without optimisation or with the address sanitizer; free elsewhere.
 */
static inline void assert_main_thread(void)
{
#if !defined __OPTIMIZE__ || defined __SANITIZE_ADDRESS__
    /* The first thread of a process has the process's id; gettid(2). */
    g_assert(syscall(SYS_gettid) == getpid());
#endif
}
