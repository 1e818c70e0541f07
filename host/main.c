/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/cli/completion.h"
#include "host/cli/fleet.h"
#include "host/cli/help.h"
#include "host/cli/manual.h"
#include "host/cli/options.h"
#include "host/cli/targets.h"
#include "host/vm/backend.h"
#include "lib/errors.h"
#include "lib/numbers.h"

/* For code that was interrupted to undo its work. */
#define UNDO_MS 2000
/* For guarded steps: a thaw may wait for the guest's hooks, and a program may not obey at once. */
#define GUARDED_MS 60000
/* How often it is looked whether a guarded step has ended. */
#define GUARD_LOOK_MS 100

typedef struct {
    int signals;  /* signalfd */
    int received; /* eventfd: a signal was taken from signals */
    gint guards;  /* steps under way that a first signal does not end */
} Signals;

/* Whether a signal comes within this time. */
static gboolean signal_comes(const Signals *signals, gint64 ms)
{
    struct pollfd more = { .fd = signals->signals, .events = POLLIN };
    gint64 until = g_get_monotonic_time() + ms * 1000;
    int n;

    do {
        n = poll(&more, 1, (int)MAX((until - g_get_monotonic_time() + 999) / 1000, 0));
    } while (n < 0 && errno == EINTR);
    return n > 0;
}

/* Whether a second signal came before the code that was interrupted had its time. */
static gboolean wait_for_undo(Signals *signals)
{
    gint64 until = g_get_monotonic_time() + GUARDED_MS * 1000;

    if (signal_comes(signals, UNDO_MS))
        return TRUE;
    if (g_atomic_int_get(&signals->guards) == 0)
        return FALSE;
    fprintf(stderr, "guestctl: interrupted; waiting for the guest, a second signal ends guestctl "
                    "at once\n");
    while (g_atomic_int_get(&signals->guards) > 0 && g_get_monotonic_time() < until)
        if (signal_comes(signals, GUARD_LOOK_MS))
            return TRUE;
    return signal_comes(signals, UNDO_MS);
}

/* The thread that waits for signals: a call that hangs anywhere else does not stop it. */
static gpointer obey_signals(gpointer data)
{
    Signals *signals = data;
    struct signalfd_siginfo info;
    guint64 one = 1;
    gboolean again;

    /* Taken from the one only when it is in the other: cancel_fd is readable all the time. */
    while (!signal_comes(signals, G_MAXINT))
        ;
    (void)!write(signals->received, &one, sizeof one);
    while (read(signals->signals, &info, sizeof info) < 0 && errno == EINTR)
        ;
    again = wait_for_undo(signals);
    fprintf(stderr, "guestctl: %s; what was begun with a VM, such as a backup job, continues in "
                    "QEMU or libvirt until the next backup of the VM ends it%s\n",
            again ? "interrupted again" : "interrupted, and failed to undo its work in time",
            g_atomic_int_get(&signals->guards) > 0 ? "; a guest that was frozen stays so until its "
                                                     "agent's time limit" : "");
    _exit(EXIT_FAILURE);
}

static void epoll_add(int epoll, int fd)
{
    struct epoll_event event = { .events = EPOLLIN };

    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/*
 * Readable from the moment a signal is sent, not only once the thread was scheduled: a guest that
 * was frozen meanwhile is thawed rather than used for a snapshot.
 */
static int cancel_fd_new(const Signals *signals)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    epoll_add(epoll, signals->signals);
    epoll_add(epoll, signals->received);
    return epoll;
}

/*
 * Ctrl-C and other signals to end do not end guestctl at once: the context's cancel_fd becomes
 * readable and stays so; code that waits sees that, undoes its work and returns. If that takes
 * too long, or at a second signal, guestctl ends where it is.
 */
static void watch_signals(Context *context)
{
    Signals *signals = g_new0(Signals, 1); /* the thread's, until the process ends */

    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    signals->signals = signalfd(-1, &stop, SFD_CLOEXEC);
    signals->received = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    context->cancel_fd = cancel_fd_new(signals);
    g_thread_unref(g_thread_new("signals", obey_signals, signals));
    context->guards = &signals->guards;
}

static int complain(const Context *context, GError *error)
{
    const char *text = error ? error->message : "failed (no reason reported)";
    int status = g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_USAGE) ? EXIT_USAGE
                                                                           : EXIT_FAILURE;

    if (context->json)
        fleet_print_failure(text);
    fprintf(stderr, "guestctl: %s\n", text);
    g_clear_error(&error);
    return status;
}

static int run_verb(const CommandLine *line, const VerbCall *call)
{
    g_autoptr(GPtrArray) vms = NULL;
    GError *error = NULL;

    if (!verb_call_needs_vm(call))
        vms = g_ptr_array_new();
    else
        vms = targets_find(line->spec, &line->context, &error);
    if (vms && vms->len > 1 && (call->verb->flags & VERB_ONE_VM)) {
        g_set_error(&error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "%s takes one VM at a time",
                    call->verb->name);
        return complain(&line->context, error);
    }
    return vms ? fleet_run(call, &line->context, vms) : complain(&line->context, error);
}

/* Runs the command line's verb. */
static int run(CommandLine *line)
{
    VerbCall call;
    GError *error = NULL;
    int status;

    if (line->version)
        return printf("guestctl %s\n", PACKAGE_VERSION) < 0;
    if (line->help || !line->verb)
        return help_print(line->verb, line->help ? stdout : stderr), line->help ? 0 : EXIT_USAGE;
    if (!verb_parse(line->verb, line->rest, &call, &error))
        return complain(&line->context, error);
    call.spec = line->spec;
    watch_signals(&line->context);
    line->context.backends = backends_start(backend_list, &line->context);
    status = run_verb(line, &call);
    backends_stop(line->context.backends);
    verb_call_clear(&call);
    return status;
}

/*
 * Whatever verb wrote it: output that was lost, such as to a full disk, is a failure. A reader that
 * has gone knows that itself.
 */
static int check_output(int status)
{
    int failure;

    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    failure = errno;
    if (failure != EPIPE)
        fprintf(stderr, "guestctl: failed to write the output: %s\n", g_strerror(failure));
    return status ? status : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    CommandLine line;
    GError *error = NULL;
    int status;

    numbers_prepare();
    setlocale(LC_ALL, "");
    /* guestctl writes UTF-8 whatever the locale; the widths of characters depend on it. */
    if (!g_str_equal(nl_langinfo(CODESET), "UTF-8"))
        setlocale(LC_CTYPE, "C.UTF-8");
    setlocale(LC_NUMERIC, "C"); /* for JSON */
    /* For the build, which makes the completion and the manual page with them. */
    if (argc == 2 && g_str_equal(argv[1], "--completion"))
        return completion_print(stdout), ferror(stdout) || fflush(stdout);
    if (argc == 2 && g_str_equal(argv[1], "--manual"))
        return manual_print(stdout), ferror(stdout) || fflush(stdout);
    status = options_read((const char *const *)argv + 1, &line, &error) ? run(&line)
                                                                      : complain(&line.context,
                                                                                 error);
    g_free((gpointer)line.rest);
    g_clear_pointer(&line.context.images, g_ptr_array_unref);
    return check_output(status);
}
