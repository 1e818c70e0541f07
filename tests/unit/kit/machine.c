/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/machine.h"

#include <string.h>
#include <unistd.h>

#include "tests/unit/kit/kit.h"

static void make_parents(const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
}

/* Makes the link or directory that @line names, or starts a file: returns its path. */
static char *make_entry(const char *directory, const char *line)
{
    const char *arrow = strstr(line, " -> ");
    g_autofree char *name = arrow ? g_strndup(line, (gsize)(arrow - line)) : g_strdup(line);
    g_autofree char *path = g_strconcat(directory, name, NULL);

    make_parents(path);
    if (arrow) {
        g_assert_cmpint(symlink(arrow + strlen(" -> "), path), ==, 0);
        return NULL;
    }
    if (g_str_has_suffix(path, "/")) {
        g_assert_cmpint(g_mkdir_with_parents(path, 0700), ==, 0);
        return NULL;
    }
    return g_steal_pointer(&path);
}

static void write_file(char **path, GString *text)
{
    g_autoptr(GError) error = NULL;

    if (*path) {
        g_file_set_contents(*path, text->str, (gssize)text->len, &error);
        g_assert_no_error(error);
    }
    g_clear_pointer(path, g_free);
    g_string_truncate(text, 0);
}

static void unpack(const char *directory, const char *tree)
{
    g_auto(GStrv) lines = g_strsplit(tree, "\n", -1);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *path = NULL;

    for (gsize i = 0; lines[i]; i++) {
        const char *line = lines[i];

        if (line[0] == '|') {
            g_string_append_printf(text, "%s\n", line[1] ? line + 2 : "");
        } else if (line[0] && line[0] != '#') {
            write_file(&path, text);
            path = make_entry(directory, line);
        }
    }
    write_file(&path, text);
}

Machine *machine_new_from_text(const char *tree)
{
    g_autoptr(GError) error = NULL;
    Machine *machine = g_new0(Machine, 1);

    machine->directory = kit_make_directory();
    unpack(machine->directory, tree);
    machine->sysroot = sysroot_new(machine->directory, &error);
    g_assert_no_error(error);
    return machine;
}

void machine_add(Machine *machine, const char *tree)
{
    unpack(machine->directory, tree);
}

char *machine_read_data(const char *machine, const char *file)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "machines", machine, file,
                                                  NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_true(text || g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT));
    return text;
}

Machine *machine_new(const char *name)
{
    g_autofree char *tree = machine_read_data(name, "tree");

    g_assert_nonnull(tree);
    return machine_new_from_text(tree);
}

void machine_free(Machine *machine)
{
    if (!machine)
        return;
    sysroot_free(machine->sysroot);
    kit_remove_tree(machine->directory);
    g_free(machine);
}

static const Command *find_command(const Family *family, const char *name)
{
    for (gsize i = 0; family->commands[i]; i++)
        if (g_str_equal(family->commands[i]->name, name))
            return family->commands[i];
    g_error("no command %s in the family %s", name, family->name);
}

/* A list is written with each element on a line of its own, as files of results are. */
static char *as_text(const Type *type, const void *result)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const List *list = result;

    if (type->kind != TYPE_LIST)
        schema_dump(type, result, FALSE, out);
    for (gsize i = 0; type->kind == TYPE_LIST && i < list->len; i++) {
        schema_dump(type->item, (const char *)list->items + i * type->item->size, FALSE, out);
        g_string_append_c(out, '\n');
    }
    return g_strdup(out->str);
}

static char *run(Call *call, const Command *command, const char *arguments, GError **error)
{
    const Value *given = arguments ? kit_value(call->arena, arguments) : NULL;
    void *args;

    if (command->args) {
        args = arena_alloc(call->arena, command->args->size);
        if (!schema_fill(command->args, given, call->arena, args, error))
            return NULL;
        call->args = args;
    }
    if (command->returns)
        call->result = arena_alloc(call->arena, command->returns->size);
    if (!command->run(call, error))
        return NULL;
    if (!command->returns)
        return g_strdup("{}");
    return as_text(command->returns, call->result);
}

char *machine_run(const Machine *machine, const Family *family, void *state, const char *name,
                  const char *arguments, GError **error)
{
    Services services = { .sysroot = machine->sysroot, .sysops = machine->sysops,
                          .settings = machine->settings };
    void *own_state = state || !family->init ? NULL : family->init(&services, error);
    g_autoptr(Arena) arena = arena_new();
    Call call = { .services = &services, .state = state ? state : own_state, .arena = arena };
    char *result = run(&call, find_command(family, name), arguments, error);

    if (own_state)
        family->free(own_state);
    return result;
}

static gint compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **machine_names(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "machines", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
    GPtrArray *names = g_ptr_array_new();
    const char *name;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}
