/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include "commands/parse/route.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"
#include "tests/unit/kit/netlink-script.h"

/* Interfaces from a scripted kernel, and routes from files in /proc. */

extern const Family family_network;

#define STATS(n)                                                                                   \
    "\"statistics\": {\"tx-packets\": 0, \"tx-errs\": 0, \"rx-bytes\": " n ", \"rx-dropped\": 0, "    \
    "\"rx-packets\": 0, \"rx-errs\": 0, \"tx-bytes\": 0, \"tx-dropped\": 0}"
#define IPV4(text, prefix)                                                                         \
    "{\"ip-address-type\": \"ipv4\", \"ip-address\": \"" text "\", \"prefix\": " prefix "}"
#define IPV6(text, prefix)                                                                         \
    "{\"ip-address-type\": \"ipv6\", \"ip-address\": \"" text "\", \"prefix\": " prefix "}"

#define LO                                                                                         \
    "{\"name\": \"lo\", \"ip-addresses\": [" IPV4("127.0.0.1", "8") ", " IPV4("10.0.0.4", "24")    \
    "], " STATS("1") ", \"hardware-address\": \"00:00:00:00:00:00\"}\n"
#define ETH0                                                                                       \
    "{\"name\": \"eth0\", \"ip-addresses\": [" IPV4("10.0.0.1", "24") ", " IPV6("fe80::1", "64")    \
    "], " STATS("2") ", \"hardware-address\": \"02:00:00:ab:cd:ef\"}\n"
#define TUN0 "{\"name\": \"tun0\", \"hardware-address\": \"00:00:00:00:00:00\"}\n"
#define LABEL                                                                                      \
    "{\"name\": \"eth0:a\", \"ip-addresses\": [" IPV4("10.0.0.2", "24")                            \
    "], \"hardware-address\": \"02:00:00:ab:cd:ef\"}\n"
#define STRANGER                                                                                   \
    "{\"name\": \"stranger\", \"ip-addresses\": [" IPV4("10.0.0.3", "24") "]}\n"

static void send_links(void)
{
    struct rtnl_link_stats64 one = { .rx_bytes = 1 }, two = { .rx_bytes = 2 };
    Datagram datagram = datagram_new(1, 0);

    datagram_link(&datagram, 1, "lo", NULL, 0, &one, sizeof one);
    datagram_link(&datagram, 2, "eth0", "\2\0\0\xab\xcd\xef", 6, &two, sizeof two);
    datagram_link(&datagram, 3, "tun0", NULL, 0, &two, sizeof two);
    datagram_end(&datagram, NLMSG_DONE, 0);
    kernel_send(&datagram);
}

/* With labels that name an interface of its own, an unknown one, and another one. */
static void send_addresses(void)
{
    Datagram datagram = datagram_new(2, 0);

    datagram_address(&datagram, 1, 8, "127.0.0.1", "127.0.0.1", "lo");
    datagram_address(&datagram, 2, 24, "10.0.0.1", "10.0.0.1", "eth0");
    datagram_address(&datagram, 2, 24, "10.0.0.2", "10.0.0.2", "eth0:a");
    datagram_address(&datagram, 2, 24, "10.0.0.3", "10.0.0.3", "stranger");
    datagram_address(&datagram, 2, 24, "10.0.0.4", "10.0.0.4", "lo");
    datagram_address(&datagram, 2, 24, NULL, NULL, "eth0");
    datagram_address(&datagram, 2, 64, NULL, "fe80::1", NULL);
    datagram_end(&datagram, NLMSG_DONE, 0);
    kernel_send(&datagram);
}

/* The interfaces without those that a glob of @exclude, comma separated, matches. */
static void expect_interfaces(const char *exclude, const char *wanted)
{
    g_autoptr(Machine) machine = machine_new_from_text("/proc/\n");
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;
    g_autofree char *asked = NULL;
    g_auto(GStrv) globs = g_strsplit(exclude, ",", -1);
    GPtrArray list = { .pdata = (gpointer *)globs, .len = g_strv_length(globs) };
    Settings settings = { .interfaces_exclude = list.len ? &list : NULL };

    kernel_start();
    send_links();
    send_addresses();
    kernel_hang_up();
    machine->sysops = &scripted_netlink;
    machine->settings = &settings;
    got = machine_run(machine, &family_network, NULL, "guest-network-get-interfaces", NULL, &error);
    asked = kernel_finish();
    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, wanted);
}

static void test_interfaces(void)
{
    expect_interfaces("", LO ETH0 TUN0 LABEL STRANGER);
}

static void test_exclude(void)
{
    expect_interfaces("none,et", LO ETH0 TUN0 LABEL STRANGER);
    expect_interfaces("eth0", LO TUN0 LABEL STRANGER);
    expect_interfaces("eth*", LO TUN0 STRANGER);
    expect_interfaces("tun?,*range*,lo", ETH0 LABEL);
    expect_interfaces("*", "");
}

static void test_no_netlink(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("/proc/\n");
    g_autoptr(GError) error = NULL;
    g_autofree char *asked = NULL;

    kernel_start();
    kernel_refuse(EAFNOSUPPORT);
    machine->sysops = &scripted_netlink;
    g_assert_null(machine_run(machine, &family_network, NULL, "guest-network-get-interfaces", NULL,
                              &error));
    asked = kernel_finish();
    kit_expect_error(&error, "getifaddrs failed: Address family not supported by protocol");
}

/* ---- routes */

#define HEADLINE                                                                                   \
    "| Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   \n"
#define NET4(name, metric)                                                                         \
    "| " name "\t0000000A\t0100000A\t0003\t1\t2\t" metric "\t00FFFFFF\t3\t4\t5      \n"
#define NET4_REPLY(name, metric)                                                                   \
    "{\"flags\": 3, \"metric\": " metric ", \"refcnt\": 1, \"window\": 4, \"version\": 4, "           \
    "\"iface\": \"" name "\", \"destination\": \"10.0.0.0\", \"irtt\": 5, "                         \
    "\"gateway\": \"10.0.0.1\", \"use\": 2, \"mtu\": 3, \"mask\": \"255.255.255.0\"}\n"
#define ZERO6 "00000000000000000000000000000000"
#define NET6                                                                                       \
    "| fd000000000000000000000000000000 40 " ZERO6 " 80 fe800000000000000000000000000001 "         \
    "ffffffff 00000002 00000003 80200001     eth0\n"
#define NET6_REPLY                                                                                 \
    "{\"flags\": 2149580801, \"source\": \"::\", \"metric\": 4294967295, \"refcnt\": 2, "           \
    "\"version\": 6, \"nexthop\": \"fe80::1\", \"iface\": \"eth0\", \"destination\": \"fd00::\", " \
    "\"desprefixlen\": \"64\", \"srcprefixlen\": \"128\", \"use\": 3}\n"

static char *routes_of(const char *tree, GError **error)
{
    g_autoptr(Machine) machine = machine_new_from_text(tree);

    return machine_run(machine, &family_network, NULL, "guest-network-get-route", NULL, error);
}

static void expect_routes(const char *tree, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *got = routes_of(tree, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, wanted);
}

static void test_routes(void)
{
    expect_routes("/proc/net/route\n" HEADLINE NET4("eth0", "0") NET4("*", "4294967295") NET4(
                      "a%s", "-1") "/proc/net/ipv6_route\n" NET6,
                  NET4_REPLY("eth0", "0") NET4_REPLY("*", "4294967295")
                      NET4_REPLY("a%s", "4294967295") NET6_REPLY);
    expect_routes("/proc/net/route\n/proc/net/ipv6_route\n", "");
    expect_routes("/proc/net/route\n" HEADLINE "/proc/net/ipv6_route\n" NET6, NET6_REPLY);
}

/* Malformed lines are skipped; the last line may lack its newline. */
static void test_odd_lines(void)
{
    expect_routes("/proc/net/route\n" HEADLINE "|\n| eth0 1\n" NET4("eth0", "x") NET4("eth0", "7"),
                  NET4_REPLY("eth0", "7"));
}

static void test_no_ipv6(void)
{
    expect_routes("/proc/net/route\n" HEADLINE NET4("eth0", "1"), NET4_REPLY("eth0", "1"));
}

static void test_no_routes(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(routes_of("/proc/\n", &error));
    kit_expect_error(&error, "open(\"/proc/net/route\"): No such file or directory");
    g_assert_null(routes_of("/proc/net/route\n/proc/net/ipv6_route/\n", &error));
    kit_expect_error(&error, "read(\"/proc/net/ipv6_route\"): Is a directory");
}

static void test_route_lines(void)
{
    static const struct {
        const char *text;
        gboolean is4, is6;
    } lines[] = {
        { "lo 00000000 00000000 0 0 0 0 00000000 0 0 0", TRUE, FALSE },
        { "lo 00000000 00000000 FFFFFFFF 0 0 0 00000000 0 0 0 more", TRUE, FALSE },
        { "lo 00000000 00000000 0 0 0 4294967296 00000000 0 0 0", FALSE, FALSE },
        { "lo 00000000 00000000 0 0 0 -2147483648 00000000 0 0 0", FALSE, FALSE },
        { "lo 00000000 00000000 0 0 0 - 00000000 0 0 0", FALSE, FALSE },
        { "lo 000000000 00000000 0 0 0 0 00000000 0 0 0", FALSE, FALSE },
        { "lo 00000000 00000000 0 0 0 0 00000000 0 0", FALSE, FALSE },
        { ZERO6 " 00 " ZERO6 " 00 " ZERO6 " 0 0 0 0 lo", FALSE, TRUE },
        { ZERO6 " 00 " ZERO6 " 00 " ZERO6 " 0 0 0 0", FALSE, FALSE },
        { ZERO6 "0 00 " ZERO6 " 00 " ZERO6 " 0 0 0 0 lo", FALSE, FALSE },
        { "0000000000000000000000000000000g 00 " ZERO6 " 00 " ZERO6 " 0 0 0 0 lo", FALSE, FALSE },
        { ZERO6 " 00 " ZERO6 " 00 " ZERO6 " 100000000 0 0 0 lo", FALSE, FALSE },
        { "", FALSE, FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        Piece line = { lines[i].text, strlen(lines[i].text) };
        Route4 route4;
        Route6 route6;

        g_assert_cmpint(route4_parse(line, &route4), ==, lines[i].is4);
        g_assert_cmpint(route6_parse(line, &route6), ==, lines[i].is6);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/network/interfaces", test_interfaces);
    g_test_add_func("/network/interfaces/excluded -> absent", test_exclude);
    g_test_add_func("/network/interfaces/no netlink -> error", test_no_netlink);
    g_test_add_func("/network/routes", test_routes);
    g_test_add_func("/network/routes/malformed -> skipped", test_odd_lines);
    g_test_add_func("/network/routes/no IPv6 -> IPv4 only", test_no_ipv6);
    g_test_add_func("/network/routes/no file -> error", test_no_routes);
    g_test_add_func("/network/routes/lines", test_route_lines);
    return g_test_run();
}
