// What the fake driver knows: whose context is current, what is held, what has gone wrong.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace fake {

enum Result : int {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    NOT_INITIALIZED = 3,
    NO_DEVICE = 100,
    INVALID_DEVICE = 101,
    INVALID_IMAGE = 200,
    INVALID_CONTEXT = 201,
    INVALID_HANDLE = 400,
    ILLEGAL_STATE = 401,
    NOT_FOUND = 500,
    NOT_READY = 600,
    ILLEGAL_ADDRESS = 700,
    LAUNCH_FAILED = 719,
    CAPTURE_UNSUPPORTED = 900,
    CAPTURE_INVALIDATED = 901,
};

// An error of the device itself: the context is lost, and every later call says so.
inline bool sticks(int code) { return code >= ILLEGAL_ADDRESS && code <= LAUNCH_FAILED; }

struct Context {
    int retained = 0;
};

struct Plan {
    long after, times;
    int code;
};

struct Stretch;  // driver_memory.h
struct Module;   // driver_streams.h
struct Function;
struct Stream;
struct Graph;

struct State {
    bool initialized = false;
    int devices = 1, queries = 0, defer = 1;
    unsigned seed = 1;
    int stuck = 0;
    std::string message;
    std::map<std::string, long> calls;
    std::map<std::string, Plan> plans;
    std::vector<std::unique_ptr<Context>> contexts;
    std::vector<std::unique_ptr<Stretch>> memory;
    std::vector<std::unique_ptr<Module>> modules;
    std::vector<std::unique_ptr<Function>> functions;
    std::vector<std::unique_ptr<Stream>> streams;
    std::vector<std::unique_ptr<Graph>> graphs, executables;
};

inline std::recursive_mutex lock;
inline std::unique_ptr<State> state = std::make_unique<State>();
inline thread_local const void* current = nullptr;
inline thread_local std::vector<const void*> beneath;  // what is current again after a pop

// Find what a handle stands for; null if it was never given, or was given back.
template <class T>
T* known(const std::vector<std::unique_ptr<T>>& held, const void* handle) {
    for (const auto& one : held)
        if (one.get() == handle) return one.get();
    return nullptr;
}

template <class T>
Result give_back(std::vector<std::unique_ptr<T>>& held, const void* handle) {
    const auto at = std::find_if(held.begin(), held.end(),
                                 [=](const auto& one) { return one.get() == handle; });
    if (at == held.end()) return INVALID_HANDLE;
    held.erase(at);
    return SUCCESS;
}

inline bool has_context() {
    const Context* found = known(state->contexts, current);
    return found && found->retained > 0;
}

inline Result break_down(const std::string& what) {
    if (state->message.empty()) state->message = what;
    state->stuck = LAUNCH_FAILED;
    return LAUNCH_FAILED;
}

enum class Need {
    nothing,
    driver,   // cuInit
    context,  // and a context that is current, and a device that has not failed
    release,  // the same; but what is given back is given back even so
};

// Count a call, and answer it: as planned, with what is missing, or with what `work` says.
template <class Work>
int call(const char* name, Need need, Work work) {
    const std::lock_guard<std::recursive_mutex> held(lock);
    ++state->calls[name];
    const auto plan = state->plans.find(name);
    if (plan != state->plans.end() && plan->second.after-- <= 0) {
        const int code = plan->second.code;
        if (!--plan->second.times) state->plans.erase(plan);
        if (sticks(code)) state->stuck = code;
        return code;
    }
    if (need == Need::nothing) return work();
    if (!state->initialized) return NOT_INITIALIZED;
    if (need == Need::driver) return work();
    if (!has_context()) return INVALID_CONTEXT;
    if (!state->stuck) return work();
    if (need == Need::release) work();
    return state->stuck;
}

}  // namespace fake
