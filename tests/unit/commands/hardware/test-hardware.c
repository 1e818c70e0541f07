/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"

/*
 * CPUs and memory blocks whose attributes refuse what is written. What the commands
 * answer on other machines is in data/hardware, and compared with the reference by
 * tests/conformance/hardware.
 */

extern const Family family_vcpus, family_memory;

#define TREE                                                                                       \
    "/sys/devices/system/cpu/cpu0/\n"                                                              \
    "/sys/devices/system/cpu/cpu1/online\n| 1\n"                                                   \
    "/sys/devices/system/cpu/cpu2/online\n| 0\n"                                                   \
    "/sys/devices/system/cpu/cpu3/online\n| 1\n"                                                   \
    "/sys/devices/system/memory/memory4/state\n| offline\n"                                        \
    "/sys/devices/system/memory/memory5/state\n| online\n"

/* Accepts "1" and "online", and fails for other words. */
static int write_busy(int fd, const char *word)
{
    if (g_str_equal(word, "1") || g_str_equal(word, "online"))
        return system_ops.write_attribute(fd, word);
    errno = EBUSY;
    return -1;
}

static int write_never(int fd, const char *word)
{
    (void)fd;
    g_test_message("%s is written", word);
    g_test_fail();
    return 0;
}

static const SysOps busy_ops = { .write_attribute = write_busy };
static const SysOps quiet_ops = { .write_attribute = write_never };

static char *ask(const SysOps *sysops, const char *command, const char *arguments, GError **error)
{
    g_autoptr(Machine) machine = machine_new_from_text(TREE);

    machine->sysops = sysops;
    return machine_run(machine, strstr(command, "vcpus") ? &family_vcpus : &family_memory, NULL,
                       command, arguments, error);
}

static void expect(const SysOps *sysops, const char *command, const char *arguments,
                   const char *wanted)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *found = ask(sysops, command, arguments, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(found, ==, wanted);
}

#define CPU(id, on) "{\"logical-id\": " id ", \"online\": " on "}"
#define BLOCK(index, on) "{\"phys-index\": " index ", \"online\": " on "}"

/* The first failure is the reply; a later one only stops the work. */
static void test_cpu_refuses(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *log = NULL;

    g_assert_null(ask(&busy_ops, "guest-set-vcpus", "{\"vcpus\": [" CPU("1", "false") "]}", &error));
    kit_expect_error(&error, "pwrite(\"/sys/devices/system/cpu/cpu1//online\"): "
                             "Device or resource busy");
    g_free(kit_take_log());
    expect(&busy_ops, "guest-set-vcpus",
           "{\"vcpus\": [" CPU("0", "true") ", " CPU("2", "true") ", " CPU("1", "false") ", " CPU(
               "3", "true") "]}",
           "2");
    log = kit_take_log();
    g_assert_cmpstr(log, ==,
                    "guest-set-vcpus stopped after 2: pwrite(\"/sys/devices/system/cpu/"
                    "cpu1//online\"): Device or resource busy\n");
}

static void test_block_refuses(void)
{
    expect(&busy_ops, "guest-set-memory-blocks",
           "{\"mem-blks\": [" BLOCK("5", "false") ", " BLOCK("4", "true") "]}",
           "{\"response\": \"operation-failed\", \"error-code\": 16, \"phys-index\": 5}\n"
           "{\"response\": \"success\", \"phys-index\": 4}\n");
}

/* A state that is right already is not written, and a list with an invalid end is not used. */
static void test_nothing_to_do(void)
{
    g_autoptr(GError) error = NULL;

    expect(&quiet_ops, "guest-set-vcpus",
           "{\"vcpus\": [" CPU("0", "true") ", " CPU("1", "true") ", " CPU("2", "false") "]}", "3");
    expect(&quiet_ops, "guest-set-vcpus", "{\"vcpus\": []}", "0");
    expect(&quiet_ops, "guest-set-memory-blocks",
           "{\"mem-blks\": [" BLOCK("4", "false") ", " BLOCK("5", "true") "]}",
           "{\"response\": \"success\", \"phys-index\": 4}\n"
           "{\"response\": \"success\", \"phys-index\": 5}\n");
    expect(&quiet_ops, "guest-set-memory-blocks", "{\"mem-blks\": []}", "");
    g_assert_null(ask(&quiet_ops, "guest-set-vcpus",
                      "{\"vcpus\": [" CPU("1", "false") ", {\"logical-id\": 2}]}", &error));
    kit_expect_error(&error, "Parameter 'vcpus[1].online' is missing");
    g_assert_null(ask(&quiet_ops, "guest-set-memory-blocks",
                      "{\"mem-blks\": [" BLOCK("4", "true") ", {\"online\": true}]}", &error));
    kit_expect_error(&error, "Parameter 'mem-blks[1].phys-index' is missing");
}

/* The word, all of it and nothing else. */
static void test_write(void)
{
    int ends[2];
    char text[8] = "";

    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(system_ops.write_attribute(ends[1], "online"), ==, 0);
    g_assert_cmpint(read(ends[0], text, sizeof text), ==, strlen("online"));
    g_assert_cmpstr(text, ==, "online");
    g_assert_cmpint(system_ops.write_attribute(ends[0], "online"), ==, -1);
    g_assert_cmpint(errno, ==, EBADF);
    close(ends[0]);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    g_test_add_func("/hardware/cpu/kernel refuses -> error", test_cpu_refuses);
    g_test_add_func("/hardware/memory/kernel refuses -> result of the block", test_block_refuses);
    g_test_add_func("/hardware/state as wanted -> no write", test_nothing_to_do);
    g_test_add_func("/hardware/write/whole word", test_write);
    return g_test_run();
}
