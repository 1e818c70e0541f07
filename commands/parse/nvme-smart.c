/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/nvme-smart.h"

#include <string.h>

/* Offsets in the page: NVM Express base specification, "SMART / Health Information". */
enum {
    AT_CRITICAL_WARNING = 0,
    AT_TEMPERATURE = 1,
    AT_AVAILABLE_SPARE = 3,
    AT_AVAILABLE_SPARE_THRESHOLD = 4,
    AT_PERCENTAGE_USED = 5,
    AT_DATA_UNITS_READ = 32,
    AT_DATA_UNITS_WRITTEN = 48,
    AT_HOST_READ_COMMANDS = 64,
    AT_HOST_WRITE_COMMANDS = 80,
    AT_CONTROLLER_BUSY_TIME = 96,
    AT_POWER_CYCLES = 112,
    AT_POWER_ON_HOURS = 128,
    AT_UNSAFE_SHUTDOWNS = 144,
    AT_MEDIA_ERRORS = 160,
    AT_ERROR_LOG_ENTRIES = 176,
};

static NvmeCounter counter(const guint8 *bytes)
{
    NvmeCounter value;

    memcpy(&value.lo, bytes, sizeof value.lo);
    memcpy(&value.hi, bytes + sizeof value.lo, sizeof value.hi);
    value.lo = GUINT64_FROM_LE(value.lo);
    value.hi = GUINT64_FROM_LE(value.hi);
    return value;
}

void nvme_smart_parse(const guint8 *page, NvmeSmart *smart)
{
    *smart = (NvmeSmart){
        .critical_warning = page[AT_CRITICAL_WARNING],
        .temperature = page[AT_TEMPERATURE] | page[AT_TEMPERATURE + 1] << 8,
        .available_spare = page[AT_AVAILABLE_SPARE],
        .available_spare_threshold = page[AT_AVAILABLE_SPARE_THRESHOLD],
        .percentage_used = page[AT_PERCENTAGE_USED],
        .data_units_read = counter(page + AT_DATA_UNITS_READ),
        .data_units_written = counter(page + AT_DATA_UNITS_WRITTEN),
        .host_read_commands = counter(page + AT_HOST_READ_COMMANDS),
        .host_write_commands = counter(page + AT_HOST_WRITE_COMMANDS),
        .controller_busy_time = counter(page + AT_CONTROLLER_BUSY_TIME),
        .power_cycles = counter(page + AT_POWER_CYCLES),
        .power_on_hours = counter(page + AT_POWER_ON_HOURS),
        .unsafe_shutdowns = counter(page + AT_UNSAFE_SHUTDOWNS),
        .media_errors = counter(page + AT_MEDIA_ERRORS),
        .error_log_entries = counter(page + AT_ERROR_LOG_ENTRIES),
    };
}
