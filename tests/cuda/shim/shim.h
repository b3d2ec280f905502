// CUDA C++ on a CPU: included before a kernel's text, which g++ then compiles as it stands.
//
//   fibers.h     stacks that one thread changes between
//   threads.h    the threads of a block
//   schedule.h   who runs next, who has met
//   language.h   __global__, float4, threadIdx, __fmul_rn ...
//   meetings.h   barriers, shuffles, votes
//   device.h     shared memory, copies into it, what common.cuh has in assembly
//   launch.h     a grid of blocks
//
// It finds wrong indices, missing barriers (threads run in an order drawn from a seed), reads of
// shared memory before it was written (NaN) or before an asynchronous copy was waited for (NaN
// again, until then), barriers that not all come to, addresses not aligned or not ours.  It cannot
// find what needs a weaker memory than a CPU's, and it knows no timing.
#pragma once
#define CUDA_SHIM 1
#include "launch.h"

// What the tests and the fake driver call; one for each kernel, after its text.
#define SHIM_EXPORT extern "C" __attribute__((visibility("default")))
#define SHIM_ENTRY(NAME)                                                                     \
    SHIM_EXPORT const char* NAME##_emulated(const unsigned grid[3], unsigned threads,        \
                                            size_t bytes, void* args, int defer,             \
                                            unsigned seed) {                                 \
        return shim::launch(NAME, grid, threads, bytes, args, defer, seed);                  \
    }                                                                                        \
    SHIM_EXPORT size_t NAME##_argument_bytes() { return shim::argument_bytes(NAME); }
