/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A counter of 128 bits, as two halves. */
typedef struct {
    guint64 lo, hi;
} NvmeCounter;

/* The health of a drive. */
typedef struct {
    int type; /* always 0: "nvme" */
    gint64 critical_warning;
    gint64 temperature; /* Kelvin */
    gint64 available_spare;
    gint64 available_spare_threshold;
    gint64 percentage_used;
    NvmeCounter data_units_read;
    NvmeCounter data_units_written;
    NvmeCounter host_read_commands;
    NvmeCounter host_write_commands;
    NvmeCounter controller_busy_time;
    NvmeCounter power_cycles;
    NvmeCounter power_on_hours;
    NvmeCounter unsafe_shutdowns;
    NvmeCounter media_errors;
    NvmeCounter error_log_entries;
} NvmeSmart;

/* Parses the 512 bytes of a SMART log page, whose numbers are little-endian. */
void nvme_smart_parse(const guint8 *page, NvmeSmart *smart);
