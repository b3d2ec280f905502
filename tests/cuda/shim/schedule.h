// Running a block: who goes next, who has met, and who waits for ever.
#pragma once
#include <utility>

#include "language.h"
#include "threads.h"

namespace shim {

inline void note(const std::string& what) {
    if (!machine.caught.empty()) return;
    const std::string block = std::to_string(blockIdx.x) + ", " + std::to_string(blockIdx.y);
    machine.caught = what + " (block " + block + ")";
}

[[noreturn]] inline void fail(const std::string& what) {
    note(what + ", thread " + std::to_string(machine.current->number));
    for (;;) wait_at(At::done);
}

inline void shuffle(std::vector<unsigned>& order) {
    if (!machine.shuffled) return;
    for (unsigned n = static_cast<unsigned>(order.size()); n > 1; --n)
        std::swap(order[n - 1], order[machine.random.below(n)]);
}

inline unsigned lanes_of(unsigned warp) {
    const unsigned rest = machine.count - warp * WARP;
    return rest < WARP ? rest : WARP;
}

// Let every lane that can run do so until it waits; return whether there was one.
inline bool run_lanes(unsigned warp) {
    std::vector<unsigned> order;
    for (unsigned lane = 0; lane < lanes_of(warp); ++lane) order.push_back(lane);
    shuffle(order);
    bool ran = false;
    for (unsigned lane : order) {
        Thread& thread = machine.threads[warp * WARP + lane];
        if (thread.at != At::running) continue;
        ran = true;
        machine.current = &thread;
        threadIdx = {thread.number % blockDim.x, 0, 0};
        change(machine.scheduler, thread.context);
        if (!machine.caught.empty()) return false;
    }
    return ran;
}

// Let the lanes go that have all met; return whether there were any.
inline bool meet(unsigned warp) {
    Thread* lanes = &machine.threads[warp * WARP];
    const unsigned count = lanes_of(warp);
    const unsigned all = count == WARP ? ~0u : (1u << count) - 1;
    bool met = false, waiting = false;
    for (unsigned first = 0; first < count; ++first) {
        if (lanes[first].at != At::warp) continue;
        waiting = true;
        const unsigned mask = lanes[first].mask & all;
        const Join join = lanes[first].join;
        void* brought[WARP] = {};
        bool here = true;
        for (unsigned lane = 0; lane < count; ++lane) {
            if (!(mask >> lane & 1)) continue;
            const Thread& other = lanes[lane];
            here &= other.at == At::warp && (other.mask & all) == mask && other.join == join;
            brought[lane] = other.brings;
        }
        if (!here) continue;
        if (join) join(brought, WARP);
        for (unsigned lane = 0; lane < count; ++lane)
            if (mask >> lane & 1) lanes[lane].at = At::running;
        met = true;
    }
    if (waiting && !met)
        note("a warp barrier or shuffle that not all lanes come to, in warp " +
             std::to_string(warp));
    return met;
}

// Take a warp on by one step: to its next meeting, or to where all its lanes stop.
inline bool step(unsigned warp) {
    const bool ran = run_lanes(warp);
    return machine.caught.empty() && (meet(warp) || ran);
}

// Let a block go on whose threads are all at a barrier; return whether there is more to run.
inline bool release() {
    void* brought[MOST_THREADS] = {};
    unsigned done = 0;
    for (unsigned n = 0; n < machine.count; ++n) {
        const Thread& thread = machine.threads[n];
        done += thread.at == At::done;
        brought[n] = thread.brings;
        if (thread.at == At::block && thread.join != machine.threads[0].join && !done)
            note("a block barrier of two kinds");
    }
    if (done == machine.count) return false;
    if (done) note("a block barrier that a thread that has ended does not come to");
    if (!machine.caught.empty()) return false;
    if (machine.threads[0].join) machine.threads[0].join(brought, machine.count);
    for (unsigned n = 0; n < machine.count; ++n) machine.threads[n].at = At::running;
    return true;
}

// Run all threads of a block to their ends, or until something is caught.
inline void run_block(unsigned count) {
    machine.count = count;
    while (machine.threads.size() < count) {
        machine.threads.emplace_back();
        machine.threads.back().stack = guarded_stack();
    }
    for (unsigned n = 0; n < count; ++n) {
        Thread& thread = machine.threads[n];
        thread.number = n;
        thread.at = At::running;
        thread.copies.clear();
        thread.groups = 0;
        begin(thread.context, thread.stack, machine.entry);
    }
    std::vector<unsigned> active;
    do {
        active.clear();
        for (unsigned warp = 0; warp * WARP < count; ++warp) active.push_back(warp);
        while (!active.empty() && machine.caught.empty()) {
            const unsigned size = static_cast<unsigned>(active.size());
            const unsigned pick = machine.shuffled ? machine.random.below(size) : 0;
            if (!step(active[pick])) active.erase(active.begin() + pick);
        }
    } while (machine.caught.empty() && release());
}

}  // namespace shim
