/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/uevent-socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The multicast group of the kernel's own events; others are udev's. */
#define GROUP_KERNEL 1
/* The netlink port id of the kernel. */
#define PORT_KERNEL 0

/* The filter passes events that begin with one of these. */
#define ADDED "add@/devices/system/"
#define REMOVED "remove@/devices/system/"

/* The bytes that one instruction of the filter compares. */
#define WORD 4
#define WORDS(len) (((len) + WORD - 1) / WORD)
/* The instructions to load and compare each word and to accept the message. */
#define CODE_LEN(prefix) (2 * WORDS(sizeof(prefix) - 1) + 1)

/*
 * Writes code to @code that accepts a message with @prefix; for others it continues after that
 * code.
 */
static struct sock_filter *append_prefix(struct sock_filter *code, const char *prefix, gsize len)
{
    for (gsize left = WORDS(len), at = 0; left > 0; left--, at += WORD) {
        gsize from = MIN(at, len - WORD); /* the last word may overlap the one before */
        guint32 word;

        memcpy(&word, prefix + from, WORD);
        *code++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (guint32)from);
        *code++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, GUINT32_FROM_BE(word), 0,
                                               (guint8)(2 * left - 1));
    }
    *code++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, G_MAXUINT32);
    return code;
}

/* Other devices send thousands of events, which must not wake the agent. */
static int set_filter(int fd)
{
    struct sock_filter code[CODE_LEN(ADDED) + CODE_LEN(REMOVED) + 1];
    struct sock_fprog program = { .len = G_N_ELEMENTS(code), .filter = code };
    struct sock_filter *end = append_prefix(code, ADDED, strlen(ADDED));

    end = append_prefix(end, REMOVED, strlen(REMOVED));
    *end = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int uevent_open(void)
{
    struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = GROUP_KERNEL };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    int saved;

    if (fd < 0)
        return -1;
    /* Attached before bind(): a message that arrived earlier would not be filtered. */
    if (set_filter(fd) == 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

ssize_t uevent_receive(int fd, char *buffer, size_t size, gboolean *from_kernel)
{
    struct sockaddr_nl sender = { .nl_pid = G_MAXUINT32 };
    struct iovec part = { .iov_base = buffer, .iov_len = size };
    struct msghdr message = { .msg_name = &sender, .msg_namelen = sizeof sender,
                              .msg_iov = &part, .msg_iovlen = 1 };
    ssize_t len = recvmsg(fd, &message, 0);

    *from_kernel = len >= 0 && message.msg_namelen == sizeof sender &&
                   sender.nl_pid == PORT_KERNEL;
    return len;
}
