/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/arena.h"

/* Somebody who is logged in. */
typedef struct {
    double login_time; /* seconds since the epoch, of the earliest login */
    const char *user;
} LoggedIn;

/*
 * Adds a login to @users, a list of LoggedIn, which has one entry for each
 * user, in order of first appearance. @user is copied to @arena.
 */
void add_login(List *users, const char *user, gsize user_len, double time, Arena *arena);

/* Adds all logins of the utmp(5) file of @len bytes to @users. */
void utmp_parse(const char *data, gsize len, List *users, Arena *arena);
