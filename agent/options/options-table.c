/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "agent/options/options-table.h"

#include <string.h>

#define AT(member) .offset = G_STRUCT_OFFSET(Settings, member)

#define NUMBER(key, member, default_value, text)                                                   \
    { 0, key, NULL, OPTION_NUMBER, AT(member), .flags = OPTION_NO_SWITCH, .argument = "N",         \
      .doc = text, .number = default_value }

#define RULE(key, rule, placeholder, text)                                                         \
    { 0, key, NULL, OPTION_LIST, AT(rules[rule]), .flags = OPTION_NO_SWITCH | OPTION_STRIP,        \
      .argument = placeholder, .doc = text }

const Option option_table[] = {
    { 'c', "config", NULL, OPTION_CONFIG, 0, OPTION_NO_KEY, 0, "PATH",
      "configuration file (default: $QGA_CONF, " GUESTD_CONF_PATH ", " QEMU_GA_CONF_PATH ")" },
    { 'd', "daemonize", "daemon", OPTION_BOOL, AT(daemonize), .flags = OPTION_DUMP_ALWAYS,
      .doc = "detach and run in the background" },
    { 'm', "method", NULL, OPTION_STRING, AT(method), .flags = OPTION_DUMP_ALWAYS,
      .argument = "METHOD",
      .doc = "virtio-serial (the default), isa-serial, unix-listen or vsock-listen" },
    { 'p', "path", NULL, OPTION_STRING, AT(path), .argument = "PATH",
      .doc = "device, socket, or CID:PORT for vsock-listen (default: " DEFAULT_VIRTIO_PATH
             " or " DEFAULT_SERIAL_PATH ")" },
    { 'l', "logfile", NULL, OPTION_STRING, AT(logfile), .argument = "PATH",
      .doc = "append log lines to this file instead of the journal or stderr" },
    { 'f', "pidfile", NULL, OPTION_STRING, AT(pidfile), .flags = OPTION_DUMP_ALWAYS,
      .argument = "PATH", .doc = "pid file, written with -d (default: " DEFAULT_PIDFILE ")" },
    { 'F', "fsfreeze-hook", NULL, OPTION_HOOK, AT(fsfreeze_hook), .argument = "[=PATH]",
      .doc = "program to run before a freeze and after a thaw (bare: " DEFAULT_HOOK ")" },
    { 't', "statedir", NULL, OPTION_STRING, AT(statedir), .flags = OPTION_DUMP_ALWAYS,
      .argument = "PATH",
      .doc = "directory for state files (default: $RUNTIME_DIRECTORY, " DEFAULT_STATEDIR ")" },
    { 'v', "verbose", NULL, OPTION_BOOL, AT(verbose), .flags = OPTION_DUMP_ALWAYS,
      .doc = "also log informational and debug messages" },
    { 'r', "retry-path", NULL, OPTION_BOOL, AT(retry_path), .flags = OPTION_DUMP_ALWAYS,
      .doc = "wait for the channel if it cannot be opened at start" },
    { 'b', "block-rpcs", NULL, OPTION_LIST, AT(block_rpcs), .flags = OPTION_DUMP_ALWAYS,
      .argument = "LIST", .doc = "commands to disable, comma separated; \"help\" lists all" },
    /* The list of blocked commands of qemu-ga before 9.1 must still apply after an upgrade. */
    { 0, "blacklist", NULL, OPTION_LIST, AT(block_rpcs),
      .flags = OPTION_NO_SWITCH | OPTION_HIDDEN, .now = "block-rpcs" },
    { 'a', "allow-rpcs", NULL, OPTION_LIST, AT(allow_rpcs), .flags = OPTION_DUMP_ALWAYS,
      .argument = "LIST", .doc = "commands to allow, disables all others; \"help\" lists all" },
    { 0, "profile", NULL, OPTION_STRING, AT(profile), .argument = "NAME",
      .doc = "set of commands to serve: full (the default), backup, monitor or confidential" },
    RULE("exec-allow", RULE_PROGRAMS, "PATHS",
         "programs that guest-exec may start, comma separated: paths whose last part may be a "
         "glob; the arguments env and cwd are then refused"),
    RULE("exec-users", RULE_PROGRAM_USERS, "USERS",
         "users that guest-exec may run programs as; its argument user defaults to root"),
    RULE("file-read-allow", RULE_READ, "DIRECTORIES",
         "directories below which files may be read; none if only file-write-allow is set"),
    RULE("file-write-allow", RULE_WRITE, "DIRECTORIES",
         "directories below which files may be written; none if only file-read-allow is set"),
    RULE("password-users", RULE_PASSWORD_USERS, "USERS",
         "users whose password may be set"),
    RULE("ssh-users", RULE_KEY_USERS, "USERS",
         "users whose SSH keys may be listed and changed"),
    { 0, "vsock-peers", NULL, OPTION_STRING, AT(vsock_peers), .flags = OPTION_NO_SWITCH,
      .argument = "LIST",
      .doc = "CIDs that vsock-listen serves, or \"any\" (default: " DEFAULT_VSOCK_PEERS
             ", the host)" },
    { 0, "fsfreeze-exclude", NULL, OPTION_LIST, AT(fsfreeze_exclude), .flags = OPTION_NO_SWITCH,
      .argument = "GLOBS",
      .doc = "filesystems not to freeze: mount points, type:GLOB or device:GLOB, comma separated" },
    NUMBER("freeze-timeout", freeze_timeout_s, 600,
           "seconds after which the agent thaws by itself, 0 for never (default: 600)"),
    NUMBER("freeze-deadline", freeze_deadline_s, 30,
           "seconds that freezing all filesystems may take (default: 30)"),
    NUMBER("hook-timeout", hook_timeout_s, 60,
           "seconds that each call of a freeze hook may take (default: 60)"),
    NUMBER("presync-limit", presync_limit_s, 10,
           "limit in seconds for syncing before a freeze, 0 for no syncing (default: 10)"),
    NUMBER("presync-target", presync_target_ms, 50,
           "milliseconds; a sync round that takes no longer is the last (default: 50)"),
    { 0, "interfaces-exclude", NULL, OPTION_LIST, AT(interfaces_exclude),
      .flags = OPTION_NO_SWITCH, .argument = "GLOBS",
      .doc = "network interfaces not to list, comma separated" },
    NUMBER("space-threshold", space_threshold, 90,
           "used percentage from which a filesystem counts as almost full, 0 for never "
           "(default: 90)"),
    { 0, "hotplug-online", NULL, OPTION_BOOL, AT(hotplug_online), .flags = OPTION_NO_SWITCH,
      .doc = "set plugged CPUs and memory online (default: false)" },
    { 0, "trace-wire", NULL, OPTION_BOOL, AT(trace_wire), .flags = OPTION_NO_KEY,
      .doc = "log every request and reply, with secrets blanked" },
    { 'D', "dump-conf", NULL, OPTION_ACTION, 0, OPTION_NO_KEY, ACTION_DUMP_CONF, NULL,
      "print the effective configuration and exit" },
    { 0, "self-test", NULL, OPTION_ACTION, 0, OPTION_NO_KEY, ACTION_SELF_TEST, NULL,
      "check the channel and the needs of each command, print a table and exit" },
    { 0, "dump-schema", NULL, OPTION_ACTION, 0, OPTION_NO_KEY, ACTION_DUMP_SCHEMA, "[=FORMAT]",
      "print all commands as json (the default), rst, man or completion and exit" },
    { 'h', "help", NULL, OPTION_ACTION, 0, OPTION_NO_KEY, ACTION_HELP, NULL,
      "print this help and exit" },
    { 'V', "version", NULL, OPTION_ACTION, 0, OPTION_NO_KEY, ACTION_VERSION, NULL,
      "print the version and exit" },
    /* An abbreviation of --dump-conf that --dump-schema has made ambiguous. */
    { 0, "dump", NULL, OPTION_ACTION, 0, OPTION_NO_KEY | OPTION_HIDDEN, ACTION_DUMP_CONF, NULL,
      NULL },
    /* qemu-ga's service option for Windows: accepted, without effect on Linux. */
    { 's', "service", NULL, OPTION_IGNORED, 0, OPTION_NO_KEY | OPTION_HIDDEN, 0, "VERB", NULL },
    { 0, NULL, NULL, OPTION_IGNORED, 0, 0, 0, NULL, NULL },
};

const char *option_key(const Option *option)
{
    return option->key ? option->key : option->name;
}

static GPtrArray *add_words(GPtrArray *list, const char *value, gboolean strip)
{
    g_auto(GStrv) words = g_strsplit(value, ",", -1);

    if (!list)
        list = g_ptr_array_new_with_free_func(g_free);
    /* Last first, as qemu-ga keeps and dumps them. */
    for (guint i = g_strv_length(words); i > 0; i--)
        g_ptr_array_add(list, g_strdup(strip ? g_strstrip(words[i - 1]) : words[i - 1]));
    return list;
}

void option_apply(const Option *option, const char *value, Settings *settings)
{
    switch (option->kind) {
    case OPTION_BOOL:
        *option_member(option, settings, gboolean) = value == NULL || g_str_equal(value, "true");
        break;
    case OPTION_STRING:
    case OPTION_HOOK: {
        char **member = option_member(option, settings, char *);

        g_free(*member);
        *member = g_strdup(value ? value : DEFAULT_HOOK);
        break;
    }
    case OPTION_NUMBER:
        *option_member(option, settings, gint64) = g_ascii_strtoll(value, NULL, 10);
        break;
    case OPTION_LIST: {
        GPtrArray **member = option_member(option, settings, GPtrArray *);

        *member = add_words(*member, value, (option->flags & OPTION_STRIP) != 0);
        break;
    }
    case OPTION_CONFIG:
    case OPTION_IGNORED:
    case OPTION_ACTION:
        break;
    }
}

void options_set_numbers(Settings *settings)
{
    for (const Option *option = option_table; option->name; option++)
        if (option->kind == OPTION_NUMBER)
            *option_member(option, settings, gint64) = option->number;
}

void settings_clear(Settings *settings)
{
    for (const Option *option = option_table; option->name; option++) {
        if (option->kind == OPTION_STRING || option->kind == OPTION_HOOK)
            g_clear_pointer(option_member(option, settings, char *), g_free);
        if (option->kind == OPTION_LIST)
            g_clear_pointer(option_member(option, settings, GPtrArray *), g_ptr_array_unref);
    }
}
