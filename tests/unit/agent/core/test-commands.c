/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "agent/describe/describe.h"
#include "commands/registry.h"
#include "lib/errors.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/sample-types.h"

/* The set of all commands, the state of their families, and what is told of them. */

static gboolean do_nothing(Call *call, GError **error)
{
    (void)call;
    (void)error;
    return TRUE;
}

static const Command late = {
    .name = "late", .rank = 30, .since = "1", .doc = "L", .run = do_nothing,
};
static const Command early = {
    .name = "early", .rank = 10, .since = "2", .doc = "E \"quoted\"",
    .flags = COMMAND_BLOCKING | COMMAND_MUTATING, .args = &sample_type, .returns = &type_int,
    .run = do_nothing,
};
static const Command middle = {
    .name = "middle", .rank = 20, .since = "3", .doc = "M", .run = do_nothing,
};

/* A state that counts how often it was made and freed; Services.agent is the counter. */
typedef struct {
    int made;
    int freed;
    gboolean fail;
} Counter;

static void *init_counted(const Services *services, GError **error)
{
    Counter *counter = services->agent;

    if (counter->fail) {
        set_error(error, "no state today");
        return NULL;
    }
    counter->made++;
    return counter;
}

static void free_counted(void *state)
{
    ((Counter *)state)->freed++;
}

static const Family plain = {
    .name = "plain", .commands = (const Command *const[]){ &late, &early, NULL },
};
static const Family counted = {
    .name = "counted", .commands = (const Command *const[]){ &middle, NULL },
    .init = init_counted, .free = free_counted,
};
static const Family *const families[] = { &plain, &counted, NULL };

static void test_order(void)
{
    g_autoptr(CommandSet) set = command_set_new(families);

    g_assert_true(command_set_at(set, 0)->command == &early);
    g_assert_true(command_set_at(set, 1)->command == &middle);
    g_assert_true(command_set_at(set, 2)->command == &late);
    g_assert_null(command_set_at(set, 3));
    g_assert_true(command_set_find(set, "middle") == command_set_at(set, 1));
    g_assert_null(command_set_find(set, "Middle"));
    g_assert_null(command_set_find(set, ""));
}

static void test_state(void)
{
    CommandSet *set = command_set_new(families);
    Counter counter = { 0 };
    Services services = { .agent = &counter };
    g_autoptr(GError) error = NULL;

    g_assert_true(command_set_init(set, &services, &error));
    g_assert_no_error(error);
    g_assert_cmpint(counter.made, ==, 1);
    g_assert_true(*command_set_find(set, "middle")->state == &counter);
    g_assert_null(*command_set_find(set, "late")->state);
    command_set_free(set);
    g_assert_cmpint(counter.freed, ==, 1);
}

static void test_state_fails(void)
{
    CommandSet *set = command_set_new(families);
    Counter counter = { .fail = TRUE };
    Services services = { .agent = &counter };
    g_autoptr(GError) error = NULL;

    g_assert_false(command_set_init(set, &services, &error));
    kit_expect_error(&error, "counted: no state today");
    command_set_free(set);
    g_assert_cmpint(counter.freed, ==, 0);
    command_set_free(NULL);
}

static JsonArray *described(const CommandSet *set, JsonNode **node)
{
    g_autofree char *text = describe_commands(set, "json", NULL);
    g_autoptr(GError) error = NULL;

    *node = json_from_string(text, &error);
    g_assert_no_error(error);
    return json_node_get_array(*node);
}

static void test_json(void)
{
    g_autoptr(CommandSet) set = command_set_new(families);
    g_autoptr(JsonNode) node = NULL;
    JsonArray *commands = described(set, &node);
    JsonObject *command = json_array_get_object_element(commands, 0);
    JsonObject *arguments = json_object_get_object_member(command, "arguments");
    JsonArray *members = json_object_get_array_member(arguments, "members");
    JsonObject *member;

    g_assert_cmpuint(json_array_get_length(commands), ==, 3);
    g_assert_cmpstr(json_object_get_string_member(command, "name"), ==, "early");
    g_assert_cmpstr(json_object_get_string_member(command, "doc"), ==, "E \"quoted\"");
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(command, "flags")), ==, 2);
    g_assert_cmpuint(json_array_get_length(members), ==, 13);
    member = json_array_get_object_element(members, 12);
    g_assert_cmpstr(json_object_get_string_member(member, "name"), ==, "password");
    g_assert_true(json_object_get_boolean_member(member, "secret"));
    g_assert_true(json_object_get_boolean_member(member, "optional"));
}

static void test_all_described(void)
{
    g_autoptr(CommandSet) set = command_set_new(command_families);
    g_autofree char *manual = describe_commands(set, "rst", NULL);
    g_autofree char *words = describe_commands(set, "completion", NULL);
    g_autoptr(JsonNode) node = NULL;
    JsonArray *commands = described(set, &node);
    const CommandEntry *entry;
    const EventEntry *event;
    guint i;

    for (i = 0; (entry = command_set_at(set, i)); i++) {
        const char *name = entry->command->name;
        JsonObject *row = json_array_get_object_element(commands, i);
        g_autofree char *word = g_strdup_printf("\n%s\n", name);
        g_autofree char *heading = g_strdup_printf("%s\n~~~", name);

        g_assert_cmpstr(json_object_get_string_member(row, "name"), ==, name);
        g_assert_nonnull(strstr(words, word));
        g_assert_nonnull(strstr(manual, heading));
    }
    for (gsize n = 0; (event = command_set_event_at(set, n)); n++, i++) {
        JsonObject *row = json_array_get_object_element(commands, i);
        g_autofree char *heading = g_strdup_printf("%s\n~~~", event->event->name);

        g_assert_cmpstr(json_object_get_string_member(row, "event"), ==, event->event->name);
        g_assert_nonnull(strstr(manual, heading));
    }
    g_assert_cmpuint(json_array_get_length(commands), ==, i);
}

static void test_unknown_format(void)
{
    g_autoptr(CommandSet) set = command_set_new(families);
    g_autoptr(GError) error = NULL;

    g_assert_null(describe_commands(set, "xml", &error));
    g_assert_true(g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_USAGE));
    kit_expect_error(&error, "unknown schema format xml; use json, rst, man or completion");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/order", test_order);
    g_test_add_func("/commands/state", test_state);
    g_test_add_func("/commands/state-fails", test_state_fails);
    g_test_add_func("/describe/json", test_json);
    g_test_add_func("/describe/all", test_all_described);
    g_test_add_func("/describe/unknown-format", test_unknown_format);
    return g_test_run();
}
