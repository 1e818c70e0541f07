/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/unit/kit/dispatch-fixture.h"

/* Two hosts and the programs that they start, with bounds that are reached soon. */
typedef struct {
    Settings settings;
    Services services;
    Family exec;
    CommandSet *set;
    Dispatch *dispatch;
    Link *link;
    Link *other;
} ExecCase;

#define ASK(command, arguments) "{\"execute\":\"" command "\",\"arguments\":{" arguments "}}"
#define CAT "\"path\":\"cat\",\"input-open\":true,\"capture-output\":true"
#define SHELL(script) "\"path\":\"sh\",\"arg\":[\"-c\",\"" script "\"]"
#define KILLED(n) "{\"return\": {\"signal\": " #n ", \"exited\": true}}"
#define DONE "{\"return\": {\"exitcode\": 0, \"exited\": true}}"
#define NOTHING "{\"return\": {}}"

/* With @hasty, results are not kept. */
void exec_case_set_up(ExecCase *w, gconstpointer hasty);
void exec_case_tear_down(ExecCase *w, gconstpointer data);

/* The first process that the answer @line tells of. */
int exec_case_pid(const char *line);

/* Starts a program; @arguments of guest-exec, such as CAT. */
int exec_case_start(ExecCase *w, const char *arguments);

/* Sends @command about @pid, with @more arguments after a comma. */
void exec_case_ask(Link *link, const char *command, int pid, const char *more);

/*
 * Asks @command about @pid until the answer has, or lacks, @text. An answer and what makes
 * the next one another can come in one round of the loop, so there is nothing to sleep for.
 * @pid 0: a command without arguments. The answer is the caller's.
 */
char *exec_case_ask_until(Link *link, const char *command, int pid, const char *text, gboolean has);

/* Asks until the program has ended; the caller's. */
char *exec_case_result(ExecCase *w, int pid);
void exec_case_expect(ExecCase *w, int pid, const char *wanted);

/* Kills the program and takes its result. */
void exec_case_end(ExecCase *w, int pid);
