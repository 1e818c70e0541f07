/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/metrics/exposition.h"

#include <string.h>

#include "lib/json/reader.h"

/* The page of one VM with these @metrics, a JSON text. */
static char *page_of(const char *vm, const char *metrics)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup(metrics);
    Value *value = json_read(arena, text, strlen(text), &error);
    Exposition *exposition = exposition_new();
    ExpositionPart *part = exposition_part_new(vm);
    GString *out = g_string_new(NULL);

    g_assert_no_error(error);
    exposition_add_metrics(part, value);
    exposition_take(exposition, part);
    exposition_print(exposition, out);
    exposition_free(exposition);
    return g_string_free(out, FALSE);
}

static void test_figures(void)
{
    g_autofree char *page = page_of("web", "{\"uptime-ms\": 1500, \"load\": {\"load1m\": 0.25}, "
                                           "\"cpu\": {\"user-ms\": 2000, \"idle-ms\": 500}}");

    g_assert_cmpstr(page, ==,
                    "# HELP guest_uptime_seconds Time since the start of the guest.\n"
                    "# TYPE guest_uptime_seconds gauge\n"
                    "guest_uptime_seconds{vm=\"web\"} 1.5\n"
                    "# HELP guest_load1 Load average over 1 minute.\n"
                    "# TYPE guest_load1 gauge\n"
                    "guest_load1{vm=\"web\"} 0.25\n"
                    "# HELP guest_cpu_seconds_total Time that all CPUs together spent in each mode.\n"
                    "# TYPE guest_cpu_seconds_total counter\n"
                    "guest_cpu_seconds_total{vm=\"web\",mode=\"user\"} 2\n"
                    "guest_cpu_seconds_total{vm=\"web\",mode=\"idle\"} 0.5\n");
}

/* A guest that reports an item twice must not spoil the samples of the others. */
static void test_lists(void)
{
    g_autofree char *page = page_of("web",
        "{\"disks\": [{\"name\": \"vda\", \"read-bytes\": 1}, {\"name\": \"vda\", \"read-bytes\": 2}, "
        "{\"name\": \"vdb\", \"read-bytes\": 3}, 7, {\"read-bytes\": \"many\"}]}");

    g_assert_nonnull(strstr(page, "{vm=\"web\",disk=\"vda\"} 1\n"));
    g_assert_null(strstr(page, "{vm=\"web\",disk=\"vda\"} 2\n"));
    g_assert_nonnull(strstr(page, "{vm=\"web\",disk=\"vdb\"} 3\n"));
    g_assert_null(strstr(page, "many"));
}

static void test_wrong_types(void)
{
    static const char *const rows[] = {
        "{}", "{\"load\": 7}", "{\"load\": {\"load1m\": \"high\"}}", "{\"disks\": {}}",
        "{\"uptime-ms\": -1}", "{\"cpu\": []}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *page = page_of("web", rows[i]);

        g_assert_cmpstr(page, ==, "");
    }
}

static void test_labels(void)
{
    static const struct {
        const char *vm, *wanted;
    } rows[] = {
        { "a\"b", "guest_users{vm=\"a\\\"b\"} 1\n" },
        { "a\\b", "guest_users{vm=\"a\\\\b\"} 1\n" },
        { "a\nb", "guest_users{vm=\"a\\nb\"} 1\n" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *page = page_of(rows[i].vm, "{\"users\": 1}");

        g_assert_nonnull(strstr(page, rows[i].wanted));
    }
}

static void test_long_label(void)
{
    g_autofree char *name = g_strnfill(5000, 'n');
    g_autofree char *page = page_of(name, "{\"users\": 1}");

    g_assert_cmpuint(strlen(page), <, 1500);
}

/* Samples of several VMs stand together, under one heading for each family. */
static void test_several(void)
{
    Exposition *exposition = exposition_new();
    GString *out = g_string_new(NULL);

    for (int i = 0; i < 2; i++) {
        ExpositionPart *part = exposition_part_new(i == 0 ? "one" : "two");

        exposition_add(part, "guestctl_up", i);
        exposition_add_labelled(part, "guestctl_vm_state", "state", "running", 1);
        exposition_take(exposition, part);
    }
    exposition_print(exposition, out);
    g_assert_cmpstr(out->str, ==,
                    "# HELP guestctl_up Whether the agent of the guest answered.\n"
                    "# TYPE guestctl_up gauge\n"
                    "guestctl_up{vm=\"one\"} 0\n"
                    "guestctl_up{vm=\"two\"} 1\n"
                    "# HELP guestctl_vm_state 1 for the state that the VM is in, by libvirt.\n"
                    "# TYPE guestctl_vm_state gauge\n"
                    "guestctl_vm_state{vm=\"one\",state=\"running\"} 1\n"
                    "guestctl_vm_state{vm=\"two\",state=\"running\"} 1\n");
    g_string_free(out, TRUE);
    exposition_free(exposition);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exposition/figures -> families with labels", test_figures);
    g_test_add_func("/exposition/lists/item reported twice -> first counts", test_lists);
    g_test_add_func("/exposition/members of another type -> no sample", test_wrong_types);
    g_test_add_func("/exposition/labels/special characters -> escaped", test_labels);
    g_test_add_func("/exposition/labels/too long -> cut", test_long_label);
    g_test_add_func("/exposition/several VMs -> one heading a family", test_several);
    return g_test_run();
}
