// What tests say to the fake driver, and ask it.
#pragma once
#include "driver_streams.h"

#define HOOK extern "C" __attribute__((visibility("default")))

// Everything as in a new process; what is still held goes.
HOOK void fake_reset() {
    using namespace fake;
    const std::lock_guard<std::recursive_mutex> held(lock);
    // Kept for ever: a thread may still have one current, which must never be valid again.
    static std::vector<std::unique_ptr<Context>> retired;
    for (auto& context : state->contexts) {
        context->retained = 0;
        retired.push_back(std::move(context));
    }
    state = std::make_unique<State>();
    find_stream(nullptr)->waiting.clear();
}

// How often cuStreamQuery answers "not ready" before the work runs.
HOOK void fake_set_queries(int count) { fake::state->queries = count; }

// Let a function answer an error some times, after so many calls that do what they should.
HOOK void fake_fail(const char* function, int after_calls, int code, int times) {
    const std::lock_guard<std::recursive_mutex> held(fake::lock);
    fake::state->plans[function] = {after_calls, times, code};
}

HOOK long fake_count(const char* function) {
    const std::lock_guard<std::recursive_mutex> held(fake::lock);
    const auto found = fake::state->calls.find(function);
    return found == fake::state->calls.end() ? 0 : found->second;
}

// How many allocations, on the device and pinned, are held.
HOOK long fake_leaks() { return static_cast<long>(fake::state->memory.size()); }

// How many of a kind are held; -1 for what is no kind.
HOOK long fake_held(const char* kind) {
    const std::lock_guard<std::recursive_mutex> held(fake::lock);
    const fake::State& now = *fake::state;
    long pinned = 0, contexts = 0;
    for (const auto& one : now.memory) pinned += one->host != nullptr;
    for (const auto& one : now.contexts) contexts += one->retained;
    const std::map<std::string, long> counts = {
        {"device", static_cast<long>(now.memory.size()) - pinned},
        {"pinned", pinned},
        {"context", contexts},
        {"module", static_cast<long>(now.modules.size())},
        {"stream", static_cast<long>(now.streams.size())},
        {"graph", static_cast<long>(now.graphs.size())},
        {"executable", static_cast<long>(now.executables.size())},
    };
    const auto found = counts.find(kind);
    return found == counts.end() ? -1 : found->second;
}

HOOK void fake_devices(int count) { fake::state->devices = count; }

// How kernels are emulated: with late copies or not, in the order of a seed.
HOOK void fake_order(int defer, unsigned seed) {
    fake::state->defer = defer;
    fake::state->seed = seed;
}

// What the emulator caught first; empty if nothing.
HOOK const char* fake_message() { return fake::state->message.c_str(); }
