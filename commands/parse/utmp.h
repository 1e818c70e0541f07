/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/arena.h"

/* A user who is logged in. */
typedef struct {
    double login_time; /* seconds since the epoch, of the earliest login */
    const char *user;
} LoggedIn;

/*
 * Adds a login to @users, a list of LoggedIn with one entry for each user, in the order of their
 * first login. @user is copied to @arena.
 */
void add_login(List *users, const char *user, gsize user_len, double time, Arena *arena);

/* Adds all logins in the @len bytes of an utmp(5) file to @users. */
void utmp_parse(const char *data, gsize len, List *users, Arena *arena);
