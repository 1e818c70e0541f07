/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bulk.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * What is measured is the agent, so that nothing is done here that can be left out:
 * requests are made before, and of an answer only length, begin and end are looked at.
 */

#define SMALL_CALL (64 * 1024)
#define BIG_CALL (8 * 1024 * 1024)
#define FILE_BYTES (16 * 1024 * 1024)
/* Of a request or an answer besides its base64. */
#define AROUND 256

/* Of 3 * n bytes. */
static size_t base64_len(size_t bytes)
{
    return (bytes + 2) / 3 * 4;
}

/* Requests and answers in turn; as large as the largest. */
static char *room(void)
{
    static char *buffer;

    if (!buffer)
        buffer = malloc(BIG_CALL / 3 * 4 + 4 + AROUND);
    if (!buffer)
        die("out of memory");
    return buffer;
}

/* Exactly @len bytes, the last of which is the answer's newline. */
static void receive(Agent *agent, int fd, char *answer, size_t len)
{
    size_t used = 0;

    while (used < len) {
        ssize_t n = read(fd, answer + used, len - used);

        if (n <= 0)
            die("no answer from %s: %s", agent->label, n ? strerror(errno) : "end of file");
        used += (size_t)n;
        if (used < len && answer[used - 1] == '\n')
            die("%s answers with %.200s", agent->label, answer);
    }
    if (answer[len - 1] != '\n')
        die("%s answers with too much: %.200s", agent->label, answer);
}

static void path_of(const Agent *agent, char *path)
{
    if (snprintf(path, PATH_MAX, "%s/bulk", agent->dir) >= PATH_MAX)
        die("the path of %s is too long", agent->dir);
}

static int open_file(Agent *agent, int fd, const char *mode)
{
    char request[PATH_MAX + AROUND], path[PATH_MAX];
    const char *answer;
    size_t len;
    int handle;

    path_of(agent, path);
    snprintf(request, sizeof request,
             "{\"execute\": \"guest-file-open\", \"arguments\": {\"path\": \"%s\", \"mode\": "
             "\"%s\"}}\n", path, mode);
    send_all(agent, fd, request, strlen(request));
    answer = receive_lines(agent, fd, 1, &len);
    if (sscanf(answer, "{\"return\": %d}", &handle) != 1)
        die("%s answers guest-file-open with %.200s", agent->label, answer);
    return handle;
}

static void simple_call(Agent *agent, int fd, const char *command, int handle, const char *more,
                        const char *wanted)
{
    char request[AROUND];
    Question question = { request, wanted };

    snprintf(request, sizeof request,
             "{\"execute\": \"%s\", \"arguments\": {\"handle\": %d%s}}\n", command, handle, more);
    ask(agent, fd, &question);
}

static void go_to_begin(Agent *agent, int fd, int handle)
{
    simple_call(agent, fd, "guest-file-seek", handle, ", \"offset\": 0, \"whence\": 0",
                "{\"return\": {\"eof\": false, \"position\": 0}}\n");
}

/* Every byte has bits of its own, so that no table stays in one cache line. */
static size_t make_write(char *request, int handle, size_t bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t at = (size_t)sprintf(request, "{\"execute\": \"guest-file-write\", \"arguments\": "
                                         "{\"handle\": %d, \"buf-b64\": \"", handle);
    size_t text = base64_len(bytes), padding = (3 - bytes % 3) % 3;
    uint32_t seed = 1;

    for (size_t i = 0; i < text; i++) {
        seed = seed * 1664525u + 1013904223u;
        request[at + i] = digits[seed >> 26];
    }
    memset(request + at + text - padding, '=', padding);
    at += text;
    return at + (size_t)sprintf(request + at, "\"}}\n");
}

/* Sends the request of @len bytes in room() again and again. */
static void write_file(Agent *agent, int fd, size_t len, size_t call_bytes, size_t calls)
{
    char answer[AROUND];
    size_t answer_len = (size_t)sprintf(answer, "{\"return\": {\"count\": %zu, \"eof\": false}}\n",
                                        call_bytes);

    for (size_t i = 0; i < calls; i++) {
        send_all(agent, fd, room(), len);
        receive(agent, fd, answer, answer_len);
    }
}

static void read_file(Agent *agent, int fd, int handle, size_t call_bytes, size_t calls)
{
    static const char end[] = "\", \"eof\": false}}\n";
    char request[AROUND], begin[AROUND];
    char *answer = room();
    size_t begin_len = (size_t)sprintf(begin, "{\"return\": {\"count\": %zu, \"buf-b64\": \"",
                                       call_bytes);
    size_t answer_len = begin_len + base64_len(call_bytes) + strlen(end);
    size_t len = (size_t)sprintf(request, "{\"execute\": \"guest-file-read\", \"arguments\": "
                                          "{\"handle\": %d, \"count\": %zu}}\n",
                                 handle, call_bytes);

    for (size_t i = 0; i < calls; i++) {
        send_all(agent, fd, request, len);
        receive(agent, fd, answer, answer_len);
        if (memcmp(answer, begin, begin_len) != 0)
            die("%s answers guest-file-read with %.200s", agent->label, answer);
    }
}

static double rate(int64_t began, size_t bytes)
{
    return (double)bytes * 1e3 / (double)(now_ns() - began);
}

/* A file of its own for each measure, written and thrown away outside of the time. */
static double take(Agent *agent, int fd, bool writes, size_t call_bytes)
{
    char path[PATH_MAX];
    int handle = open_file(agent, fd, "w+");
    size_t calls = FILE_BYTES / call_bytes;
    size_t len = make_write(room(), handle, call_bytes);
    int64_t began;
    double result;

    /* Once before: what counts is the way of the bytes, not the filesystem's new blocks. */
    write_file(agent, fd, len, call_bytes, calls);
    go_to_begin(agent, fd, handle);
    began = now_ns();
    if (writes)
        write_file(agent, fd, len, call_bytes, calls);
    else
        read_file(agent, fd, handle, call_bytes, calls);
    result = rate(began, FILE_BYTES);
    simple_call(agent, fd, "guest-file-close", handle, "", "{\"return\": {}}\n");
    path_of(agent, path);
    unlink(path);
    return result;
}

double bulk_read_64k(Agent *agent, int fd)
{
    return take(agent, fd, false, SMALL_CALL);
}

double bulk_read_8m(Agent *agent, int fd)
{
    return take(agent, fd, false, BIG_CALL);
}

double bulk_write_64k(Agent *agent, int fd)
{
    return take(agent, fd, true, SMALL_CALL);
}

double bulk_write_8m(Agent *agent, int fd)
{
    return take(agent, fd, true, BIG_CALL);
}

void bulk_write_and_read(Agent *agent, int fd)
{
    char path[PATH_MAX];
    int handle = open_file(agent, fd, "w+");

    write_file(agent, fd, make_write(room(), handle, BIG_CALL), BIG_CALL, 1);
    go_to_begin(agent, fd, handle);
    read_file(agent, fd, handle, BIG_CALL, 1);
    simple_call(agent, fd, "guest-file-close", handle, "", "{\"return\": {}}\n");
    path_of(agent, path);
    unlink(path);
}
