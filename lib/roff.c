/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/roff.h"

#include <string.h>

static gboolean at_line_start(const GString *out)
{
    return out->len == 0 || out->str[out->len - 1] == '\n';
}

static void append_newline(GString *out, const char *next)
{
    if (!at_line_start(out))
        g_string_append_c(out, '\n');
    if (*next == '\n')
        g_string_append(out, ".PP\n");
}

static void append_char(GString *out, gunichar c)
{
    /* A request begins with either of them. */
    if (at_line_start(out) && (c == '.' || c == '\''))
        g_string_append(out, "\\&");
    switch (c) {
    case '\\':
        g_string_append(out, "\\e");
        break;
    case '-':
        g_string_append(out, "\\-");
        break;
    /* Typesetters curl these; shells need them straight. */
    case '\'':
        g_string_append(out, "\\(aq");
        break;
    case '`':
        g_string_append(out, "\\(ga");
        break;
    case '^':
        g_string_append(out, "\\(ha");
        break;
    case '~':
        g_string_append(out, "\\(ti");
        break;
    case 0x2026: /* not in all fonts of terminals */
        g_string_append(out, "...");
        break;
    default:
        if (c < 0x80)
            g_string_append_c(out, (char)c);
        else
            g_string_append_printf(out, "\\[u%04X]", c);
    }
}

void roff_text(GString *out, const char *text)
{
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        if (*at == '\n')
            append_newline(out, at + 1);
        else
            append_char(out, g_utf8_get_char(at));
    }
}

static void in_font(GString *out, char font, const char *text)
{
    g_string_append_printf(out, "\\f%c", font);
    roff_text(out, text);
    g_string_append(out, "\\fR");
}

void roff_bold(GString *out, const char *text)
{
    in_font(out, 'B', text);
}

void roff_italic(GString *out, const char *text)
{
    in_font(out, 'I', text);
}

void roff_sentence(GString *out, const char *text)
{
    g_autofree char *capital = g_strdup(text);

    /* A name at the start of a sentence is not capitalised. */
    if (strcspn(capital, " -=,") == strcspn(capital, " ,"))
        *capital = g_ascii_toupper(*capital);
    roff_text(out, capital);
    g_string_append(out, strlen(text) && strchr(".!?", text[strlen(text) - 1]) ? "\n" : ".\n");
}
