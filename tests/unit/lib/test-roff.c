/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/roff.h"

/* What is in the tables is text, whatever roff would read in it. */
static void test_text(void)
{
    static const struct {
        const char *text, *roff;
    } cases[] = {
        { "plain words", "plain words" },
        { "--dump-conf", "\\-\\-dump\\-conf" },
        { ".hidden", "\\&.hidden" },
        { "'quoted'", "\\&\\(aqquoted\\(aq" },
        { "a.b 'c", "a.b \\(aqc" },
        { "\\xff", "\\exff" },
        { "one\n.two\n'three", "one\n\\&.two\n\\&\\(aqthree" },
        { "one\n\ntwo", "one\n.PP\ntwo" },
        { "~/.ssh ^ `x`", "\\(ti/.ssh \\(ha \\(gax\\(ga" },
        { "more…", "more..." },
        { "Grüße, 漢", "Gr\\[u00FC]\\[u00DF]e, \\[u6F22]" },
        { "", "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) out = g_string_new(NULL);

        roff_text(out, cases[i].text);
        g_assert_cmpstr(out->str, ==, cases[i].roff);
    }
}

static void test_sentence(void)
{
    static const struct {
        const char *text, *roff;
    } cases[] = {
        { "become a daemon", "Become a daemon.\n" },
        { "err-data lacks it", "err\\-data lacks it.\n" },
        { "NAME=value", "NAME=value.\n" },
        { "and so on.", "And so on.\n" },
        { "what now?", "What now?\n" },
        { "r, w or a", "R, w or a.\n" },
        { ".bak is passed over", "\\&.bak is passed over.\n" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) out = g_string_new(NULL);

        roff_sentence(out, cases[i].text);
        g_assert_cmpstr(out->str, ==, cases[i].roff);
    }
}

/* A font begins in the line, so that what is bold is no request either. */
static void test_fonts(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    roff_bold(out, ".dot");
    roff_italic(out, "A-B");
    g_assert_cmpstr(out->str, ==, "\\fB.dot\\fR\\fIA\\-B\\fR");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/roff/text", test_text);
    g_test_add_func("/roff/sentence", test_sentence);
    g_test_add_func("/roff/fonts", test_fonts);
    return g_test_run();
}
