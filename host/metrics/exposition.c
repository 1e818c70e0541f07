/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/metrics/exposition.h"

#include <string.h>

#include "host/metrics/exposition-table.h"

/* A guest that tells of more filesystems or disks than that is not believed. */
#define MAX_ITEMS 1024
#define MAX_LABEL 1024

/* A text for each row of the table; rows of one family are printed together. */
struct Exposition {
    GString **samples;
    guint rows;
};

struct ExpositionPart {
    Exposition texts;
    GString *vm; /* the label of the VM, without braces */
    GHashTable *seen; /* sample lines up to their value: twice the same spoils all */
};

static void texts_init(Exposition *texts)
{
    while (figure_rows[texts->rows].family)
        texts->rows++;
    texts->samples = g_new0(GString *, texts->rows);
    for (guint i = 0; i < texts->rows; i++)
        texts->samples[i] = g_string_new(NULL);
}

static void texts_clear(Exposition *texts)
{
    for (guint i = 0; i < texts->rows; i++)
        g_string_free(texts->samples[i], TRUE);
    g_free(texts->samples);
}

Exposition *exposition_new(void)
{
    Exposition *exposition = g_new0(Exposition, 1);

    texts_init(exposition);
    return exposition;
}

void exposition_free(Exposition *exposition)
{
    texts_clear(exposition);
    g_free(exposition);
}

/* name="value", with a comma before all but the first. */
static void append_label(GString *out, const char *name, const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, (gssize)strnlen(value, MAX_LABEL));

    g_string_append_printf(out, "%s%s=\"", out->len ? "," : "", name);
    for (const char *at = valid; *at; at++) {
        if (*at == '\n')
            g_string_append(out, "\\n");
        else if (*at == '"' || *at == '\\')
            g_string_append_printf(out, "\\%c", *at);
        else
            g_string_append_c(out, *at);
    }
    g_string_append_c(out, '"');
}

ExpositionPart *exposition_part_new(const char *vm)
{
    ExpositionPart *part = g_new0(ExpositionPart, 1);

    texts_init(&part->texts);
    part->vm = g_string_new(NULL);
    append_label(part->vm, "vm", vm);
    part->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return part;
}

void exposition_part_free(ExpositionPart *part)
{
    texts_clear(&part->texts);
    g_string_free(part->vm, TRUE);
    g_hash_table_unref(part->seen);
    g_free(part);
}

static void add_sample(ExpositionPart *part, guint row, const char *labels, double value)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    char *line = g_strdup_printf("%s{%s}", figure_rows[row].family, labels);

    if (g_hash_table_contains(part->seen, line)) {
        g_free(line);
        return;
    }
    g_ascii_formatd(number, sizeof number, "%.15g", value);
    g_string_append_printf(part->texts.samples[row], "%s %s\n", line, number);
    g_hash_table_add(part->seen, line);
}

static void add_own(ExpositionPart *part, const char *family, const char *labels, double value)
{
    for (guint i = 0; i < part->texts.rows; i++) {
        if (!g_str_equal(figure_rows[i].family, family))
            continue;
        add_sample(part, i, labels, value);
        return;
    }
    g_assert_not_reached();
}

void exposition_add(ExpositionPart *part, const char *family, double value)
{
    add_own(part, family, part->vm->str, value);
}

void exposition_add_labelled(ExpositionPart *part, const char *family, const char *label,
                             const char *value, double number)
{
    g_autoptr(GString) labels = g_string_new(part->vm->str);

    append_label(labels, label, value);
    add_own(part, family, labels->str, number);
}

/* Goes down the names between the dots of @path; "" is @from itself. */
static const Value *find_path(const Value *from, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);

    for (char **name = names; *name && **name; name++)
        from = value_get(from, *name);
    return from;
}

static void add_figure(ExpositionPart *part, guint row, const Value *object, const GString *labels)
{
    const FigureRow *figure = &figure_rows[row];
    g_autoptr(GString) all = g_string_new(labels->str);
    double value = value_number(object, figure->member, -1);

    if (value < 0)
        return;
    if (figure->label)
        append_label(all, figure->label, figure->label_value);
    add_sample(part, row, all->str, value * figure->scale);
}

static const FigureList *find_list(const char *path)
{
    for (const FigureList *list = figure_lists; list->path; list++)
        if (g_str_equal(list->path, path))
            return list;
    return NULL;
}

static void add_items(ExpositionPart *part, guint row, const FigureList *list, const Value *items)
{
    guint n = 0;

    VALUE_EACH (item, items) {
        g_autoptr(GString) labels = g_string_new(part->vm->str);

        if (++n > MAX_ITEMS)
            return;
        for (gsize i = 0; i < G_N_ELEMENTS(list->labels) && list->labels[i].member; i++)
            append_label(labels, list->labels[i].label,
                         value_string(item, list->labels[i].member, ""));
        add_figure(part, row, item, labels);
    }
}

void exposition_add_metrics(ExpositionPart *part, const Value *metrics)
{
    for (guint i = 0; i < part->texts.rows; i++) {
        const FigureRow *row = &figure_rows[i];
        const FigureList *list = row->member ? find_list(row->path) : NULL;

        if (list)
            add_items(part, i, list, value_get(metrics, list->path));
        else if (row->member)
            add_figure(part, i, find_path(metrics, row->path), part->vm);
    }
}

void exposition_take(Exposition *exposition, ExpositionPart *part)
{
    for (guint i = 0; i < exposition->rows; i++)
        g_string_append_len(exposition->samples[i], part->texts.samples[i]->str,
                            (gssize)part->texts.samples[i]->len);
    exposition_part_free(part);
}

/* Whether the family that begins in @row has any sample. */
static gboolean has_samples(const Exposition *exposition, guint row)
{
    const char *family = figure_rows[row].family;

    for (; row < exposition->rows && g_str_equal(figure_rows[row].family, family); row++)
        if (exposition->samples[row]->len > 0)
            return TRUE;
    return FALSE;
}

void exposition_print(const Exposition *exposition, GString *out)
{
    for (guint i = 0; i < exposition->rows; i++) {
        const FigureRow *row = &figure_rows[i];
        gboolean first = i == 0 || !g_str_equal(figure_rows[i - 1].family, row->family);

        if (first && has_samples(exposition, i))
            g_string_append_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->family, row->help,
                                   row->family, row->type);
        g_string_append_len(out, exposition->samples[i]->str,
                            (gssize)exposition->samples[i]->len);
    }
}
