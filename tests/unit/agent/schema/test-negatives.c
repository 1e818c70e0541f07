/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "agent/core/job.h"
#include "commands/registry.h"
#include "lib/json/writer.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/sample-types.h"

/*
 * From each command's table: arguments that are right, and from those every way
 * to get one place of them wrong, with the text that QEMU has for it. Requests go
 * all the way to the handler, which is not run.
 */

typedef enum { RIGHT, LEFT_OUT, REPLACED, ADDED } Change;

/* What is done to the arguments at @path; for ADDED, the path of an object. */
typedef struct {
    Change change;
    const char *path;
    const char *text; /* of the new value */
} Fault;

typedef struct {
    char *path;
    const char *name; /* NULL for an element of a list */
    const Type *type;
    gboolean required;
} Place;

typedef struct {
    const CommandSet *set;
    const Services *services;
    const Command *command;
    GArray *places;
    guint tried;
} Walk;

static void place_clear(gpointer data)
{
    g_free(((Place *)data)->path);
}

static char *member_path(const char *path, const char *name)
{
    return *path ? g_strdup_printf("%s.%s", path, name) : g_strdup(name);
}

static void collect_fields(GArray *places, const Type *type, const char *path);

static void collect_below(GArray *places, const Type *type, const char *path)
{
    if (type->kind == TYPE_OBJECT) {
        collect_fields(places, type, path);
    } else if (type->kind == TYPE_LIST) {
        Place item = { .path = g_strdup_printf("%s[0]", path), .type = type->item };

        g_array_append_val(places, item);
        collect_below(places, type->item, item.path);
    }
}

static void collect_fields(GArray *places, const Type *type, const char *path)
{
    for (const Field *field = type->fields; field->name; field++) {
        Place place = { .path = member_path(path, field->name),
                        .name = field->name,
                        .type = field->type,
                        .required = !(field->flags & FIELD_OPTIONAL) };

        g_array_append_val(places, place);
        collect_below(places, field->type, place.path);
    }
}

static void append_value(GString *out, const Type *type, const char *path, const Fault *fault);

static void append_object(GString *out, const Type *type, const char *path, const Fault *fault)
{
    const char *separator = "";

    g_string_append_c(out, '{');
    if (fault->change == ADDED && g_str_equal(path, fault->path)) {
        g_string_append(out, "\"no-such-member\": 1");
        separator = ", ";
    }
    for (const Field *field = type->fields; field->name; field++) {
        g_autofree char *below = member_path(path, field->name);

        if (fault->change == LEFT_OUT && g_str_equal(below, fault->path))
            continue;
        g_string_append(out, separator);
        json_append_string(out, field->name);
        g_string_append(out, ": ");
        append_value(out, field->type, below, fault);
        separator = ", ";
    }
    g_string_append_c(out, '}');
}

/* A value that @type accepts, but for the fault. */
static void append_value(GString *out, const Type *type, const char *path, const Fault *fault)
{
    g_autofree char *item = g_strdup_printf("%s[0]", path);

    if (fault->change == REPLACED && g_str_equal(path, fault->path)) {
        g_string_append(out, fault->text);
        return;
    }
    switch (type->kind) {
    case TYPE_INT:
    case TYPE_UINT64:
    case TYPE_NUMBER:
        g_string_append(out, "1");
        break;
    case TYPE_BOOL:
        g_string_append(out, "true");
        break;
    case TYPE_STRING:
    case TYPE_BASE64:
        g_string_append(out, "\"text\"");
        break;
    case TYPE_ENUM:
    case TYPE_ALTERNATE:
        json_append_string(out, type->values[0]);
        break;
    case TYPE_LIST:
        g_string_append_c(out, '[');
        append_value(out, type->item, item, fault);
        g_string_append_c(out, ']');
        break;
    case TYPE_OBJECT:
        append_object(out, type, path, fault);
        break;
    }
}

/* Sends the request up to its handler; @wanted is the error's text or NULL. */
static void try_request(Walk *walk, const char *arguments, const char *wanted)
{
    g_autofree char *text = g_strdup_printf("{\"execute\": \"%s\", \"arguments\": %s}",
                                            walk->command->name, arguments);
    Frame frame = { .kind = FRAME_MESSAGE, .data = g_strdup(text), .len = strlen(text) };
    Job *job = job_new(&frame, walk->set, walk->services);
    gboolean ok = job_prepare(job, walk->services->settings, FALSE);

    if (ok != (wanted == NULL) || (wanted && strcmp(job->error->message, wanted) != 0))
        g_error("%s: '%s' instead of '%s'", text, ok ? "" : job->error->message,
                wanted ? wanted : "");
    job_free(job);
    walk->tried++;
}

static void try_fault(Walk *walk, const Fault *fault, const char *wanted)
{
    g_autoptr(GString) arguments = g_string_new(NULL);

    append_object(arguments, walk->command->args, "", fault);
    try_request(walk, arguments->str, wanted);
}

static gboolean is_one_of(const char *text, const char *const *texts)
{
    return g_strv_contains(texts, text);
}

/* Whether @type takes the JSON value @text, one of the sample values. */
static gboolean accepts(const Type *type, const char *text)
{
    switch (type->kind) {
    case TYPE_INT:
        return is_one_of(text, (const char *const[]){ "1", "-1", NULL });
    case TYPE_UINT64:
        return is_one_of(text, (const char *const[]){ "1", "-1", "18446744073709551615", NULL });
    case TYPE_NUMBER:
        return is_one_of(text,
                         (const char *const[]){ "1", "-1", "18446744073709551615", "1.5", NULL });
    case TYPE_BOOL:
        return g_str_equal(text, "true");
    case TYPE_STRING:
    case TYPE_BASE64:
        return *text == '"';
    case TYPE_LIST:
        return *text == '[';
    case TYPE_ALTERNATE:
        return accepts(type->item, text);
    default:
        return FALSE;
    }
}

static char *wrong_type_text(const Place *place, const char *text)
{
    static const char *const names[] = {
        [TYPE_INT] = "integer",    [TYPE_NUMBER] = "number", [TYPE_BOOL] = "boolean",
        [TYPE_STRING] = "string",  [TYPE_ENUM] = "string",   [TYPE_LIST] = "array",
        [TYPE_OBJECT] = "object",  [TYPE_BASE64] = "string",
    };
    const Type *type = place->type;
    const char *name = place->name ? place->name : "null";

    if ((type->kind == TYPE_ENUM || type->kind == TYPE_ALTERNATE) && *text == '"')
        return g_strdup_printf("Parameter '%s' does not accept value 'no such value'", name);
    /* A number that is no integer is still taken for the integer of the two. */
    if (type->kind == TYPE_ALTERNATE && type->item->kind == TYPE_INT && g_ascii_isdigit(*text))
        type = type->item;
    if (type->kind == TYPE_ALTERNATE)
        return g_strdup_printf("Invalid parameter type for '%s', expected: %s", name, type->name);
    if (type->kind == TYPE_UINT64)
        return g_strdup_printf("Parameter '%s' expects uint64", place->path);
    return g_strdup_printf("Invalid parameter type for '%s', expected: %s", place->path,
                           names[type->kind]);
}

static void try_wrong_types(Walk *walk, const Place *place)
{
    static const char *const samples[] = { "null",  "true", "1", "-1", "18446744073709551615",
                                           "1.5",   "1e400", "\"no such value\"", "[]", "{}" };

    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        Fault fault = { REPLACED, place->path, samples[i] };
        g_autofree char *wanted = NULL;

        /* An empty object may be at fault for another reason. */
        if (place->type->kind == TYPE_OBJECT && *samples[i] == '{')
            continue;
        if (place->type->kind == TYPE_NUMBER && g_str_equal(samples[i], "1e400"))
            continue;
        if (!accepts(place->type, samples[i]))
            wanted = wrong_type_text(place, samples[i]);
        try_fault(walk, &fault, wanted);
    }
}

static void try_place(Walk *walk, const Place *place)
{
    Fault left_out = { LEFT_OUT, place->path, NULL };
    Fault added = { ADDED, place->path, NULL };
    g_autofree char *missing = g_strdup_printf("Parameter '%s' is missing", place->path);
    g_autofree char *unexpected =
        g_strdup_printf("Parameter '%s.no-such-member' is unexpected", place->path);

    try_wrong_types(walk, place);
    if (place->name)
        try_fault(walk, &left_out, place->required ? missing : NULL);
    if (place->type->kind == TYPE_OBJECT)
        try_fault(walk, &added, unexpected);
}

static void try_command(Walk *walk)
{
    static const Fault right = { RIGHT, "", NULL };
    static const Fault added = { ADDED, "", NULL };
    static const char unexpected[] = "Parameter 'no-such-member' is unexpected";

    if (!walk->command->args) {
        try_request(walk, "{}", NULL);
        try_request(walk, "{\"no-such-member\": null}", unexpected);
        return;
    }
    walk->places = g_array_new(FALSE, FALSE, sizeof(Place));
    g_array_set_clear_func(walk->places, place_clear);
    collect_fields(walk->places, walk->command->args, "");
    try_fault(walk, &right, NULL);
    try_fault(walk, &added, unexpected);
    for (guint i = 0; i < walk->places->len; i++)
        try_place(walk, &g_array_index(walk->places, Place, i));
    g_array_unref(walk->places);
}

static guint walk_families(const Family *const *families)
{
    g_autoptr(CommandSet) set = command_set_new(families);
    Settings settings = { .listen_fd = -1 };
    Services services = { .settings = &settings };
    Walk walk = { .set = set, .services = &services };
    const CommandEntry *entry;

    for (gsize i = 0; (entry = command_set_at(set, i)); i++) {
        walk.command = entry->command;
        try_command(&walk);
    }
    return walk.tried;
}

static const Command command = { .name = "sample", .args = &sample_type };
static const Family family = {
    .name = "sample",
    .commands = (const Command *const[]){ &command, NULL },
};

/* That the generator finds all there is to find, on a table with everything in it. */
static void test_sample(void)
{
    const Family *const families[] = { &family, NULL };
    const guint places = 20, objects = 3;

    /* For each place ten values, and being left out; less what cannot be said. */
    g_assert_cmpuint(walk_families(families), >, places * 9 + objects);
}

static void test_all_commands(void)
{
    g_assert_cmpuint(walk_families(command_families), >, 20);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/negatives/sample", test_sample);
    g_test_add_func("/negatives/all-commands", test_all_commands);
    return g_test_run();
}
