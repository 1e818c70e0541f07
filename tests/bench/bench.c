/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "measure.h"

/*
 * Runs the same work on guestd and on the reference agent in turn and prints
 * the medians side by side. The figures inform: only a wrong answer is a
 * failure, for a busy machine must not break anything.
 */

#define MAX_RESULTS 32

typedef struct {
    const char *guestd;
    const char *reference;
    const char *reference_libs;
    bool json;
    bool unpinned;
    Plan plan;
} Options;

static const char usage[] =
    "Usage: bench --guestd PATH --reference PATH [OPTION...]\n"
    "      --reference-libs DIR  LD_LIBRARY_PATH of the reference\n"
    "      --only TEXT           measures whose name has the text, and no idle agents\n"
    "      --rounds N            rounds of each measure (9)\n"
    "      --starts N            rounds of the time to the first reply (21)\n"
    "      --idle SECONDS        how long idle agents are watched (10), 0 for not at all\n"
    "      --unpinned            leave client and agents on all processors\n"
    "      --json                print one JSON array instead of the table\n";

static double ratio_of(const Result *result, double guestd, double reference)
{
    double above = result->more_is_better ? guestd : reference;
    double below = result->more_is_better ? reference : guestd;

    return below > 0 ? above / below : 0;
}

static bool is_met(const Result *result, double guestd, double ratio)
{
    return result->target_kind == TARGET_TIMES ? ratio >= result->target : guestd < result->target;
}

static void print_figure(double value)
{
    printf(" %11.*f", value >= 1000 || value == (double)(long)value ? 0 : 2, value);
}

static void print_target(const Result *result, double guestd, double ratio)
{
    if (result->target_kind == NO_TARGET)
        return;
    if (result->target_kind == TARGET_TIMES)
        printf("   >= %.1f times", result->target);
    else
        printf("   < %.0f %s", result->target, result->unit);
    fputs(is_met(result, guestd, ratio) ? ": met" : ": MISSED", stdout);
}

static void print_row(Result *result)
{
    double guestd = median(result->values[GUESTD], (size_t)result->n);
    double reference = median(result->values[REFERENCE], (size_t)result->n);
    double ratio = ratio_of(result, guestd, reference);

    printf("%-38s %-5s", result->name, result->unit);
    print_figure(guestd);
    print_figure(reference);
    if (ratio > 0)
        printf(" %7.2f", ratio);
    else
        printf(" %7s", "-");
    print_target(result, guestd, ratio);
    putchar('\n');
}

/*
 * The reference logs some requests by syslog(3). Without a listener each costs
 * it a failing connect(2); with one, a send(2) that wakes the log daemon.
 */
static void print_notes(void)
{
    double load;

    puts("\nMedians of interleaved rounds. The ratio says how many times better guestd is.");
    if (access("/dev/log", F_OK) < 0)
        puts("There is no log daemon here. Where there is one, the reference needs more CPU.");
    if (getloadavg(&load, 1) == 1 && load > (double)sysconf(_SC_NPROCESSORS_ONLN))
        printf("The machine is busy (load %.1f): distrust absolute figures.\n", load);
}

static void print_table(Result *results, size_t n)
{
    printf("%-38s %-5s %11s %11s %7s   %s\n", "", "", "guestd", "reference", "ratio", "target");
    for (size_t i = 0; i < n; i++)
        print_row(&results[i]);
    print_notes();
}

static void print_json_agent(const char *name, double *values, size_t n)
{
    double middle = median(values, n);

    /* median() leaves the values sorted. */
    printf(", \"%s\": {\"median\": %.3f, \"min\": %.3f, \"max\": %.3f}", name, middle, values[0],
           values[n - 1]);
}

static void print_json_row(Result *result)
{
    size_t n = (size_t)result->n;
    double guestd = median(result->values[GUESTD], n);
    double ratio = ratio_of(result, guestd, median(result->values[REFERENCE], n));

    printf("{\"name\": \"%s\", \"unit\": \"%s\", \"rounds\": %d", result->name, result->unit,
           result->n);
    print_json_agent("guestd", result->values[GUESTD], n);
    print_json_agent("reference", result->values[REFERENCE], n);
    if (ratio > 0)
        printf(", \"ratio\": %.3f", ratio);
    if (result->target_kind != NO_TARGET)
        printf(", \"%s\": %.1f, \"met\": %s",
               result->target_kind == TARGET_TIMES ? "target-ratio" : "target-below",
               result->target, is_met(result, guestd, ratio) ? "true" : "false");
    putchar('}');
}

static void print_json(Result *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fputs(i ? ",\n " : "[", stdout);
        print_json_row(&results[i]);
    }
    puts("]");
}

static int number(const char *text, int least, int most)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*end || end == text || value < least || value > most)
        die("%s is not a number from %d to %d", text, least, most);
    return (int)value;
}

static Options read_options(int argc, char **argv)
{
    static const struct option longs[] = {
        { "guestd", required_argument, NULL, 'g' },
        { "reference", required_argument, NULL, 'r' },
        { "reference-libs", required_argument, NULL, 'l' },
        { "only", required_argument, NULL, 'o' },
        { "rounds", required_argument, NULL, 'n' },
        { "starts", required_argument, NULL, 's' },
        { "idle", required_argument, NULL, 'i' },
        { "unpinned", no_argument, NULL, 'u' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    Options options = { .plan = { .rounds = 9, .starts = 21, .idle_seconds = 10 } };
    int found;

    while ((found = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (found) {
        case 'g': options.guestd = optarg; break;
        case 'r': options.reference = optarg; break;
        case 'l': options.reference_libs = optarg; break;
        case 'o': options.plan.only = optarg; break;
        case 'n': options.plan.rounds = number(optarg, 1, MAX_ROUNDS); break;
        case 's': options.plan.starts = number(optarg, 1, MAX_ROUNDS); break;
        case 'i': options.plan.idle_seconds = number(optarg, 0, 3600); break;
        case 'u': options.unpinned = true; break;
        case 'j': options.json = true; break;
        case 'h': fputs(usage, stdout); exit(EXIT_SUCCESS);
        default: fputs(usage, stderr); exit(EXIT_FAILURE);
        }
    }
    if (optind < argc || !options.guestd || !options.reference) {
        fputs(usage, stderr);
        exit(EXIT_FAILURE);
    }
    return options;
}

/* Reached by exit() as well, so that a failed run leaves nothing behind either. */
static Agent agents[AGENTS];
static char temp_dir[PATH_MAX - 128];

static void clean_up(void)
{
    for (int i = 0; i < AGENTS; i++)
        if (agents[i].label)
            agent_clear(&agents[i]);
    rmdir(temp_dir);
}

/* exit() runs clean_up(); nothing of it is under way in the main program meanwhile. */
static void on_signal(int signum)
{
    exit(128 + signum);
}

static void make_temp_dir(void)
{
    const char *parent = getenv("TMPDIR");

    snprintf(temp_dir, sizeof temp_dir, "%s/guestd-bench.XXXXXX",
             parent && *parent ? parent : "/tmp");
    if (!mkdtemp(temp_dir))
        die("cannot make a directory %s: %s", temp_dir, strerror(errno));
    atexit(clean_up);
}

/*
 * Keeps other work and the scheduler's choices out of the figures, for us and
 * for the agents, which inherit both. Best effort: it is no matter if denied.
 */
static void settle_down(bool unpinned)
{
    cpu_set_t allowed, one;
    int cpu = CPU_SETSIZE - 1;

    setpriority(PRIO_PROCESS, 0, -20);
    if (unpinned || sched_getaffinity(0, sizeof allowed, &allowed) < 0)
        return;
    while (cpu > 0 && !CPU_ISSET(cpu, &allowed))
        cpu--;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
}

int main(int argc, char **argv)
{
    static Result results[MAX_RESULTS];
    Options options = read_options(argc, argv);
    size_t n;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    settle_down(options.unpinned);
    make_temp_dir();
    agent_init(&agents[GUESTD], "guestd", options.guestd, NULL, temp_dir);
    agent_init(&agents[REFERENCE], "reference", options.reference, options.reference_libs,
               temp_dir);
    agents[GUESTD].waits = true;
    n = measure_all(agents, &options.plan, results, MAX_RESULTS);
    (options.json ? print_json : print_table)(results, n);
    return EXIT_SUCCESS;
}
