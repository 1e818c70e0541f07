/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/policy.h"
#include "agent/schema/rules.h"
#include "lib/errors.h"
#include "tests/unit/kit/kit.h"

/* Profiles, and rules for names; the lists of commands are in test-audit.c. */

typedef struct {
    const char *profile;
    guint served, frozen; /* classes of commands, these with COMMAND_WHILE_FROZEN */
} ProfileCase;

#define READING (COMMAND_SESSION | COMMAND_READS)
#define ENDING COMMAND_QUIESCE /* a freeze must come to an end under any profile */

static const ProfileCase profile_cases[] = {
    { NULL, COMMAND_ANY_CLASS, COMMAND_ANY_CLASS },
    { "full", COMMAND_ANY_CLASS, COMMAND_ANY_CLASS },
    { "backup", READING | COMMAND_QUIESCE, READING | COMMAND_QUIESCE },
    { "monitor", READING, READING | ENDING },
    { "confidential", COMMAND_SESSION | COMMAND_SHUTDOWN,
      COMMAND_SESSION | COMMAND_SHUTDOWN | ENDING },
    { "none such", 0, ENDING },
};

static void test_profiles(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(profile_cases); i++) {
        const ProfileCase *c = &profile_cases[i];
        Settings settings = { .profile = (char *)c->profile };

        for (guint class = COMMAND_SESSION; class & COMMAND_ANY_CLASS; class <<= 1) {
            Command command = { .name = "x", .flags = class };

            g_assert_cmpint(policy_allows(&settings, &command, FALSE), ==,
                            (c->served & class) != 0);
            g_assert_false(policy_allows(&settings, &command, TRUE));
            command.flags |= COMMAND_WHILE_FROZEN;
            g_assert_cmpint(policy_allows(&settings, &command, TRUE), ==,
                            (c->frozen & class) != 0);
        }
    }
}

/* What has no class is in no profile, not even in full; without one it is served. */
static void test_no_class(void)
{
    Command command = { .name = "x", .flags = COMMAND_MUTATING | COMMAND_ROOT_EQUIVALENT };

    for (const Profile *profile = policy_profiles; profile->name; profile++)
        g_assert_false(policy_allows(&(Settings){ .profile = (char *)profile->name }, &command,
                                     FALSE));
    g_assert_true(policy_allows(&(Settings){ 0 }, &command, FALSE));
}

typedef struct {
    const char *user;
    const char *other;
} Names;

static const Type names_type = {
    .kind = TYPE_OBJECT,
    .size = sizeof(Names),
    .fields = (const Field[]){
        OPTIONAL_STRING(Names, user, "user", .rules = RULE_BIT(RULE_PROGRAM_USERS)),
        OPTIONAL_STRING(Names, other, "other"),
        FIELDS_END,
    },
};

/* @list with commas, or NULL. */
static gboolean permits(const char *list, const char *user, char **why)
{
    static const Command command = { .name = "x", .args = &names_type };
    g_auto(GStrv) words = g_strsplit(list ? list : "", ",", -1);
    g_autoptr(GPtrArray) listed = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    Settings settings = { .rules = { [RULE_PROGRAM_USERS] = list ? listed : NULL } };
    Names names = { user, "somebody" };
    gboolean ok;

    for (char **word = words; *word; word++)
        g_ptr_array_add(listed, *word);
    ok = policy_permits(&settings, &command, &names, &error);
    g_assert_true(ok == (error == NULL));
    g_assert_true(ok || g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_FORBIDDEN));
    if (why)
        *why = g_strdup(error->message);
    return ok;
}

static void test_users(void)
{
    g_autofree char *why = NULL;

    g_assert_true(permits(NULL, "anna", NULL));
    g_assert_true(permits("bert,anna", "anna", NULL));
    g_assert_false(permits("bert,anna", "ann", NULL));
    g_assert_false(permits("bert,anna", "ANNA", NULL));
    g_assert_false(permits("bert,anna", "", NULL));
    g_assert_false(permits("", "anna", NULL));
    /* Left out, it is the agent's own. */
    g_assert_false(permits("anna", NULL, NULL));
    g_assert_true(permits("anna,root", NULL, NULL));
    g_assert_false(permits("anna", "root", &why));
    g_assert_cmpstr(why, ==, "user 'root' is not allowed by exec-users");
}

/* Without any field that has a rule there is nothing to refuse. */
static void test_no_arguments(void)
{
    static const Command command = { .name = "x" };
    g_autoptr(GPtrArray) empty = g_ptr_array_new();
    Settings settings = { .rules = { empty, empty, empty, empty, empty, empty } };

    g_assert_true(policy_permits(&settings, &command, NULL, NULL));
}

/* Whether a list of @rule with nothing but @value is one to start with. */
static gboolean is_valid(Rule rule, const char *value)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    Settings settings = { 0 };
    gboolean ok;

    g_ptr_array_add(list, (char *)value);
    settings.rules[rule] = list;
    ok = policy_check(&settings, &error);
    g_assert_true(ok || g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_USAGE));
    return ok;
}

static void test_check(void)
{
    g_assert_true(is_valid(RULE_PROGRAMS, "/usr/bin/*"));
    g_assert_true(is_valid(RULE_READ, "/"));
    g_assert_true(is_valid(RULE_WRITE, "/srv/..data/"));
    g_assert_false(is_valid(RULE_READ, "/srv/.."));
    g_assert_false(is_valid(RULE_READ, ""));
    g_assert_false(is_valid(RULE_PROGRAMS, "bin/true"));
    g_assert_true(is_valid(RULE_KEY_USERS, "anna"));
    g_assert_false(is_valid(RULE_PASSWORD_USERS, ""));
    g_assert_false(policy_check(&(Settings){ .profile = (char *)"all" }, NULL));
    g_assert_true(policy_check(&(Settings){ 0 }, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/profiles", test_profiles);
    g_test_add_func("/policy/no-class", test_no_class);
    g_test_add_func("/policy/users", test_users);
    g_test_add_func("/policy/no-arguments", test_no_arguments);
    g_test_add_func("/policy/check", test_check);
    return g_test_run();
}
