/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A fuzz target is one function. libFuzzer brings a main() that looks for inputs
 * which break it; in other builds replay.c runs it over the corpus.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for every input; a finding otherwise. abort() is what libFuzzer catches. */
#define CLAIM(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
