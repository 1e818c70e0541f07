/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bulk.h"
#include "proc.h"

#define PINGS 2000
#define LONGER_ASKS 400
#define METRICS_ASKS 100
#define LONE_PINGS 200
#define PIPELINED 1000
#define CONNECTS 200
#define EXECS 200
#define BIG_ID_BYTES (10 * 1000 * 1000)
/* An agent that has answered is done with its work after this. */
#define SETTLE_MS 5
#define IDLE_MS 300

typedef double (*TakeFunc)(Agent *agent, int fd);

typedef enum {
    RUNNING, /* with a connection to an agent that has worked before */
    FRESH,   /* with no agent: the function starts and ends it */
} State;

typedef struct {
    const char *name;
    const char *unit;
    TakeFunc take;
    State state;
    bool more_is_better;
    TargetKind target_kind;
    double target;
} Measure;

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* The median of @n round trips in us. */
static double round_trip(Agent *agent, int fd, const Question *question, size_t n)
{
    static double samples[PINGS];

    for (size_t i = 0; i < n; i++) {
        int64_t start = now_ns();

        ask(agent, fd, question);
        samples[i] = (double)(now_ns() - start) / 1e3;
    }
    return median(samples, n);
}

static double take_ping(Agent *agent, int fd)
{
    return round_trip(agent, fd, &ask_ping, PINGS);
}

static double take_info(Agent *agent, int fd)
{
    return round_trip(agent, fd, &ask_info, LONGER_ASKS);
}

static double take_osinfo(Agent *agent, int fd)
{
    return round_trip(agent, fd, &ask_osinfo, LONGER_ASKS);
}

static double take_cpustats(Agent *agent, int fd)
{
    return round_trip(agent, fd, &ask_cpustats, LONGER_ASKS);
}

static double take_diskstats(Agent *agent, int fd)
{
    return round_trip(agent, fd, &ask_diskstats, LONGER_ASKS);
}

/* All of a system's figures: one command of guestd, or those of the reference that come closest. */
static double take_metrics(Agent *agent, int fd)
{
    static const Question metrics = { "{\"execute\": \"guestd-metrics\"}\n",
                                      "{\"return\": {\"time-ns\": " };
    static const Question parts[] = {
        { "{\"execute\": \"guest-get-load\"}\n", "{\"return\": {" },
        { "{\"execute\": \"guest-get-cpustats\"}\n", "{\"return\": [" },
        { "{\"execute\": \"guest-get-diskstats\"}\n", "{\"return\": [" },
        { "{\"execute\": \"guest-get-fsinfo\"}\n", "{\"return\": [" },
        { "{\"execute\": \"guest-network-get-interfaces\"}\n", "{\"return\": [" },
    };
    double sum = 0;

    if (strcmp(agent->label, "guestd") == 0)
        return round_trip(agent, fd, &metrics, METRICS_ASKS);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        sum += round_trip(agent, fd, &parts[i], METRICS_ASKS);
    return sum;
}

static double take_info_size(Agent *agent, int fd)
{
    return (double)ask_size(agent, fd, &ask_info);
}

static double cpu_per(Agent *agent, int fd, const Question *question, int n)
{
    int64_t before;

    sleep_ms(SETTLE_MS);
    before = proc_cpu_ns(agent->pid);
    for (int i = 0; i < n; i++)
        ask(agent, fd, question);
    sleep_ms(SETTLE_MS);
    return (double)(proc_cpu_ns(agent->pid) - before) / 1e3 / n;
}

static double take_ping_cpu(Agent *agent, int fd)
{
    return cpu_per(agent, fd, &ask_ping, PINGS);
}

static double take_info_cpu(Agent *agent, int fd)
{
    return cpu_per(agent, fd, &ask_info, LONGER_ASKS);
}

/*
 * After a pause the agent sleeps, as it does between the questions of a real
 * host: unlike in a burst, where the next request often finds it still awake.
 */
static double take_lone_ping(Agent *agent, int fd)
{
    static double samples[LONE_PINGS];

    for (size_t i = 0; i < LONE_PINGS; i++) {
        sleep_ms(1);
        samples[i] = round_trip(agent, fd, &ask_ping, 1);
    }
    return median(samples, LONE_PINGS);
}

static double take_lone_ping_cpu(Agent *agent, int fd)
{
    int64_t before;

    sleep_ms(SETTLE_MS);
    before = proc_cpu_ns(agent->pid);
    for (int i = 0; i < LONE_PINGS; i++) {
        ask(agent, fd, &ask_ping);
        sleep_ms(1);
    }
    sleep_ms(SETTLE_MS);
    return (double)(proc_cpu_ns(agent->pid) - before) / 1e3 / LONE_PINGS;
}

/*
 * A program from the request to its result. qemu-ga has to be asked until there is one; so is
 * guestd, that the work is the same.
 */
static double take_exec(Agent *agent, int fd)
{
    static double samples[EXECS];

    for (size_t i = 0; i < EXECS; i++) {
        int64_t start = now_ns();

        exec_true(agent, fd);
        samples[i] = (double)(now_ns() - start) / 1e3;
    }
    return median(samples, EXECS);
}

/* Where the agent can wait by itself, in one request. */
static double take_exec_wait(Agent *agent, int fd)
{
    static const Question ask_true = {
        "{\"execute\": \"guest-exec\", \"arguments\": {\"path\": \"/bin/true\", "
        "\"wait\": 10000}}\n",
        "{\"return\": {\"pid\": "
    };

    return agent->waits ? round_trip(agent, fd, &ask_true, EXECS) : take_exec(agent, fd);
}

static double take_pipelined(Agent *agent, int fd)
{
    static char pings[PIPELINED * 32];
    size_t request_len = strlen(ask_ping.request), answer_len = strlen(ask_ping.answer), len;
    const char *answers;
    int64_t start;

    for (size_t i = 0; i < PIPELINED; i++)
        memcpy(pings + i * request_len, ask_ping.request, request_len);
    start = now_ns();
    send_all(agent, fd, pings, PIPELINED * request_len);
    answers = receive_lines(agent, fd, PIPELINED, &len);
    start = now_ns() - start;
    for (size_t i = 0; i < PIPELINED; i++)
        if (len != PIPELINED * answer_len ||
            memcmp(answers + i * answer_len, ask_ping.answer, answer_len) != 0)
            die("%s answers pipelined pings wrongly", agent->label);
    return (double)start / 1e6;
}

/* Each connection is made, synchronized and closed; without the one of the other measures. */
static double take_connects(Agent *agent, int unused)
{
    int64_t start = now_ns();

    (void)unused;
    for (int i = 1; i <= CONNECTS; i++) {
        char request[80], answer[32];
        Question sync = { request, answer };
        int fd = agent_connect(agent);

        snprintf(request, sizeof request,
                 "{\"execute\": \"guest-sync\", \"arguments\": {\"id\": %d}}\n", i);
        snprintf(answer, sizeof answer, "{\"return\": %d}\n", i);
        ask(agent, fd, &sync);
        close(fd);
    }
    return CONNECTS / ((double)(now_ns() - start) / 1e9);
}

static double take_start(Agent *agent, int unused)
{
    int64_t start = now_ns();
    int fd;

    (void)unused;
    agent_start(agent);
    fd = agent_connect(agent);
    ask(agent, fd, &ask_ping);
    start = now_ns() - start;
    close(fd);
    agent_stop(agent);
    return (double)start / 1e6;
}

static double take_idle_memory(Agent *agent, int unused)
{
    double kib;
    int fd;

    (void)unused;
    agent_start(agent);
    fd = agent_connect(agent);
    ask(agent, fd, &ask_ping);
    sleep_ms(IDLE_MS);
    kib = (double)proc_memory_kib(agent->pid, "Private_Dirty:");
    close(fd);
    agent_stop(agent);
    return kib;
}

static void ask_with_big_id(Agent *agent, int fd)
{
    static const char head[] = "{\"execute\": \"guest-ping\", \"id\": \"";
    size_t len, head_len = sizeof head - 1;
    char *request = malloc(head_len + BIG_ID_BYTES + 3);
    const char *answer;

    if (!request)
        die("out of memory");
    memcpy(request, head, head_len);
    memset(request + head_len, 'i', BIG_ID_BYTES);
    memcpy(request + head_len + BIG_ID_BYTES, "\"}\n", 3);
    send_all(agent, fd, request, head_len + BIG_ID_BYTES + 3);
    answer = receive_lines(agent, fd, 1, &len);
    if (len < BIG_ID_BYTES || !strstr(answer, "\"return\": {}") || !strstr(answer, "\"iiii"))
        die("%s answers a big id wrongly", agent->label);
    free(request);
}

static double take_big_memory(Agent *agent, int unused)
{
    double mib;
    int fd;

    (void)unused;
    agent_start(agent);
    fd = agent_connect(agent);
    ask_with_big_id(agent, fd);
    sleep_ms(SETTLE_MS);
    mib = (double)proc_memory_kib(agent->pid, "Rss:") / 1024;
    close(fd);
    agent_stop(agent);
    return mib;
}

static double take_file_memory(Agent *agent, int unused)
{
    double mib;
    int fd;

    (void)unused;
    agent_start(agent);
    fd = agent_connect(agent);
    bulk_write_and_read(agent, fd);
    sleep_ms(SETTLE_MS);
    mib = (double)proc_memory_kib(agent->pid, "Rss:") / 1024;
    close(fd);
    agent_stop(agent);
    return mib;
}

static const Measure measures[] = {
    { "guest-ping, round trip", "us", take_ping, RUNNING, false, TARGET_TIMES, 1.3 },
    { "guest-ping, CPU", "us", take_ping_cpu, RUNNING, false, TARGET_TIMES, 1.3 },
    { "lone guest-ping, round trip", "us", take_lone_ping, RUNNING, false, NO_TARGET, 0 },
    { "lone guest-ping, CPU", "us", take_lone_ping_cpu, RUNNING, false, NO_TARGET, 0 },
    { "guest-info, round trip", "us", take_info, RUNNING, false, TARGET_TIMES, 1.3 },
    { "guest-info, CPU", "us", take_info_cpu, RUNNING, false, NO_TARGET, 0 },
    { "guest-info, reply", "bytes", take_info_size, RUNNING, false, NO_TARGET, 0 },
    { "guest-get-osinfo, round trip", "us", take_osinfo, RUNNING, false, NO_TARGET, 0 },
    { "guest-get-cpustats, round trip", "us", take_cpustats, RUNNING, false, NO_TARGET, 0 },
    { "guest-get-diskstats, round trip", "us", take_diskstats, RUNNING, false, NO_TARGET, 0 },
    { "metrics in one, or in five commands", "us", take_metrics, RUNNING, false, NO_TARGET, 0 },
    { "/bin/true, asked until it ended", "us", take_exec, RUNNING, false, TARGET_TIMES, 1 },
    { "/bin/true, with wait where there is", "us", take_exec_wait, RUNNING, false, TARGET_TIMES,
      1 },
    { "1000 pipelined pings", "ms", take_pipelined, RUNNING, false, NO_TARGET, 0 },
    { "connect, guest-sync, close", "/s", take_connects, RUNNING, true, NO_TARGET, 0 },
    { "guest-file-read, 64 KiB a call", "MB/s", bulk_read_64k, RUNNING, true, TARGET_TIMES, 2 },
    { "guest-file-read, 8 MiB a call", "MB/s", bulk_read_8m, RUNNING, true, TARGET_TIMES, 4 },
    { "guest-file-write, 64 KiB a call", "MB/s", bulk_write_64k, RUNNING, true, TARGET_TIMES, 4 },
    { "guest-file-write, 8 MiB a call", "MB/s", bulk_write_8m, RUNNING, true, TARGET_TIMES, 8 },
    { "start to first reply", "ms", take_start, FRESH, false, TARGET_BELOW, 3 },
    { "private dirty when idle", "KiB", take_idle_memory, FRESH, false, TARGET_BELOW, 600 },
    { "resident after a 10 MB id", "MiB", take_big_memory, FRESH, false, NO_TARGET, 0 },
    { "resident after 8 MiB written and read", "MiB", take_file_memory, FRESH, false, TARGET_TIMES,
      4 },
};

/* qemu-ga serves one connection at a time, so each is closed before the next. */
static double take_running(const Measure *measure, Agent *agent)
{
    bool connects_itself = measure->take == take_connects;
    int fd = connects_itself ? -1 : agent_connect(agent);
    double value;

    if (fd >= 0)
        ask(agent, fd, &ask_ping);
    value = measure->take(agent, fd);
    if (fd >= 0)
        close(fd);
    return value;
}

/* Who goes first alternates, so that a drift of the machine hits both alike. */
static void take_rounds(const Measure *measure, Agent agents[AGENTS], Result *result)
{
    for (int round = 0; round < result->n; round++)
        for (int turn = 0; turn < AGENTS; turn++) {
            int which = (round + turn) % AGENTS;

            result->values[which][round] = measure->state == RUNNING
                                               ? take_running(measure, &agents[which])
                                               : measure->take(&agents[which], -1);
        }
}

static void take_state(State state, Agent agents[AGENTS], const Plan *plan, Result **next)
{
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
        const Measure *measure = &measures[i];

        if (measure->state != state || (plan->only && !strstr(measure->name, plan->only)))
            continue;
        **next = (Result){ .name = measure->name, .unit = measure->unit,
                           .more_is_better = measure->more_is_better,
                           .target_kind = measure->target_kind, .target = measure->target,
                           .n = measure->take == take_start ? plan->starts : plan->rounds };
        take_rounds(measure, agents, *next);
        (*next)++;
    }
}

/*
 * Agents that do nothing do not disturb each other: both are watched at once.
 * They are fresh, for a thread that ends takes its count along.
 */
static void take_wakeups(Agent agents[AGENTS], int seconds, bool connected, Result *result)
{
    int fds[AGENTS];
    int64_t before[AGENTS];

    *result = (Result){ .unit = "", .n = 1 };
    result->name = connected ? "context switches when idle, connected"
                             : "context switches when idle, no host";
    for (int i = 0; i < AGENTS; i++) {
        agent_start(&agents[i]);
        fds[i] = agent_connect(&agents[i]);
        ask(&agents[i], fds[i], &ask_ping);
        if (!connected)
            close(fds[i]);
    }
    sleep_ms(IDLE_MS);
    for (int i = 0; i < AGENTS; i++)
        before[i] = proc_switches(agents[i].pid);
    sleep_ms(seconds * 1000);
    for (int i = 0; i < AGENTS; i++) {
        result->values[i][0] = (double)(proc_switches(agents[i].pid) - before[i]);
        if (connected)
            close(fds[i]);
        agent_stop(&agents[i]);
    }
}

size_t measure_all(Agent agents[AGENTS], const Plan *plan, Result *results, size_t max)
{
    Result *next = results;

    if (max < sizeof measures / sizeof *measures + 2)
        die("no room for all measures");
    take_state(FRESH, agents, plan, &next);
    for (int i = 0; i < AGENTS; i++)
        agent_start(&agents[i]);
    take_state(RUNNING, agents, plan, &next);
    for (int i = 0; i < AGENTS; i++)
        agent_stop(&agents[i]);
    if (plan->idle_seconds > 0 && !plan->only) {
        take_wakeups(agents, plan->idle_seconds, true, next++);
        take_wakeups(agents, plan->idle_seconds, false, next++);
    }
    return (size_t)(next - results);
}
