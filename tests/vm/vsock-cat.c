/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vsock-cat CID PORT LINE: sends the line to a vsock port and prints one line of
 * the answer. Exit status: 0 answered, 1 no connection, 3 closed without an
 * answer, 4 no answer in time, 2 anything else.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#define CONNECT_TRIES 3000
#define CONNECT_PAUSE_US 20000
#define ANSWER_MS 60000

/* The agent was started a moment ago and may not listen yet. */
static int connect_to(unsigned cid, unsigned port)
{
    struct sockaddr_vm to = {
        .svm_family = AF_VSOCK,
        .svm_cid = cid,
        .svm_port = port,
    };

    for (int i = 0; i < CONNECT_TRIES; i++) {
        int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

        if (fd < 0)
            return -1;
        if (connect(fd, (struct sockaddr *) &to, sizeof to) == 0)
            return fd;
        close(fd);
        usleep(CONNECT_PAUSE_US);
    }
    return -1;
}

/* A peer that is refused may find the connection reset instead of closed. */
static int print_answer(int fd)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    char c = 0;

    for (int n = 0; c != '\n'; n++) {
        if (poll(&wait, 1, ANSWER_MS) == 0)
            return 4;
        if (read(fd, &c, 1) != 1)
            return n ? 2 : 3;
        putchar(c);
    }
    return 0;
}

int main(int argc, char **argv)
{
    int fd;

    if (argc != 4) {
        fprintf(stderr, "usage: vsock-cat CID PORT LINE\n");
        return 2;
    }
    fd = connect_to(strtoul(argv[1], NULL, 10), strtoul(argv[2], NULL, 10));
    if (fd < 0) {
        perror("connect");
        return 1;
    }
    if (send(fd, argv[3], strlen(argv[3]), MSG_NOSIGNAL) < 0 && errno != EPIPE &&
        errno != ECONNRESET)
        return 2;
    send(fd, "\n", 1, MSG_NOSIGNAL);
    return print_answer(fd);
}
