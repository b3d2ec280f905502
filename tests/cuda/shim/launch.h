// A launch: every block of a grid, one after another, and what was caught while they ran.
#pragma once
#include <pthread.h>
#include <signal.h>

#include <cstring>

#include "device.h"

namespace shim {

inline thread_local bool emulating = false;

// A kernel that touches what it may not is caught, and the program lives on: the handler leaves
// the thread's stack for good, as fail does.  Anyone else's fault is what it always was.
inline void fault(int number, siginfo_t* info, void*) {
    if (!emulating) {
        signal(number, SIG_DFL);
        return;
    }
    char text[80];
    std::snprintf(text, sizeof text, "%s at %p", number == SIGFPE ? "a trap" : "a wrong address",
                  number == SIGFPE ? nullptr : info->si_addr);
    sigset_t open;
    sigemptyset(&open);
    sigaddset(&open, number);
    pthread_sigmask(SIG_UNBLOCK, &open, nullptr);
    fail(text);
}

constexpr int FAULTS[] = {SIGSEGV, SIGBUS, SIGFPE};

// While it lives, faults of the calling thread come to `fault`, on a stack of their own.
struct Catching {
    struct sigaction before[3];
    stack_t stack_before;

    Catching() {
        static char* const stack = guarded_stack();
        stack_t own{};
        own.ss_sp = stack;
        own.ss_size = STACK;
        sigaltstack(&own, &stack_before);
        struct sigaction action{};
        action.sa_sigaction = fault;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        for (int n = 0; n < 3; ++n) sigaction(FAULTS[n], &action, &before[n]);
        emulating = true;
    }
    ~Catching() {
        emulating = false;
        for (int n = 0; n < 3; ++n) sigaction(FAULTS[n], &before[n], nullptr);
        sigaltstack(&stack_before, nullptr);
    }
};

template <class Args>
struct Call {
    static inline void (*kernel)(Args);
    static inline Args args;

    static void enter() {
        kernel(args);
        if (!machine.current->copies.empty()) fail("a thread that ends before its copies do");
        for (;;) wait_at(At::done);
    }
};

template <class Args>
constexpr std::size_t argument_bytes(void (*)(Args)) {
    return sizeof(Args);
}

// Run a kernel; return what was caught, or null.  The text lives until the next launch.
template <class Args>
const char* launch(void (*kernel)(Args), const unsigned grid[3], unsigned threads,
                   std::size_t bytes, const void* args, int defer, unsigned seed) {
    machine.caught.clear();
    if (!threads || threads > MOST_THREADS || !grid[0] || !grid[1] || !grid[2] || bytes > SHARED) {
        machine.caught = "a launch of no size, or of too great a one";
        return machine.caught.c_str();
    }
    Call<Args>::kernel = kernel;
    std::memcpy(const_cast<void*>(static_cast<const void*>(&Call<Args>::args)), args,
                sizeof(Args));
    machine.entry = Call<Args>::enter;
    machine.defer = defer != 0;
    machine.shuffled = seed != 0;
    machine.random.state = seed;
    shared.size = bytes;
    blockDim = {threads, 1, 1};
    gridDim = {grid[0], grid[1], grid[2]};
    std::vector<unsigned> order;
    for (unsigned n = 0; n < grid[0] * grid[1] * grid[2]; ++n) order.push_back(n);
    shuffle(order);
    const Catching catching;
    for (unsigned n : order) {
        blockIdx = {n % grid[0], n / grid[0] % grid[1], n / grid[0] / grid[1]};
        poison_shared();
        run_block(threads);
        check_guard();
        if (!machine.caught.empty()) return machine.caught.c_str();
    }
    return nullptr;
}

}  // namespace shim
