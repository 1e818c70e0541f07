/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/core/dispatch.h"
#include "tests/unit/kit/gated-commands.h"
#include "tests/unit/kit/link.h"

/* A dispatch with the gated commands, and one host, called "host". */
typedef struct {
    Gate gate;
    Settings settings;
    Services services;
    CommandSet *set;
    Dispatch *dispatch;
    Link *link;
} Fixture;

void fixture_set_up(Fixture *f, gconstpointer data);
void fixture_tear_down(Fixture *f, gconstpointer data);

const AgentFigures *figures(Fixture *f);

/* Waits until @n commands are at the gate. */
void wait_until_waiting(Fixture *f, guint n);
/* Lets @n of them through and waits until no command runs. */
void release_all(Fixture *f, guint n);

#define ECHO(n) "{\"execute\":\"echo\",\"arguments\":{\"value\":" #n "}}"
#define WAIT(n) "{\"execute\":\"wait\",\"arguments\":{\"value\":" #n "}}"
#define SYNC(n) "{\"execute\":\"sync\",\"arguments\":{\"value\":" #n "}}"
#define RETURN(n) "{\"return\": " #n "}"
#define ERROR(text) "{\"error\": {\"class\": \"GenericError\", \"desc\": \"" text "\"}}"
#define NOT_FOUND(text) "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"" text "\"}}"
#define DISABLED(name) NOT_FOUND("Command " name " has been disabled: the command is not allowed")
