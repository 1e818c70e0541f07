/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <string.h>

#include "commands/network/netlink.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/netlink-script.h"

/* rtnetlink's replies: how they are parsed, and how they are requested. */

/* The size in earlier kernels, before rx_nohandler and later members. */
#define STATS_MIN (offsetof(struct rtnl_link_stats64, rx_missed_errors) + sizeof(guint64))

static const guint8 ethernet[] = { 2, 0, 0, 0xab, 0xcd, 0xef };

/* Takes @datagram and frees it; returns whether it ended the dump. */
static gboolean take(RtnetlinkDump *dump, Datagram *datagram, Arena *arena)
{
    gboolean ended = rtnetlink_take(dump, datagram->bytes->data, datagram->bytes->len, 1, arena);

    datagram_clear(datagram);
    return ended;
}

static void test_links(void)
{
    static const guint8 infiniband[20] = { 1, 2, 3, 4, 5, 6, 7 };
    struct rtnl_link_stats64 stats = {
        .rx_bytes = G_MAXUINT64, .rx_packets = 2, .rx_errors = 3, .rx_dropped = 4,
        .rx_missed_errors = 100, .rx_fifo_errors = 1000, .tx_bytes = 5, .tx_packets = 6,
        .tx_errors = 7, .tx_dropped = 8, .tx_carrier_errors = 1000,
    };
    g_autoptr(Arena) arena = arena_new();
    Datagram datagram = datagram_new(1, 0);
    RtnetlinkDump dump = { .failed = 0 };
    const Link *link;

    datagram_link(&datagram, 1, "lo", "\0\0\0\0\0\0", 6, NULL, 0);
    datagram_link(&datagram, 7, "eth0", ethernet, 6, &stats, sizeof stats);
    datagram_link(&datagram, 8, "sit0", "\12\0\0\1", 4, &stats, STATS_MIN);
    datagram_link(&datagram, 9, "ib0", infiniband, 20, &stats, STATS_MIN - 1);
    datagram_link(&datagram, 10, "tun0", NULL, 0, NULL, 0);
    g_assert_false(take(&dump, &datagram, arena));
    g_assert_cmpuint(dump.links.len, ==, 5);

    link = list_at(&dump.links, Link, 0);
    g_assert_cmpstr(link->name, ==, "lo");
    g_assert_cmpint(link->index, ==, 1);
    g_assert_false(link->has_counters);
    link = list_at(&dump.links, Link, 1);
    g_assert_cmpint(link->index, ==, 7);
    g_assert_cmpmem(link->hardware, 6, ethernet, 6);
    g_assert_true(link->has_counters);
    g_assert_cmpuint(link->counters.rx_bytes, ==, G_MAXUINT64);
    g_assert_cmpuint(link->counters.rx_packets, ==, 2);
    g_assert_cmpuint(link->counters.rx_errors, ==, 3);
    g_assert_cmpuint(link->counters.rx_dropped, ==, 104);
    g_assert_cmpuint(link->counters.tx_bytes, ==, 5);
    g_assert_cmpuint(link->counters.tx_packets, ==, 6);
    g_assert_cmpuint(link->counters.tx_errors, ==, 7);
    g_assert_cmpuint(link->counters.tx_dropped, ==, 8);
    link = list_at(&dump.links, Link, 2);
    g_assert_cmpmem(link->hardware, 6, "\12\0\0\1\0\0", 6);
    g_assert_cmpuint(link->counters.rx_dropped, ==, 104);
    link = list_at(&dump.links, Link, 3);
    g_assert_cmpmem(link->hardware, 6, infiniband, 6);
    g_assert_false(link->has_counters);
    g_assert_cmpmem(list_at(&dump.links, Link, 4)->hardware, 6, "\0\0\0\0\0\0", 6);
}

static void test_addresses(void)
{
    static const struct {
        guint prefix;
        const char *local, *other, *label;
        const char *wanted;
    } rows[] = {
        { 8, "127.0.0.1", "127.0.0.1", "lo", "127.0.0.1/8 lo" },
        { 32, "10.0.0.1", "10.9.9.9", "ppp0", "10.0.0.1/32 ppp0" },
        { 0, "10.0.0.2", NULL, "eth0:a", "10.0.0.2/0 eth0:a" },
        { 33, "10.0.0.3", NULL, NULL, "10.0.0.3/32 -" },
        { 64, NULL, "fe80::1", NULL, "fe80::1/64 -" },
        { 128, "fd00::1", "fd00::2", NULL, "fd00::1/128 -" },
        { 255, NULL, "fd00::3", NULL, "fd00::3/128 -" },
        { 24, NULL, NULL, "eth0:b", "none/24 eth0:b" },
        { 24, "10.0.0.4", NULL, "a-name-too-long-for-any", "10.0.0.4/24 -" },
    };
    g_autoptr(Arena) arena = arena_new();
    Datagram datagram = datagram_new(1, 0);
    RtnetlinkDump dump = { .failed = 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        datagram_address(&datagram, (int)i, rows[i].prefix, rows[i].local, rows[i].other,
                         rows[i].label);
    g_assert_false(take(&dump, &datagram, arena));
    g_assert_cmpuint(dump.addresses.len, ==, G_N_ELEMENTS(rows));
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const LinkAddress *address = list_at(&dump.addresses, LinkAddress, i);
        char text[INET6_ADDRSTRLEN] = "none";
        g_autofree char *got = NULL;

        if (address->own)
            inet_ntop(address->family, address->own, text, sizeof text);
        got = g_strdup_printf("%s/%u %s", text, address->prefix, address->label ?: "-");
        g_assert_cmpstr(got, ==, rows[i].wanted);
        g_assert_cmpint(address->index, ==, (int)i);
    }
}

static void test_ends(void)
{
    static const struct {
        guint16 type;
        int status, failed;
    } ends[] = {
        { NLMSG_DONE, 0, 0 },
        { NLMSG_DONE, 17, 0 },
        { NLMSG_DONE, -ENOMEM, ENOMEM },
        { NLMSG_ERROR, -EPERM, EPERM },
        { NLMSG_ERROR, G_MININT, 0 },
    };
    g_autoptr(Arena) arena = arena_new();

    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        Datagram datagram = datagram_new(1, 0);
        RtnetlinkDump dump = { .failed = 0 };

        datagram_end(&datagram, ends[i].type, ends[i].status);
        datagram_link(&datagram, 1, "after", NULL, 0, NULL, 0);
        g_assert_true(take(&dump, &datagram, arena));
        g_assert_cmpint(dump.failed, ==, ends[i].failed);
        g_assert_cmpuint(dump.links.len, ==, 0);
    }
}

/* Every prefix of a datagram, and every one with a changed byte, is parsed without harm. */
static void test_malformed(void)
{
    struct rtnl_link_stats64 stats = { .rx_bytes = 1 };
    g_autoptr(Arena) arena = arena_new();
    Datagram datagram = datagram_new(1, NLM_F_DUMP_INTR);
    const GByteArray *bytes = datagram.bytes;
    g_autofree guint8 *copy = NULL;

    datagram_link(&datagram, 3, "eth0", ethernet, 6, &stats, sizeof stats);
    datagram_address(&datagram, 3, 24, "10.0.0.1", "10.0.0.2", "eth0");
    datagram_end(&datagram, NLMSG_DONE, 0);
    copy = g_memdup2(bytes->data, bytes->len);
    for (gsize len = 0; len < bytes->len; len++) {
        g_autofree guint8 *piece = g_memdup2(bytes->data, len);
        RtnetlinkDump dump = { .failed = 0 };

        g_assert_false(rtnetlink_take(&dump, piece, len, 1, arena));
        g_assert_cmpuint(dump.links.len + dump.addresses.len, <=, 2);
    }
    for (gsize i = 0; i < bytes->len * 8; i++) {
        RtnetlinkDump dump = { .failed = 0 };

        copy[i / 8] ^= (guint8)(1 << i % 8);
        rtnetlink_take(&dump, copy, bytes->len, 1, arena);
        for (gsize n = 0; n < dump.links.len; n++)
            g_assert_cmpuint(strlen(list_at(&dump.links, Link, n)->name), <, IF_NAMESIZE);
        copy[i / 8] = bytes->data[i / 8];
    }
    datagram_clear(&datagram);
}

/* As an int, the length would be negative, and less than the number of bytes. */
static void test_huge_length(void)
{
    g_autoptr(Arena) arena = arena_new();
    Datagram datagram = datagram_new(1, 0);
    RtnetlinkDump dump = { .failed = 0 };

    datagram_link(&datagram, 1, "eth0", NULL, 0, NULL, 0);
    ((struct nlmsghdr *)(void *)datagram.bytes->data)->nlmsg_len |= 1u << 31;
    g_assert_false(take(&dump, &datagram, arena));
    g_assert_cmpuint(dump.links.len, ==, 0);
}

static void test_other_sequence(void)
{
    g_autoptr(Arena) arena = arena_new();
    Datagram datagram = datagram_new(2, NLM_F_DUMP_INTR);
    RtnetlinkDump dump = { .failed = 0 };

    datagram_link(&datagram, 1, "stale", NULL, 0, NULL, 0);
    datagram_end(&datagram, NLMSG_ERROR, -EPERM);
    g_assert_false(take(&dump, &datagram, arena));
    g_assert_cmpuint(dump.links.len, ==, 0);
    g_assert_false(dump.interrupted || dump.failed);
}

/* ---- requests */

static void answer_link(guint32 sequence, guint16 flags, int index, const char *name)
{
    Datagram datagram = datagram_new(sequence, flags);

    datagram_link(&datagram, index, name, ethernet, 6, NULL, 0);
    kernel_send(&datagram);
    datagram = datagram_new(sequence, flags);
    datagram_end(&datagram, NLMSG_DONE, 0);
    kernel_send(&datagram);
}

static void answer_address(guint32 sequence, guint16 flags, int index, const char *text)
{
    Datagram datagram = datagram_new(sequence, flags);

    datagram_address(&datagram, index, 24, text, text, NULL);
    datagram_end(&datagram, NLMSG_DONE, 0);
    kernel_send(&datagram);
}

/* Reads from the scripted kernel, which must succeed with these @requests. */
static void read_all(guint wants, RtnetlinkDump *dump, Arena *arena, const char *requests)
{
    g_autofree char *asked = NULL;

    kernel_hang_up();
    g_assert_true(netlink_read(&scripted_netlink, wants, dump, arena));
    asked = kernel_finish();
    g_assert_cmpstr(asked, ==, requests);
}

/* The dump is requested again until it is consistent and complete. */
static void test_repeated(void)
{
    g_autoptr(Arena) arena = arena_new();
    RtnetlinkDump dump;

    kernel_start();
    answer_link(1, NLM_F_DUMP_INTR, 1, "old");
    answer_address(2, 0, 1, "10.0.0.1");
    answer_link(3, 0, 1, "old");
    answer_address(4, 0, 2, "10.0.0.2");
    answer_link(5, 0, 2, "new");
    answer_address(6, 0, 2, "10.0.0.2");
    read_all(NETLINK_LINKS | NETLINK_ADDRESSES, &dump, arena, "18 22 18 22 18 22");
    g_assert_cmpuint(dump.links.len, ==, 1);
    g_assert_cmpuint(dump.addresses.len, ==, 1);
    g_assert_cmpstr(list_at(&dump.links, Link, 0)->name, ==, "new");
}

/* If it is never consistent, the last dump is returned. */
static void test_never_still(void)
{
    g_autoptr(Arena) arena = arena_new();
    RtnetlinkDump dump;

    kernel_start();
    for (guint i = 1; i <= 8; i++)
        answer_link(i, NLM_F_DUMP_INTR, (int)i, "eth0");
    read_all(NETLINK_LINKS, &dump, arena, "18 18 18 18 18 18 18 18");
    g_assert_cmpuint(dump.links.len, ==, 1);
    g_assert_cmpint(list_at(&dump.links, Link, 0)->index, ==, 8);
}

static void test_many_datagrams(void)
{
    g_autoptr(Arena) arena = arena_new();
    RtnetlinkDump dump;

    kernel_start();
    for (int i = 1; i <= 3; i++) {
        Datagram datagram = datagram_new(1, 0);

        for (int n = 0; n < i; n++)
            datagram_address(&datagram, i, 24, "10.0.0.1", NULL, NULL);
        kernel_send(&datagram);
    }
    answer_address(1, 0, 4, "fd00::1");
    read_all(NETLINK_ADDRESSES, &dump, arena, "22");
    g_assert_cmpuint(dump.addresses.len, ==, 7);
    g_assert_cmpuint(dump.links.len, ==, 0);
}

/* A datagram that is larger than the buffer. */
static void test_large_datagram(void)
{
    Datagram datagram = datagram_new(1, 0);
    g_autoptr(Arena) arena = arena_new();
    RtnetlinkDump dump;
    int n = 0;

    while (datagram.bytes->len <= 100 * 1024)
        datagram_link(&datagram, ++n, "eth0", ethernet, 6, NULL, 0);
    kernel_start();
    kernel_send(&datagram);
    answer_link(1, 0, 0, "last");
    read_all(NETLINK_LINKS, &dump, arena, "18");
    g_assert_cmpuint(dump.links.len, ==, n + 1);
}

static void expect_failure(int errnum)
{
    g_autoptr(Arena) arena = arena_new();
    g_autofree char *asked = NULL;
    RtnetlinkDump dump;

    kernel_hang_up();
    g_assert_false(netlink_read(&scripted_netlink, NETLINK_LINKS, &dump, arena));
    g_assert_cmpint(errno, ==, errnum);
    asked = kernel_finish();
}

static void test_failures(void)
{
    Datagram datagram = datagram_new(1, 0);

    kernel_start();
    kernel_refuse(EAFNOSUPPORT);
    expect_failure(EAFNOSUPPORT);

    kernel_start();
    datagram_end(&datagram, NLMSG_ERROR, -EPERM);
    kernel_send(&datagram);
    expect_failure(EPERM);

    kernel_start();
    expect_failure(EPIPE);
}

/* The kernel of this machine; other interfaces may come and go meanwhile. */
static void test_real(void)
{
    g_autoptr(Arena) arena = arena_new();
    RtnetlinkDump dump;
    guint found = 0;

    g_assert_true(netlink_read(&system_ops, NETLINK_LINKS | NETLINK_ADDRESSES, &dump, arena));
    for (gsize i = 0; i < dump.links.len; i++) {
        const Link *link = list_at(&dump.links, Link, i);

        if (!g_str_equal(link->name, "lo"))
            continue;
        g_assert_cmpuint(if_nametoindex("lo"), ==, (guint)link->index);
        g_assert_true(link->has_counters);
        found++;
    }
    g_assert_cmpuint(found, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/netlink/links", test_links);
    g_test_add_func("/netlink/addresses", test_addresses);
    g_test_add_func("/netlink/end of a dump", test_ends);
    g_test_add_func("/netlink/malformed -> skipped", test_malformed);
    g_test_add_func("/netlink/huge length -> skipped", test_huge_length);
    g_test_add_func("/netlink/other sequence -> skipped", test_other_sequence);
    g_test_add_func("/netlink/interrupted -> repeated", test_repeated);
    g_test_add_func("/netlink/always interrupted -> last dump", test_never_still);
    g_test_add_func("/netlink/several datagrams", test_many_datagrams);
    g_test_add_func("/netlink/datagram larger than the buffer", test_large_datagram);
    g_test_add_func("/netlink/system call fails -> errno", test_failures);
    g_test_add_func("/netlink/this machine", test_real);
    return g_test_run();
}
