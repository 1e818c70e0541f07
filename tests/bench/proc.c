/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"

/* The number after @field at the start of a line; with an empty field, the first number. */
static int64_t number_in(const char *path, const char *field)
{
    FILE *file = fopen(path, "re");
    char line[512];
    int64_t value = -1;

    if (!file)
        die("cannot read %s: %s", path, strerror(errno));
    while (value < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, field, strlen(field)) == 0)
            sscanf(line + strlen(field), "%" SCNd64, &value);
    fclose(file);
    if (value < 0)
        die("%s has no number for %s", path, *field ? field : "its first line");
    return value;
}

static int64_t thread_cpu_ns(const char *dir)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/schedstat", dir);
    return number_in(path, "");
}

static int64_t thread_switches(const char *dir)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/status", dir);
    return number_in(path, "voluntary_ctxt_switches:") +
           number_in(path, "nonvoluntary_ctxt_switches:");
}

static int64_t over_threads(pid_t pid, int64_t (*figure)(const char *dir))
{
    char dir[64], task[PATH_MAX];
    struct dirent *entry;
    int64_t sum = 0;
    DIR *tasks;

    snprintf(dir, sizeof dir, "/proc/%d/task", (int)pid);
    tasks = opendir(dir);
    if (!tasks)
        die("cannot list %s: %s", dir, strerror(errno));
    while ((entry = readdir(tasks))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(task, sizeof task, "%s/%s", dir, entry->d_name);
        sum += figure(task);
    }
    closedir(tasks);
    return sum;
}

int64_t proc_cpu_ns(pid_t pid)
{
    return over_threads(pid, thread_cpu_ns);
}

int64_t proc_switches(pid_t pid)
{
    return over_threads(pid, thread_switches);
}

int64_t proc_memory_kib(pid_t pid, const char *field)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    return number_in(path, field);
}
