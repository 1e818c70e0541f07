/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

/* An agent under measurement: how to start it, and the process while it runs. */
typedef struct {
    const char *label;
    const char *program;
    const char *libs; /* LD_LIBRARY_PATH of this agent alone, or NULL */
    char dir[PATH_MAX - 64];
    char socket[PATH_MAX];
    int null;  /* /dev/null, where its log goes */
    int watch; /* inotify of the directory, which tells of the socket */
    pid_t pid;
    bool waits; /* guest-exec knows `wait` */
} Agent;

/* What is asked, and how a right answer begins; it ends with its one newline. */
typedef struct {
    const char *request;
    const char *answer;
} Question;

extern const Question ask_ping, ask_info, ask_osinfo, ask_cpustats, ask_diskstats;

/* Prints the message after the program's name and exits with status 1. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

int64_t now_ns(void);
void sleep_ms(int ms);

/* Makes the agent's directory below @parent. */
void agent_init(Agent *agent, const char *label, const char *program, const char *libs,
                const char *parent);
/* Ends the process, if any, and removes the directory. */
void agent_clear(Agent *agent);

/* Returns at once; agent_connect() waits for the agent. */
void agent_start(Agent *agent);
void agent_stop(Agent *agent);

/* Waits until the agent listens; the descriptor blocks, for 10 s at most. */
int agent_connect(Agent *agent);

/* Sends the request and reads one line; both die on a wrong answer. */
void ask(Agent *agent, int fd, const Question *question);
size_t ask_size(Agent *agent, int fd, const Question *question);

/* Runs /bin/true and asks until it has ended. */
void exec_true(Agent *agent, int fd);

void send_all(Agent *agent, int fd, const char *data, size_t len);
/* Reads until @lines newlines have come; the text stays valid until the next call. */
const char *receive_lines(Agent *agent, int fd, size_t lines, size_t *len);
