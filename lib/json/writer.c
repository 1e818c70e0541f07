/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/json/writer.h"

#include <math.h>
#include <string.h>

#include "lib/json/utf8.h"

static gboolean is_plain(guchar c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static void append_unit(GString *out, guint unit)
{
    static const char digits[] = "0123456789ABCDEF";
    char escape[] = { '\\', 'u', digits[unit >> 12], digits[unit >> 8 & 15],
                      digits[unit >> 4 & 15], digits[unit & 15] };

    g_string_append_len(out, escape, sizeof escape);
}

static void append_code(GString *out, guint32 code)
{
    if (code < 0x10000) {
        append_unit(out, code);
        return;
    }
    code -= 0x10000;
    append_unit(out, 0xD800 + (code >> 10));
    append_unit(out, 0xDC00 + (code & 0x3FF));
}

/* Appends the character at @text, escaped, and returns the bytes it took. */
static gsize append_escaped(GString *out, const char *text, gsize len)
{
    static const char controls[] = "\b\f\n\r\t\"\\";
    static const char letters[] = "bfnrt\"\\";
    const char *found = *text ? strchr(controls, *text) : NULL;
    gsize used = 1;
    gint32 code;

    if (found) {
        g_string_append_c(out, '\\');
        g_string_append_c(out, letters[found - controls]);
        return used;
    }
    code = utf8_decode(text, len, &used);
    append_code(out, code < 0 ? REPLACEMENT_CHARACTER : (guint32)code);
    return used;
}

void json_append_text(GString *out, const char *text, gsize len)
{
    gsize i = 0;

    g_string_append_c(out, '"');
    while (i < len) {
        gsize run = i;

        while (i < len && is_plain((guchar)text[i]))
            i++;
        if (i > run)
            g_string_append_len(out, text + run, (gssize)(i - run));
        if (i < len)
            i += append_escaped(out, text + i, len - i);
    }
    g_string_append_c(out, '"');
}

void json_append_string(GString *out, const char *text)
{
    json_append_text(out, text, strlen(text));
}

void json_append_uint(GString *out, guint64 value)
{
    char digits[20]; /* as many as 2^64 has */
    char *at = digits + sizeof digits;

    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    g_string_append_len(out, at, digits + sizeof digits - at);
}

void json_append_int(GString *out, gint64 value)
{
    if (value < 0)
        g_string_append_c(out, '-');
    json_append_uint(out, value < 0 ? -(guint64)value : (guint64)value);
}

void json_append_double(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    if (isinf(value))
        g_string_append(out, value < 0 ? "-1e999" : "1e999");
    else if (isnan(value))
        g_string_append(out, "null");
    else
        g_string_append(out, g_ascii_formatd(text, sizeof text, "%.17g", value));
}

void json_append_bool(GString *out, gboolean value)
{
    g_string_append(out, value ? "true" : "false");
}

static gboolean is_container(const Value *value)
{
    return value->kind == VALUE_LIST || value->kind == VALUE_OBJECT;
}

static void append_scalar(GString *out, const Value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
        g_string_append(out, "null");
        break;
    case VALUE_BOOL:
        json_append_bool(out, value->boolean);
        break;
    case VALUE_INT:
        json_append_int(out, value->integer);
        break;
    case VALUE_UINT:
        json_append_uint(out, value->uinteger);
        break;
    case VALUE_DOUBLE:
        json_append_double(out, value->number);
        break;
    case VALUE_STRING:
        json_append_text(out, value->string.text, value->string.len);
        break;
    case VALUE_LIST:
    case VALUE_OBJECT:
        break;
    }
}

/* The path down through a value, so that its depth needs no C stack. */
typedef struct {
    const Value *container;
    const Value *next;
} Level;

void json_append_value(GString *out, const Value *value)
{
    g_autoptr(GArray) levels = g_array_new(FALSE, FALSE, sizeof(Level));
    const Value *item = value;

    for (;;) {
        if (is_container(item)) {
            Level level = { item, item->items.first };

            g_string_append_c(out, item->kind == VALUE_LIST ? '[' : '{');
            g_array_append_val(levels, level);
        } else {
            append_scalar(out, item);
        }
        while (levels->len > 0 && !g_array_index(levels, Level, levels->len - 1).next) {
            Level *top = &g_array_index(levels, Level, levels->len - 1);

            g_string_append_c(out, top->container->kind == VALUE_LIST ? ']' : '}');
            g_array_set_size(levels, levels->len - 1);
        }
        if (levels->len == 0)
            return;
        {
            Level *top = &g_array_index(levels, Level, levels->len - 1);

            item = top->next;
            if (item != top->container->items.first)
                g_string_append(out, ", ");
            if (top->container->kind == VALUE_OBJECT) {
                json_append_string(out, item->name);
                g_string_append(out, ": ");
            }
            top->next = item->next;
        }
    }
}
