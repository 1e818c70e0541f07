/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * records PORT CLIENT PAUSE FILE...
 *
 * Keeps numbered records until it is killed: one process for each FILE appends a line and
 * waits for fsync(), another gives CLIENT, a psql, a row to commit and waits for its answer. Of
 * each record, when it is on the disk and not before, PORT is told "NAME NUMBER": the name is
 * that of the file, or "table". What ends one of them is told as "NAME: why". Each rests for PAUSE
 * microseconds after a record.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int port;
static unsigned pause_us;

/* One write() a line: a port takes it as a whole, whoever else writes. */
static void tell(const char *name, const char *between, const char *text)
{
    char line[256];
    int n = snprintf(line, sizeof line, "%s%s%.200s\n", name, between, text);

    if (write(port, line, (size_t)n) != n)
        _exit(1);
}

static void acknowledge(const char *name, unsigned long n)
{
    char text[32];

    snprintf(text, sizeof text, "%lu", n);
    tell(name, " ", text);
    usleep(pause_us);
}

static int append(int fd, unsigned long n)
{
    char line[32];
    int length = snprintf(line, sizeof line, "%lu\n", n);

    return write(fd, line, (size_t)length) == length ? fsync(fd) : -1;
}

static void keep_file(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND, 0644);

    for (unsigned long n = 1; fd >= 0 && append(fd, n) == 0; n++)
        acknowledge(path, n);
    tell(path, ": ", strerror(errno));
}

/* The client's ends of two pipes, as its standard input and output. */
static void be_client(const char *command, const int *in, const int *out)
{
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(out[1], 2);
    for (int i = 0; i < 2; i++) {
        close(in[i]);
        close(out[i]);
    }
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* What the client prints after the row is committed is its number. */
static int commit(FILE *to, FILE *from, unsigned long n, char *answer, int size)
{
    fprintf(to, "INSERT INTO records VALUES (%lu, repeat('x', 500));\n\\echo %lu\n", n, n);
    return fflush(to) == 0 && fgets(answer, size, from) && strtoul(answer, NULL, 10) == n;
}

static void keep_table(const char *command)
{
    char answer[200] = "the client is gone";
    int in[2], out[2];
    FILE *to, *from;

    if (pipe(in) < 0 || pipe(out) < 0)
        return;
    if (fork() == 0)
        be_client(command, in, out);
    close(in[0]);
    close(out[1]);
    to = fdopen(in[1], "w");
    from = fdopen(out[0], "r");
    for (unsigned long n = 1; to && from && commit(to, from, n, answer, sizeof answer); n++)
        acknowledge("table", n);
    answer[strcspn(answer, "\n")] = 0;
    tell("table", ": ", answer);
}

int main(int argc, char **argv)
{
    if (argc < 5 || (port = open(argv[1], O_WRONLY)) < 0)
        return 2;
    pause_us = (unsigned)atoi(argv[3]);
    signal(SIGPIPE, SIG_IGN);
    for (int i = 3; i < argc; i++) {
        if (fork() != 0)
            continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (i == 3)
            keep_table(argv[2]);
        else
            keep_file(argv[i]);
        _exit(1);
    }
    for (;;)
        pause();
}
