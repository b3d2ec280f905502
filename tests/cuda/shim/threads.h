// The threads of one block: a fiber each, and the places where they meet.
//
// A thread runs until it meets others: at a barrier of its warp (a shuffle is one) or of the block.
// Who runs next is drawn from a seed, so that what depends on an order does not depend on luck.
#pragma once
#include <cstdio>
#include <string>
#include <vector>

#include "fibers.h"

namespace shim {

constexpr unsigned WARP = 32, MOST_THREADS = 1024;

enum class At { running, warp, block, done };

// What the lanes of a warp, or the threads of a block, do when all have come.
using Join = void (*)(void** brought, unsigned count);

struct Copy {
    void* to;
    const void* from;
    int group;
};

struct Thread {
    Context context;
    char* stack = nullptr;
    unsigned number = 0;
    At at = At::running;
    unsigned mask = 0;  // of the lanes it waits for
    Join join = nullptr;
    void* brings = nullptr;
    std::vector<Copy> copies;  // asked for and not yet seen
    int groups = 0;            // of copies, closed
};

struct Random {
    std::uint64_t state;
    unsigned below(unsigned limit) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<unsigned>((state >> 33) % limit);
    }
};

struct Machine {
    Context scheduler;
    std::vector<Thread> threads;
    unsigned count = 0;
    Thread* current = nullptr;
    void (*entry)() = nullptr;
    bool defer = false;
    bool shuffled = false;
    Random random{0};
    std::string caught;
};

inline Machine machine;

// Stop the thread and wait for what lets it go on; At::done is for ever.
inline void wait_at(At place) {
    machine.current->at = place;
    change(machine.current->context, machine.scheduler);
}

// Remember the first thing that went wrong, and end the emulation.
[[noreturn]] inline void fail(const std::string& what);

// A number that is never equal to anything, in every byte.
constexpr int POISON = 0xFF;

}  // namespace shim
