/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/value-get.h"

/*
 * Prometheus' text format. Samples of several VMs are collected family by family, as the
 * format wants them:
 *
 *   Exposition *exposition = exposition_new();
 *   ExpositionPart *part = exposition_part_new("vm1");   ...for each VM, in any thread
 *   exposition_add_metrics(part, metrics);
 *   exposition_take(exposition, part);
 *   exposition_print(exposition, out);
 */
typedef struct Exposition Exposition;
typedef struct ExpositionPart ExpositionPart;

Exposition *exposition_new(void);
void exposition_free(Exposition *exposition);

ExpositionPart *exposition_part_new(const char *vm);
void exposition_part_free(ExpositionPart *part);

/* A figure that guestctl itself knows, by the name of its family. */
void exposition_add(ExpositionPart *part, const char *family, double value);
/* The same, with one label more. */
void exposition_add_labelled(ExpositionPart *part, const char *family, const char *label,
                             const char *value, double number);

/* All that a reply in the form of guestd-metrics tells. */
void exposition_add_metrics(ExpositionPart *part, const Value *metrics);

/* Takes what @part has collected; @part is freed. */
void exposition_take(Exposition *exposition, ExpositionPart *part);

void exposition_print(const Exposition *exposition, GString *out);
