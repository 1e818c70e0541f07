/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/file-case.h"

#include <string.h>

#include "lib/errors.h"
#include "tests/unit/kit/kit.h"

extern const Family family_file;

static gboolean give_handle(gpointer agent, gint64 *handle, GError **error)
{
    FileCase *file_case = agent;

    if (file_case->next_handle < 0)
        return set_error(error, "no handle today");
    *handle = file_case->next_handle++;
    return TRUE;
}

FileCase *file_case_new(void)
{
    FileCase *file_case = g_new0(FileCase, 1);

    file_case->directory = kit_make_directory();
    file_case->sysops = system_ops;
    file_case->next_handle = 1000;
    file_case->services = (Services){ .sysops = &file_case->sysops, .agent = file_case,
                                      .settings = &file_case->settings,
                                      .next_handle = give_handle };
    file_case->state = family_file.init(&file_case->services, NULL);
    return file_case;
}

void file_case_restart(FileCase *file_case)
{
    family_file.free(file_case->state);
    file_case->state = family_file.init(&file_case->services, NULL);
}

void file_case_free(FileCase *file_case)
{
    family_file.free(file_case->state);
    kit_remove_tree(file_case->directory);
    g_free(file_case);
}

static const Command *find_command(const char *name)
{
    g_autofree char *full = g_str_has_prefix(name, "guest") ? g_strdup(name)
                                                            : g_strconcat("guest-file-", name, NULL);

    for (gsize i = 0; family_file.commands[i]; i++)
        if (g_str_equal(family_file.commands[i]->name, full))
            return family_file.commands[i];
    g_error("no command %s", full);
}

static char *run(Call *call, const Command *command, const Value *arguments, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    void *args = arena_alloc(call->arena, command->args->size);

    if (!schema_fill(command->args, arguments, call->arena, args, error))
        return NULL;
    call->args = args;
    if (command->returns)
        call->result = arena_alloc(call->arena, command->returns->size);
    if (!command->run(call, error))
        return NULL;
    if (command->returns)
        schema_dump(command->returns, call->result, FALSE, out);
    return g_strdup(out->str);
}

char *file_case_run(FileCase *file_case, const char *name, const char *arguments)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GString) text = g_string_new(arguments);
    g_autoptr(GError) error = NULL;
    Call call = { .services = &file_case->services, .state = file_case->state, .arena = arena };
    char *result;

    g_string_replace(text, "$", file_case->directory, 0);
    result = run(&call, find_command(name), kit_value(arena, text->str), &error);
    g_assert_true((result != NULL) == (error == NULL));
    if (result)
        return result;
    g_string_assign(text, error->message);
    g_string_replace(text, file_case->directory, "$", 0);
    return g_strdup(text->str);
}

void file_case_expect(FileCase *file_case, const char *name, const char *arguments,
                      const char *wanted)
{
    g_autofree char *got = file_case_run(file_case, name, arguments);

    g_assert_cmpstr(got, ==, wanted);
}

static gint compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *file_case_list(FileCase *file_case)
{
    g_autoptr(GDir) dir = g_dir_open(file_case->directory, 0, NULL);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = file_case_path(file_case, name);
        g_autofree char *contents = NULL;

        /* A FIFO would be waited for. */
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            g_file_get_contents(path, &contents, NULL, NULL);
        g_ptr_array_add(lines, g_strdup_printf("%s=%s", name, contents ? contents : "(none)"));
    }
    g_ptr_array_sort(lines, compare);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv(" ", (char **)lines->pdata);
}

void file_case_expect_list(FileCase *file_case, const char *wanted)
{
    g_autofree char *list = file_case_list(file_case);

    g_assert_cmpstr(list, ==, wanted);
}

char *file_case_path(FileCase *file_case, const char *name)
{
    return g_build_filename(file_case->directory, name, NULL);
}
