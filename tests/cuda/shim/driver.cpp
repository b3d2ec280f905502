// A libcuda for machines without a GPU: the driver's own names, and kernels from the emulator.
//
// Modules are "emulated:" and the path of what emulator.py built.  It is as unforgiving as it can
// be: work runs when it is waited for and not before, device memory is a trap for the host, and an
// error of the device stays.  driver_hooks.h has what tests call besides.
#include "driver_hooks.h"
#include "driver_launch.h"

using namespace fake;
using Address = std::uint64_t;

namespace {

constexpr Need NOTHING = Need::nothing, DRIVER = Need::driver, CONTEXT = Need::context,
               RELEASE = Need::release;

bool is_device(int device) { return device >= 0 && device < state->devices; }

Result init() {
    state->initialized = state->devices > 0;
    while (state->contexts.size() < static_cast<std::size_t>(state->devices))
        state->contexts.push_back(std::make_unique<Context>());
    return state->initialized ? SUCCESS : NO_DEVICE;
}

Result set_current(const void* context) {
    if (context && !known(state->contexts, context)) return INVALID_CONTEXT;
    current = context;
    return SUCCESS;
}

Result push_current(const void* context) {
    if (!known(state->contexts, context)) return INVALID_CONTEXT;
    beneath.push_back(current);
    current = context;
    return SUCCESS;
}

Result pop_current(const void** context) {
    if (!context) return INVALID_VALUE;
    if (beneath.empty()) return INVALID_CONTEXT;
    *context = current;
    current = beneath.back();
    beneath.pop_back();
    return SUCCESS;
}

Result retain(const void** context, int device) {
    if (!is_device(device)) return INVALID_DEVICE;
    ++state->contexts[static_cast<std::size_t>(device)]->retained;
    *context = state->contexts[static_cast<std::size_t>(device)].get();
    return SUCCESS;
}

Result release(int device) {
    if (!is_device(device)) return INVALID_DEVICE;
    int& retained = state->contexts[static_cast<std::size_t>(device)]->retained;
    if (!retained) return INVALID_CONTEXT;
    --retained;
    return SUCCESS;
}

// Copies wait for blocking streams, and are not to be made while a stream is captured.
template <class Move>
Result copy(Address at, std::size_t bytes, Move move) {
    if (spoils_capture()) return CAPTURE_UNSUPPORTED;
    if (run_streams(false)) return static_cast<Result>(state->stuck);
    if (!find_device(at, bytes)) return INVALID_VALUE;
    const Opened opened;
    move(reinterpret_cast<void*>(at));
    return SUCCESS;
}

template <class Work>
Result uncaptured(Work work) {
    return spoils_capture() ? CAPTURE_UNSUPPORTED : work();
}

// What others hold may be in use: wait for all work first.
template <class Work>
Result after_all(Work work) {
    if (spoils_capture()) return CAPTURE_UNSUPPORTED;
    run_streams(true);
    return work();
}

template <class T>
Result answer(T* to, T value) {
    if (!to) return INVALID_VALUE;
    *to = value;
    return SUCCESS;
}

Result later(Stream* stream, Address to, std::vector<char> bytes) {
    if (!stream) return INVALID_HANDLE;
    if (!find_device(to, bytes.size())) return INVALID_VALUE;
    return add(*stream, Launch{nullptr, {}, 0, 0, std::move(bytes), to});
}

}  // namespace

#define API extern "C" __attribute__((visibility("default"))) int
#define CALL(NAME, NEED, RESULT) \
    return call(NAME, NEED, [&]() -> Result { return RESULT; })

API cuInit(unsigned flags) { CALL("cuInit", NOTHING, flags ? INVALID_VALUE : init()); }
API cuDriverGetVersion(int* version) {
    CALL("cuDriverGetVersion", NOTHING, answer(version, 12040));
}
API cuDeviceGetCount(int* count) {
    CALL("cuDeviceGetCount", DRIVER, answer(count, state->devices));
}
API cuDeviceGet(int* device, int ordinal) {
    CALL("cuDeviceGet", DRIVER, is_device(ordinal) ? answer(device, ordinal) : INVALID_DEVICE);
}
API cuDeviceGetName(char* name, int length, int device) {
    CALL("cuDeviceGetName", DRIVER, device_name(is_device(device), name, length));
}
API cuDeviceGetAttribute(int* value, int which, int device) {
    CALL("cuDeviceGetAttribute", DRIVER,
         is_device(device) ? answer(value, device_attribute(which)) : INVALID_DEVICE);
}
API cuDeviceTotalMem_v2(std::size_t* bytes, int device) {
    CALL("cuDeviceTotalMem_v2", DRIVER, is_device(device) ? answer(bytes, TOTAL) : INVALID_DEVICE);
}

API cuDevicePrimaryCtxRetain(const void** context, int device) {
    CALL("cuDevicePrimaryCtxRetain", DRIVER, retain(context, device));
}
API cuDevicePrimaryCtxRelease_v2(int device) {
    CALL("cuDevicePrimaryCtxRelease_v2", DRIVER, release(device));
}
API cuCtxSetCurrent(const void* context) {
    CALL("cuCtxSetCurrent", DRIVER, set_current(context));
}
API cuCtxPushCurrent_v2(const void* context) {
    CALL("cuCtxPushCurrent_v2", DRIVER, push_current(context));
}
API cuCtxPopCurrent_v2(const void** context) {
    CALL("cuCtxPopCurrent_v2", DRIVER, pop_current(context));
}
API cuCtxGetCurrent(const void** context) {
    CALL("cuCtxGetCurrent", DRIVER, answer(context, has_context() ? current : nullptr));
}

API cuMemAlloc_v2(Address* at, std::size_t bytes) {
    CALL("cuMemAlloc_v2", CONTEXT, uncaptured([&] { return allocate(at, bytes); }));
}
API cuMemFree_v2(Address at) {
    CALL("cuMemFree_v2", RELEASE, after_all([&] { return free_device(at); }));
}
API cuMemGetInfo_v2(std::size_t* free, std::size_t* total) {
    CALL("cuMemGetInfo_v2", CONTEXT, (answer(total, TOTAL), answer(free, TOTAL - used())));
}
API cuMemHostAlloc(void** at, std::size_t bytes, unsigned flags) {
    CALL("cuMemHostAlloc", CONTEXT, uncaptured([&] { return allocate_pinned(at, bytes, flags); }));
}
API cuMemFreeHost(void* at) {
    CALL("cuMemFreeHost", RELEASE, after_all([&] { return free_pinned(at); }));
}
API cuMemHostGetDevicePointer_v2(Address* at, void* host, unsigned flags) {
    const Stretch* found = find_host(host);
    CALL("cuMemHostGetDevicePointer_v2", CONTEXT,
         found && found->shown && !flags
             ? answer(at, static_cast<Address>(reinterpret_cast<std::uintptr_t>(found->device)))
             : INVALID_VALUE);
}
API cuMemcpyHtoD_v2(Address to, const void* from, std::size_t bytes) {
    CALL("cuMemcpyHtoD_v2", CONTEXT,
         copy(to, bytes, [&](void* at) { std::memcpy(at, from, bytes); }));
}
API cuMemcpyDtoH_v2(void* to, Address from, std::size_t bytes) {
    CALL("cuMemcpyDtoH_v2", CONTEXT,
         copy(from, bytes, [&](void* at) { std::memcpy(to, at, bytes); }));
}
API cuMemsetD8_v2(Address to, unsigned char value, std::size_t bytes) {
    CALL("cuMemsetD8_v2", CONTEXT,
         copy(to, bytes, [&](void* at) { std::memset(at, value, bytes); }));
}

// Asynchronous ones are done in their stream's order; what they read is copied at once.
API cuMemsetD8Async(Address to, unsigned char value, std::size_t bytes, Stream* stream) {
    CALL("cuMemsetD8Async", CONTEXT,
         later(find_stream(stream), to, std::vector<char>(bytes, static_cast<char>(value))));
}
API cuMemcpyHtoDAsync_v2(Address to, const void* from, std::size_t bytes, Stream* stream) {
    const char* begin = static_cast<const char*>(from);
    CALL("cuMemcpyHtoDAsync_v2", CONTEXT,
         later(find_stream(stream), to, std::vector<char>(begin, begin + bytes)));
}

API cuModuleLoadData(Module** module, const void* image) {
    CALL("cuModuleLoadData", CONTEXT,
         uncaptured([&] { return load(module, static_cast<const char*>(image)); }));
}
API cuModuleUnload(Module* module) {
    CALL("cuModuleUnload", RELEASE, after_all([&] { return unload(module); }));
}
API cuModuleGetFunction(Function** function, Module* module, const char* name) {
    CALL("cuModuleGetFunction", CONTEXT, find_function(function, module, name));
}
API cuFuncSetAttribute(Function* function, int which, int value) {
    CALL("cuFuncSetAttribute", CONTEXT, set_function(function, which, value));
}
API cuFuncGetAttribute(int* value, int which, Function* function) {
    CALL("cuFuncGetAttribute", CONTEXT, get_function(value, which, function));
}

API cuStreamCreate(Stream** stream, unsigned flags) {
    CALL("cuStreamCreate", CONTEXT, create_stream(stream, flags));
}
API cuStreamDestroy_v2(Stream* stream) {
    CALL("cuStreamDestroy_v2", RELEASE, destroy_stream(stream));
}
API cuStreamQuery(Stream* stream) {
    CALL("cuStreamQuery", CONTEXT, wait_for(find_stream(stream), false));
}
API cuStreamSynchronize(Stream* stream) {
    CALL("cuStreamSynchronize", CONTEXT, wait_for(find_stream(stream), true));
}
API cuStreamBeginCapture_v2(Stream* stream, int mode) {
    CALL("cuStreamBeginCapture_v2", CONTEXT, begin_capture(find_stream(stream), mode));
}
API cuStreamEndCapture(Stream* stream, Graph** graph) {
    CALL("cuStreamEndCapture", CONTEXT, end_capture(find_stream(stream), graph));
}

API cuLaunchKernel(Function* function, unsigned x, unsigned y, unsigned z, unsigned threads,
                   unsigned threads_y, unsigned threads_z, unsigned shared, Stream* stream,
                   void** arguments, void** extra) {
    CALL("cuLaunchKernel", CONTEXT,
         threads_y == 1 && threads_z == 1 && !extra
             ? launch(function, {x, y, z}, threads, shared, find_stream(stream), arguments)
             : INVALID_VALUE);
}
API cuGraphInstantiateWithFlags(Graph** made, Graph* graph, unsigned long long flags) {
    CALL("cuGraphInstantiateWithFlags", CONTEXT, instantiate(made, graph, flags));
}
API cuGraphUpload(Graph* graph, Stream* stream) {
    CALL("cuGraphUpload", CONTEXT,
         find_stream(stream) && known(state->executables, graph) ? SUCCESS : INVALID_HANDLE);
}
API cuGraphLaunch(Graph* graph, Stream* stream) {
    CALL("cuGraphLaunch", CONTEXT, launch_graph(graph, find_stream(stream)));
}
API cuGraphExecDestroy(Graph* graph) {
    CALL("cuGraphExecDestroy", RELEASE, give_back(state->executables, graph));
}
API cuGraphDestroy(Graph* graph) {
    CALL("cuGraphDestroy", RELEASE, give_back(state->graphs, graph));
}

API cuGetErrorName(int code, const char** name) {
    CALL("cuGetErrorName", NOTHING, error_text(code, name, true));
}
API cuGetErrorString(int code, const char** text) {
    CALL("cuGetErrorString", NOTHING, error_text(code, text, false));
}
