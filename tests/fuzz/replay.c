/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

/*
 * Stands in for libFuzzer: runs the target over every file of its corpus,
 * tests/fuzz/corpus/NAME for the program fuzz-NAME, or over the files given.
 */

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *files_of(const char *directory)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        g_ptr_array_add(files, g_build_filename(directory, name, NULL));
    g_ptr_array_sort(files, compare_names);
    return files;
}

static char *corpus_of(const char *program)
{
    const char *source = g_getenv("srcdir");
    g_autofree char *base = g_path_get_basename(program);

    return g_build_filename(source ? source : ".", "tests", "fuzz", "corpus",
                            base + strlen("fuzz-"), NULL);
}

/* A finding ends the process; what comes back is done. */
static void replay(const char *path, guint number)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *data = NULL;
    gsize len;

    if (!g_file_get_contents(path, &data, &len, NULL)) {
        printf("not ok %u %s cannot be read\n", number, name);
        return;
    }
    LLVMFuzzerTestOneInput((const uint8_t *)data, len);
    printf("ok %u %s\n", number, name);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    g_autofree char *corpus = corpus_of(argv[0]);
    g_autoptr(GPtrArray) files = argc > 1 ? g_ptr_array_new() : files_of(corpus);

    for (int i = 1; i < argc; i++)
        g_ptr_array_add(files, argv[i]);
    if (files->len == 0) {
        printf("Bail out! no files in %s\n", corpus);
        return EXIT_FAILURE;
    }
    printf("1..%u\n", files->len);
    for (guint i = 0; i < files->len; i++)
        replay(files->pdata[i], i + 1);
    return EXIT_SUCCESS;
}
