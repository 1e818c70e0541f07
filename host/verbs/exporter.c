/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "host/cli/fleet.h"
#include "host/cli/targets.h"
#include "host/metrics/exposition.h"
#include "host/metrics/http.h"
#include "host/metrics/metrics.h"
#include "host/vm/backend.h"
#include "lib/errors.h"

/* guestctl [VM,…] exporter */

#define DEFAULT_LISTEN "127.0.0.1:9786"
#define DEFAULT_DEADLINE_S 5
/* Kept from the client's time limit for sending the page. */
#define SPARE_MS 500

typedef struct {
    const Job *job;
    gint64 deadline_ms;
    GMutex lock; /* one scrape at a time: one thread uses a Vm */
} Exporter;

typedef struct {
    Vm *vm;
    gint64 until;
    ExpositionPart *part;
} Scrape;

static void add_frozen(const Scrape *scrape)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-fsfreeze-status");
    gint64 left_ms = (scrape->until - g_get_monotonic_time()) / 1000;
    const Value *status = left_ms > 0 ? vm_ask(scrape->vm, request, left_ms, arena, NULL) : NULL;

    if (status && status->kind == VALUE_STRING)
        exposition_add(scrape->part, "guest_frozen", g_str_equal(status->string.text, "frozen"));
}

/* A bare QEMU is not asked: its monitor serves one client at a time. */
static gboolean add_state(const Scrape *scrape)
{
    VmState state;

    if (!scrape->vm->backend->state_is_shared || !vm_state(scrape->vm, &state, NULL))
        return TRUE;
    exposition_add_labelled(scrape->part, "guestctl_vm_state", "state", vm_state_name(state), 1);
    return state == VM_RUNNING || state == VM_IDLE;
}

static void scrape_one(gpointer data, gpointer unused)
{
    Scrape *scrape = data;
    gint64 began = g_get_monotonic_time();
    g_autoptr(Arena) arena = arena_new();
    gboolean composed = FALSE;
    const Value *metrics =
        add_state(scrape) ? metrics_ask(scrape->vm, scrape->until, arena, &composed, NULL) : NULL;

    (void)unused;
    exposition_add(scrape->part, "guestctl_up", metrics != NULL);
    if (metrics) {
        exposition_add(scrape->part, "guestctl_guestd", !composed);
        exposition_add_metrics(scrape->part, metrics);
        add_frozen(scrape);
    }
    exposition_add(scrape->part, "guestctl_scrape_duration_seconds",
                   (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC);
}

/* All at the same time, each in a thread of its own. */
static void scrape_all(GPtrArray *vms, gint64 until, GString *out)
{
    g_autofree Scrape *scrapes = g_new0(Scrape, vms->len + 1);
    GThreadPool *pool = g_thread_pool_new(scrape_one, NULL, (int)CLAMP(vms->len, 1, 256), FALSE, NULL);
    Exposition *exposition = exposition_new();

    for (guint i = 0; i < vms->len; i++) {
        Vm *vm = vms->pdata[i];

        scrapes[i] = (Scrape){ vm, until, exposition_part_new(vm->name) };
        g_thread_pool_push(pool, &scrapes[i], NULL);
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    for (guint i = 0; i < vms->len; i++)
        exposition_take(exposition, scrapes[i].part);
    exposition_print(exposition, out);
    exposition_free(exposition);
}

/*
 * Each scrape lists the VMs and connects to their agents again: VMs come and go, and a socket kept
 * open would keep other programs out. The connection to libvirt is kept, and made again if it was
 * lost.
 */
static GString *page(const char *path, gint64 budget_ms, int *status, gpointer data)
{
    Exporter *exporter = data;
    const Job *job = exporter->job;
    g_autoptr(GPtrArray) vms = NULL;
    g_autoptr(GError) error = NULL;
    GString *out = g_string_new(NULL);
    gint64 ms = exporter->deadline_ms, came = g_get_monotonic_time();

    if (g_str_equal(path, "/"))
        return g_string_append(out, "guestctl exporter: see /metrics\n");
    if (!g_str_equal(path, "/metrics"))
        return g_string_free(out, TRUE), NULL;
    if (budget_ms > 0)
        ms = CLAMP(budget_ms - SPARE_MS, 1, ms);
    g_mutex_lock(&exporter->lock);
    vms = targets_find(job->call->spec, job->context, &error);
    if (vms) {
        scrape_all(vms, came + ms * 1000, out);
    } else {
        *status = 503;
        g_string_append_printf(out, "%s\n", error->message);
    }
    g_clear_pointer(&vms, g_ptr_array_unref);
    g_mutex_unlock(&exporter->lock);
    return out;
}

/* A signal is the normal end of the exporter. */
static gboolean serve(Job *job, int listener, Exporter *exporter, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (http_serve(listener, job->context->cancel_fd, page, exporter, &problem) ||
        g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_CANCELLED))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

static gboolean exporter_run(Job *job, GError **error)
{
    const char *address = job_option(job, "listen") ? job_option(job, "listen") : DEFAULT_LISTEN;
    Exporter exporter = { .job = job };
    gint64 seconds;
    guint16 port;
    gboolean ok;
    int fd;

    if (!job_number(job, "deadline", DEFAULT_DEADLINE_S, &seconds, error))
        return FALSE;
    fd = http_listen(address, &port, error);
    if (fd < 0)
        return FALSE;
    reporter_warn(&job->reporter, "serving /metrics on %s (port %u)", address, port);
    exporter.deadline_ms = seconds * 1000;
    g_mutex_init(&exporter.lock);
    ok = serve(job, fd, &exporter, error);
    g_mutex_clear(&exporter.lock);
    close(fd);
    return ok;
}

const Verb verb_exporter = {
    .name = "exporter",
    .summary = "Serves the metrics of the VMs to Prometheus",
    .doc = "Each scrape of /metrics asks all VMs, or those named, at the same time. Every program that\n"
           "can connect may read: the exporter listens on loopback unless --listen says otherwise.",
    .options = (const VerbOption[]){
        { "listen", "ADDRESS:PORT", "where; default " DEFAULT_LISTEN },
        { "deadline", "SECONDS", "for a scrape, at most; default 5" },
        { NULL },
    },
    .flags = VERB_NO_VM | VERB_ALL_BY_DEFAULT,
    .run = exporter_run,
};
