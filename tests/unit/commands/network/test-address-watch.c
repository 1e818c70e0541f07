/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "commands/network/address-watch.h"
#include "tests/unit/kit/kit.h"

/* The kernel's messages about addresses, made by the test. */

#define PORT 4711
#define SOMEBODY 815 /* the port of another process */

typedef struct {
    GByteArray *messages;
    GString *changes;
    AddressWatch *watch;
} Case;

static void on_changed(gpointer data, const Address *address, const char *interface,
                       gboolean removed)
{
    Case *c = data;
    char text[INET6_ADDRSTRLEN];

    inet_ntop(address->family, address->bytes, text, sizeof text);
    g_string_append_printf(c->changes, "%c%s/%u@%s ", removed ? '-' : '+', text, address->prefix,
                           interface);
}

/* The test's interfaces; number 9 was removed before its name was looked up. */
static char *interface_name(unsigned index, char *name)
{
    if (index == 9)
        return NULL;
    g_snprintf(name, IF_NAMESIZE, "eth%u", index);
    return name;
}

static const AddressWatchEvents events = { on_changed, interface_name };

static void set_up(Case *c, gconstpointer data)
{
    (void)data;
    c->messages = g_byte_array_new();
    c->changes = g_string_new(NULL);
    c->watch = address_watch_new(&events, c);
    address_watch_begin_list(c->watch, PORT);
}

static void tear_down(Case *c, gconstpointer data)
{
    (void)data;
    g_assert_cmpstr(c->changes->str, ==, "");
    address_watch_free(c->watch);
    g_string_free(c->changes, TRUE);
    g_byte_array_unref(c->messages);
}

static struct nlmsghdr *message_at(Case *c, gsize at)
{
    return (struct nlmsghdr *)(void *)(c->messages->data + at);
}

/* Starts a message and returns its place. */
static gsize begin(Case *c, int type, int flags, guint32 port, gconstpointer body, gsize len)
{
    struct nlmsghdr header = { .nlmsg_len = (guint32)NLMSG_LENGTH(len),
                               .nlmsg_type = (guint16)type,
                               .nlmsg_flags = (guint16)flags,
                               .nlmsg_pid = port };
    gsize at = c->messages->len;

    g_byte_array_append(c->messages, (const guint8 *)&header, sizeof header);
    g_byte_array_append(c->messages, body, (guint)len);
    return at;
}

static void add_attribute(Case *c, gsize at, int type, gconstpointer value, gsize len)
{
    struct rtattr header = { .rta_len = (unsigned short)RTA_LENGTH(len),
                             .rta_type = (unsigned short)type };

    g_byte_array_append(c->messages, (const guint8 *)&header, sizeof header);
    g_byte_array_append(c->messages, value, (guint)len);
    message_at(c, at)->nlmsg_len = (guint32)(c->messages->len - at);
}

typedef struct {
    int type;
    int flags;
    guint32 port;
    guint interface;
    const char *address;
    guint32 address_flags;
    const char *peer;
} Message;

static void say_message(Case *c, const Message *m)
{
    gboolean v6 = strchr(m->address, ':') != NULL;
    gsize len = v6 ? 16 : 4;
    struct ifaddrmsg body = { .ifa_family = v6 ? AF_INET6 : AF_INET,
                              .ifa_prefixlen = v6 ? 64 : 24,
                              .ifa_index = m->interface };
    gsize at = begin(c, m->type, m->flags, m->port, &body, sizeof body);
    guint8 bytes[16];

    add_attribute(c, at, IFA_FLAGS, &m->address_flags, sizeof m->address_flags);
    g_assert_cmpint(inet_pton(body.ifa_family, m->peer ? m->peer : m->address, bytes), ==, 1);
    add_attribute(c, at, IFA_ADDRESS, bytes, len);
    if (v6)
        return;
    g_assert_cmpint(inet_pton(AF_INET, m->address, bytes), ==, 1);
    add_attribute(c, at, IFA_LOCAL, bytes, len);
}

#define say(...) say_message(c, &(const Message){ __VA_ARGS__ })

static void say_listed(Case *c, guint interface, const char *address)
{
    say(.type = RTM_NEWADDR, .flags = NLM_F_MULTI, .port = PORT, .interface = interface,
        .address = address);
}

static void say_done(Case *c, int flags)
{
    int zero = 0;

    begin(c, NLMSG_DONE, NLM_F_MULTI | flags, PORT, &zero, sizeof zero);
}

/* Passes the messages to the watch and compares its reports. */
static void expect(Case *c, gboolean good, const char *changes)
{
    g_assert_cmpint(address_watch_take(c->watch, c->messages->data, c->messages->len), ==, good);
    g_assert_cmpstr(c->changes->str, ==, changes);
    g_string_truncate(c->changes, 0);
    g_byte_array_set_size(c->messages, 0);
}

static void list_two(Case *c)
{
    say_listed(c, 1, "10.0.0.1");
    say_listed(c, 2, "fd00::1");
    say_done(c, 0);
    expect(c, TRUE, "");
}

static void test_changes(Case *c, gconstpointer data)
{
    (void)data;
    list_two(c);
    say(RTM_NEWADDR, 0, SOMEBODY, 2, "10.0.0.2");
    say(RTM_NEWADDR, 0, 0, 9, "fd00::2");
    say(RTM_DELADDR, 0, 0, 1, "10.0.0.1");
    expect(c, TRUE, "+10.0.0.2/24@eth2 +fd00::2/64@ -10.0.0.1/24@eth1 ");
    /* Lifetimes are reported again now and then; an unknown address cannot be removed. */
    say(RTM_NEWADDR, 0, 0, 2, "fd00::1");
    say(RTM_NEWADDR, 0, 0, 2, "10.0.0.2");
    say(RTM_DELADDR, 0, 0, 1, "10.0.0.1");
    expect(c, TRUE, "");
}

/* A change during the first list is reported. */
static void test_during_list(Case *c, gconstpointer data)
{
    (void)data;
    say(RTM_NEWADDR, 0, SOMEBODY, 3, "10.0.0.3");
    say_listed(c, 1, "10.0.0.1");
    say(RTM_DELADDR, 0, SOMEBODY, 1, "10.0.0.1");
    say_listed(c, 3, "10.0.0.3");
    say_done(c, 0);
    expect(c, TRUE, "+10.0.0.3/24@eth3 -10.0.0.1/24@eth1 ");
}

/* An address counts once it is usable, and never if it is a duplicate. */
static void test_tentative(Case *c, gconstpointer data)
{
    (void)data;
    list_two(c);
    say(RTM_NEWADDR, 0, 0, 1, "fd00::3", IFA_F_TENTATIVE | IFA_F_PERMANENT);
    say(RTM_NEWADDR, 0, 0, 1, "fd00::4", IFA_F_DADFAILED);
    expect(c, TRUE, "");
    say(RTM_DELADDR, 0, 0, 1, "fd00::4", IFA_F_DADFAILED);
    say(RTM_NEWADDR, 0, 0, 1, "fd00::3", IFA_F_PERMANENT);
    expect(c, TRUE, "+fd00::3/64@eth1 ");
}

/* A point-to-point link has two addresses; the guest's own is reported. */
static void test_peer(Case *c, gconstpointer data)
{
    (void)data;
    list_two(c);
    say(RTM_NEWADDR, 0, 0, 5, "10.1.0.1", 0, "10.1.0.2");
    expect(c, TRUE, "+10.1.0.1/24@eth5 ");
}

/* After messages were lost, a new list tells what became of everything. */
static void test_second_list(Case *c, gconstpointer data)
{
    (void)data;
    list_two(c);
    address_watch_begin_list(c->watch, PORT + 1);
    /* From the old socket, whose port now belongs to another process. */
    say_done(c, 0);
    expect(c, TRUE, "");
    say(RTM_NEWADDR, NLM_F_MULTI, PORT + 1, 2, "fd00::1");
    say(RTM_NEWADDR, NLM_F_MULTI, PORT + 1, 4, "10.0.0.4");
    expect(c, TRUE, "+10.0.0.4/24@eth4 ");
    address_watch_begin_list(c->watch, PORT);
    say_listed(c, 4, "10.0.0.4");
    say_done(c, 0);
    g_assert_true(address_watch_take(c->watch, c->messages->data, c->messages->len));
    /* In any order. */
    g_assert_cmpuint(c->changes->len, ==, strlen("-10.0.0.1/24@eth1 -fd00::1/64@eth2 "));
    g_assert_nonnull(strstr(c->changes->str, "-10.0.0.1/24@eth1 "));
    g_assert_nonnull(strstr(c->changes->str, "-fd00::1/64@eth2 "));
    g_string_truncate(c->changes, 0);
}

/* An inconsistent list does not prove that an address is gone. */
static void test_interrupted(Case *c, gconstpointer data)
{
    (void)data;
    list_two(c);
    address_watch_begin_list(c->watch, PORT);
    say(RTM_NEWADDR, NLM_F_MULTI | NLM_F_DUMP_INTR, PORT, 1, "10.0.0.1");
    expect(c, TRUE, "");
    say_done(c, 0);
    expect(c, FALSE, "");
    address_watch_begin_list(c->watch, PORT);
    list_two(c);
}

/* Messages of other kinds, or without a valid address. */
static void test_others(Case *c, gconstpointer data)
{
    struct ifaddrmsg body = { .ifa_family = AF_PACKET, .ifa_index = 1 };
    guint8 bytes[16] = { 1 };
    gsize at;

    (void)data;
    list_two(c);
    begin(c, RTM_NEWLINK, 0, 0, bytes, sizeof bytes);
    begin(c, RTM_NEWADDR, 0, 0, bytes, 4);
    at = begin(c, RTM_NEWADDR, 0, 0, &body, sizeof body);
    add_attribute(c, at, IFA_ADDRESS, bytes, 4);
    body.ifa_family = AF_INET;
    begin(c, RTM_NEWADDR, 0, 0, &body, sizeof body);
    at = begin(c, RTM_NEWADDR, 0, 0, &body, sizeof body);
    add_attribute(c, at, IFA_LOCAL, bytes, 16);
    expect(c, TRUE, "");
}

/* Whatever the lengths are, nothing is read beyond the end: the sanitizers check that. */
static void test_truncated(Case *c, gconstpointer data)
{
    gsize whole, seen = 0;

    (void)data;
    list_two(c);
    say(RTM_NEWADDR, 0, 0, 1, "10.0.0.9");
    whole = c->messages->len;
    for (guint32 len = 0; len <= whole; len++) {
        g_autofree void *copy = g_memdup2(c->messages->data, whole);
        g_autofree void *cut = NULL;

        ((struct nlmsghdr *)copy)->nlmsg_len = len;
        cut = g_memdup2(copy, MAX(len, sizeof(struct nlmsghdr)));
        g_assert_true(address_watch_take(c->watch, cut, len));
        seen += c->changes->len > 0;
        g_string_truncate(c->changes, 0);
    }
    /* Without its last attribute the message is still about an address, which is new only once. */
    g_assert_cmpuint(seen, ==, 1);
    g_byte_array_set_size(c->messages, 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Case *c, gconstpointer data);
    } tests[] = {
        { "/address-watch/changes", test_changes },
        { "/address-watch/change during the list -> reported once", test_during_list },
        { "/address-watch/tentative -> not reported", test_tentative },
        { "/address-watch/point to point -> own address", test_peer },
        { "/address-watch/second list -> differences", test_second_list },
        { "/address-watch/list interrupted -> requested again", test_interrupted },
        { "/address-watch/other messages -> ignored", test_others },
        { "/address-watch/truncated -> ignored", test_truncated },
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Case, NULL, set_up, tests[i].func, tear_down);
    return g_test_run();
}
