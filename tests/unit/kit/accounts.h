/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/core/job.h"

/*
 * Passwords and keys: with a chpasswd of the test's own in PATH, and users whose
 * home is a directory of the test's own and who are whoever runs it.
 */
typedef struct {
    char *dir;  /* a home */
    char *path; /* PATH as it was */
    Settings settings;
    Services services;
    CommandSet *set;
} Accounts;

/*
 * For g_test_add(). Users are called like their home, "slow" has a server that
 * does not answer, and there is one with the home "relative".
 */
void accounts_set_up(Accounts *accounts, gconstpointer unused);
void accounts_tear_down(Accounts *accounts, gconstpointer unused);

/* The path of @name in the home; to be freed. */
char *accounts_path(const Accounts *accounts, const char *name);

/* The answer to a request, without its newline; to be freed. */
char *accounts_ask(Accounts *accounts, const char *command, const char *arguments);

/* Fails the test unless the file @name in the home holds @wanted. */
void accounts_expect_file(const Accounts *accounts, const char *name, const char *wanted);

#define DONE "{\"return\": {}}"
#define FAILS(text) "{\"error\": {\"class\": \"GenericError\", \"desc\": \"" text "\"}}"
