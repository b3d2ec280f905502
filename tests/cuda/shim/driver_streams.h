// The fake device's work: launches that wait in streams until somebody waits for them.
#pragma once
#include <dlfcn.h>

#include <deque>
#include <utility>

#include "driver_memory.h"

namespace fake {

using Emulated = const char* (*)(const unsigned*, unsigned, std::size_t, void*, int, unsigned);

constexpr int UNASKED_SHARED = 48 << 10, MOST_SHARED = 227 << 10;
constexpr char PREFIX[] = "emulated:";

struct Module {
    void* library;
    explicit Module(void* library) : library(library) {}
    Module(const Module&) = delete;
    ~Module() { dlclose(library); }
};

struct Function {
    Module* module;  // null when it was unloaded
    std::string name;
    Emulated run;
    std::size_t argument_bytes;
    int shared = UNASKED_SHARED;
};

struct Launch {
    Function* function;  // null for a copy
    unsigned grid[3], threads;
    std::size_t shared;
    std::vector<char> args;  // or the bytes that are copied
    std::uint64_t to = 0;
};

struct Graph {
    std::vector<Launch> launches;
};

enum class Capture { none, going, invalid };

struct Stream {
    bool blocking = true;  // for copies, which wait for what runs in it
    std::deque<Launch> waiting;
    int queries = 0;  // answered with "not ready" since there is work
    Capture capture = Capture::none;
    int mode = 0;
    const void* thread = nullptr;  // that captures
    Graph captured;
};

// What every thread has one of, and no other has: its own `current`.
inline const void* this_thread() { return &current; }

inline Stream* find_stream(const void* handle) {
    static Stream* legacy = new Stream;
    return handle ? known(state->streams, handle) : legacy;
}

inline Result run(const Launch& launch) {
    if (!launch.function) {
        if (!find_device(launch.to, launch.args.size())) return break_down("a copy to nowhere");
        const Opened opened;
        std::memcpy(reinterpret_cast<void*>(launch.to), launch.args.data(), launch.args.size());
        return SUCCESS;
    }
    if (!launch.function->module)
        return break_down("a launch of " + launch.function->name + " from an unloaded module");
    std::vector<char> args = launch.args;
    const Opened opened;
    const char* caught = launch.function->run(launch.grid, launch.threads, launch.shared,
                                              args.data(), state->defer, state->seed);
    if (caught) return break_down(launch.function->name + ": " + caught);
    for (const auto& one : state->memory)
        if (!one->intact())
            return break_down(launch.function->name + ": a write past an allocation");
    return SUCCESS;
}

inline Result run_all(Stream& stream) {
    stream.queries = 0;
    while (!stream.waiting.empty()) {
        const Launch launch = std::move(stream.waiting.front());
        stream.waiting.pop_front();
        if (run(launch)) stream.waiting.clear();
    }
    return static_cast<Result>(state->stuck);
}

// Run what a call that waits for the device, or a copy that waits for some streams, waits for.
inline Result run_streams(bool all) {
    run_all(*find_stream(nullptr));
    for (const auto& stream : state->streams)
        if (all || stream->blocking) run_all(*stream);
    return static_cast<Result>(state->stuck);
}

// What must not happen while a stream is captured makes the capture invalid, unless it asked not
// to be told.
inline bool spoils_capture() {
    bool spoilt = false;
    for (const auto& stream : state->streams) {
        const bool here = stream->thread == this_thread();
        const bool mine = stream->mode == 0 || (stream->mode == 1 && here);
        if (stream->capture == Capture::none || !mine) continue;
        stream->capture = Capture::invalid;
        spoilt = true;
    }
    return spoilt;
}

inline Result add(Stream& stream, const Launch& launch) {
    if (stream.capture == Capture::invalid) return CAPTURE_INVALIDATED;
    if (stream.capture == Capture::going)
        stream.captured.launches.push_back(launch);
    else
        stream.waiting.push_back(launch);
    return SUCCESS;
}

// Only now is the work done that was launched: who reads before, reads what was there before.
inline Result wait_for(Stream* stream, bool block) {
    if (!stream) return INVALID_HANDLE;
    if (stream->capture != Capture::none) {
        stream->capture = Capture::invalid;
        return CAPTURE_UNSUPPORTED;
    }
    if (!block && !stream->waiting.empty() && stream->queries < state->queries) {
        ++stream->queries;
        return NOT_READY;
    }
    return run_all(*stream);
}

inline Result begin_capture(Stream* stream, int mode) {
    if (!stream || mode < 0 || mode > 2) return INVALID_VALUE;
    if (stream == find_stream(nullptr)) return CAPTURE_UNSUPPORTED;
    if (stream->capture != Capture::none) return ILLEGAL_STATE;
    stream->capture = Capture::going;
    stream->mode = mode;
    stream->thread = this_thread();
    stream->captured = {};
    return SUCCESS;
}

inline Result end_capture(Stream* stream, Graph** graph) {
    if (!stream || !graph) return INVALID_VALUE;
    *graph = nullptr;
    const Capture was = std::exchange(stream->capture, Capture::none);
    if (was == Capture::none) return ILLEGAL_STATE;
    if (was == Capture::invalid) return CAPTURE_INVALIDATED;
    state->graphs.push_back(std::make_unique<Graph>(std::move(stream->captured)));
    *graph = state->graphs.back().get();
    return SUCCESS;
}

inline Result load(Module** module, const char* image) {
    if (!module || !image) return INVALID_VALUE;
    if (std::strncmp(image, PREFIX, sizeof PREFIX - 1)) return INVALID_IMAGE;
    void* library = dlopen(image + sizeof PREFIX - 1, RTLD_NOW | RTLD_LOCAL);
    if (!library) return INVALID_IMAGE;
    state->modules.push_back(std::make_unique<Module>(library));
    *module = state->modules.back().get();
    return SUCCESS;
}

inline Result unload(Module* module) {
    for (const auto& function : state->functions)
        if (function->module == module) function->module = nullptr;
    return give_back(state->modules, module);
}

inline Result find_function(Function** function, Module* module, const std::string& name) {
    if (!known(state->modules, module)) return INVALID_HANDLE;
    void* run = dlsym(module->library, (name + "_emulated").c_str());
    void* size = dlsym(module->library, (name + "_argument_bytes").c_str());
    if (!function || !run || !size) return NOT_FOUND;
    const std::size_t bytes = reinterpret_cast<std::size_t (*)()>(size)();
    state->functions.push_back(std::make_unique<Function>(
        Function{module, name, reinterpret_cast<Emulated>(run), bytes}));
    *function = state->functions.back().get();
    return SUCCESS;
}

}  // namespace fake
