/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/schema/command.h"
#include "tests/unit/kit/kit.h"

/* ADDRESS_CHANGED, in a network namespace of the test's own. */

extern const Family family_event_addresses;

#define LOOPBACK 1 /* the first interface of a namespace */
/* More messages than the buffer of a socket holds. */
#define MANY 4000

typedef struct {
    int fd; /* to change addresses */
    Services services;
    void *state;
    GHashTable *added, *removed; /* sets of addresses that were reported */
    guint told;
} Case;

static void emit(gpointer agent, const Event *event, const void *data)
{
    Case *c = agent;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(Arena) arena = arena_new();
    const Value *value;
    gboolean removed;

    schema_dump(event->data, data, FALSE, text);
    value = kit_value(arena, text->str);
    g_assert_cmpstr(value_member(value, "interface")->string.text, ==, "lo");
    g_assert_cmpstr(value_member(value, "ip-address-type")->string.text, ==, "ipv4");
    g_assert_cmpint(value_member(value, "prefix")->integer, ==, 32);
    removed = g_str_equal(value_member(value, "change")->string.text, "removed");
    g_assert_true(g_hash_table_add(removed ? c->removed : c->added,
                                   g_strdup(value_member(value, "ip-address")->string.text)));
    c->told++;
}

static void set_up(Case *c, gconstpointer data)
{
    (void)data;
    c->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    g_assert_cmpint(c->fd, >=, 0);
    c->added = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    c->removed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    c->services = (Services){ .agent = c, .emit = emit };
    c->state = family_event_addresses.init(&c->services, NULL);
}

static void tear_down(Case *c, gconstpointer data)
{
    (void)data;
    family_event_addresses.free(c->state);
    g_hash_table_unref(c->added);
    g_hash_table_unref(c->removed);
    close(c->fd);
}

/* Adds or removes 10.X.Y.1 and waits until the kernel has done it. */
static void change(Case *c, int type, guint number)
{
    struct {
        struct nlmsghdr header;
        struct ifaddrmsg body;
        struct rtattr attribute;
        guint8 address[4];
    } request = {
        .header = { .nlmsg_len = sizeof request,
                    .nlmsg_type = (guint16)type,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
                                   (type == RTM_NEWADDR ? NLM_F_CREATE : 0) },
        .body = { .ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = LOOPBACK },
        .attribute = { .rta_len = RTA_LENGTH(4), .rta_type = IFA_LOCAL },
        .address = { 10, (guint8)(number >> 8), (guint8)number, 1 },
    };
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[256];
    } answer = { .error = { .error = 1 } };

    g_assert_cmpint(send(c->fd, &request, sizeof request, 0), ==, sizeof request);
    g_assert_cmpint(recv(c->fd, &answer, sizeof answer, 0), >, 0);
    g_assert_cmpint(answer.header.nlmsg_type, ==, NLMSG_ERROR);
    g_assert_cmpint(answer.error.error, ==, 0);
}

static void change_range(Case *c, int type, guint first, guint end)
{
    for (guint number = first; number < end; number++)
        change(c, type, number);
}

static void listen_to(Case *c, gboolean wanted)
{
    family_event_addresses.listen(c->state, family_event_addresses.events[0], wanted);
}

static gboolean has_source(Case *c)
{
    return g_main_context_find_source_by_user_data(NULL, c->state) != NULL;
}

static void test_changes(Case *c, gconstpointer data)
{
    (void)data;
    change(c, RTM_NEWADDR, 0);
    g_assert_false(has_source(c));
    listen_to(c, TRUE);
    g_assert_true(has_source(c));
    change(c, RTM_NEWADDR, 1);
    WAIT_UNTIL(c->told == 1);
    g_assert_true(g_hash_table_contains(c->added, "10.0.1.1"));
    change_range(c, RTM_DELADDR, 0, 2);
    WAIT_UNTIL(c->told == 3);
    g_assert_cmpuint(g_hash_table_size(c->removed), ==, 2);
    listen_to(c, FALSE);
    g_assert_false(has_source(c));
    change(c, RTM_NEWADDR, 2);
    change(c, RTM_DELADDR, 2);
    kit_run_ready();
    g_assert_cmpuint(c->told, ==, 3);
}

/* More messages than the socket holds, so that most are lost: no change is missed. */
static void test_overrun(Case *c, gconstpointer data)
{
    (void)data;
    change_range(c, RTM_NEWADDR, 0, 10);
    listen_to(c, TRUE);
    change(c, RTM_NEWADDR, 10);
    WAIT_UNTIL(c->told == 1);
    change_range(c, RTM_NEWADDR, 11, MANY);
    WAIT_UNTIL(c->told == MANY - 10);
    g_assert_cmpuint(g_hash_table_size(c->added), ==, MANY - 10);
    change_range(c, RTM_DELADDR, 0, MANY);
    WAIT_UNTIL(g_hash_table_size(c->removed) == MANY);
    g_assert_cmpuint(g_hash_table_size(c->added), ==, MANY - 10);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
        g_print("1..0 # SKIP no network namespace: %s\n", g_strerror(errno));
        return 0;
    }
    g_test_add("/event-addresses/changes", Case, NULL, set_up, test_changes, tear_down);
    g_test_add("/event-addresses/overrun -> list read again", Case, NULL,
               set_up, test_overrun, tear_down);
    return g_test_run();
}
