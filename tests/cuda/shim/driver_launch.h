// What the fake driver says of its device, and what it checks before work is taken on.
#pragma once
#include <array>

#include "driver_streams.h"

namespace fake {

constexpr unsigned MOST_IN_Y = 65535, MOST_THREADS = 1024;

inline Result device_name(bool known_device, char* name, int length) {
    constexpr char NAME[] = "Emulated device";
    if (!known_device) return INVALID_DEVICE;
    if (!name || length < 1) return INVALID_VALUE;
    std::strncpy(name, NAME, static_cast<std::size_t>(length));
    name[length - 1] = 0;
    return SUCCESS;
}

// By the numbers of CUdevice_attribute; those nobody has asked for yet are 0.
inline int device_attribute(int which) {
    switch (which) {
        case 1: return static_cast<int>(MOST_THREADS);
        case 6: return static_cast<int>(MOST_IN_Y);  // blocks in y
        case 8: return UNASKED_SHARED;               // shared memory of a block
        case 10: return 32;                          // lanes of a warp
        case 16: return 4;                           // multiprocessors
        case 19: return 1;                           // can map pinned memory
        case 41: return 1;                           // one address space
        case 75: return 9;                           // compute capability 9.0
        case 76: return 0;
        case 81: return MOST_SHARED + 1024;          // of a multiprocessor
        case 97: return MOST_SHARED;                 // of a block, if asked for
        default: return 0;
    }
}

inline Result set_function(Function* function, int which, int value) {
    constexpr int DYNAMIC_SHARED = 8;
    if (!known(state->functions, function) || !function->module) return INVALID_HANDLE;
    if (which != DYNAMIC_SHARED) return which == 9 ? SUCCESS : INVALID_VALUE;  // 9: the carve-out
    if (value < 0 || value > MOST_SHARED) return INVALID_VALUE;
    function->shared = value;
    return SUCCESS;
}

inline Result get_function(int* value, int which, Function* function) {
    if (!known(state->functions, function) || !function->module) return INVALID_HANDLE;
    if (!value) return INVALID_VALUE;
    *value = which == 0 ? static_cast<int>(MOST_THREADS) : which == 8 ? function->shared : 0;
    return SUCCESS;
}

inline Result create_stream(Stream** stream, unsigned flags) {
    if (!stream || flags > 1) return INVALID_VALUE;
    state->streams.push_back(std::make_unique<Stream>());
    state->streams.back()->blocking = flags == 0;
    *stream = state->streams.back().get();
    return SUCCESS;
}

// What it was given is done all the same.
inline Result destroy_stream(Stream* stream) {
    if (!known(state->streams, stream)) return INVALID_HANDLE;
    run_all(*stream);
    give_back(state->streams, stream);
    return static_cast<Result>(state->stuck);
}

inline Result launch(Function* function, std::array<unsigned, 3> grid, unsigned threads,
                     unsigned shared, Stream* stream, void** arguments) {
    if (!known(state->functions, function) || !function->module || !stream) return INVALID_HANDLE;
    if (!grid[0] || !grid[1] || !grid[2] || grid[1] > MOST_IN_Y || grid[2] > MOST_IN_Y)
        return INVALID_VALUE;
    if (!threads || threads > MOST_THREADS || !arguments || !arguments[0]) return INVALID_VALUE;
    if (shared > static_cast<unsigned>(function->shared)) return INVALID_VALUE;
    const char* begin = static_cast<const char*>(arguments[0]);
    const std::vector<char> args(begin, begin + function->argument_bytes);
    for (std::size_t at = 0; at + 8 <= args.size(); at += 8) {
        std::uint64_t word;
        std::memcpy(&word, &args[at], sizeof word);
        if (foreign(word))
            return break_down(function->name + ": byte " + std::to_string(at) +
                              " of the arguments begins an address that is not the device's");
    }
    return add(*stream, {function, {grid[0], grid[1], grid[2]}, threads, shared, args});
}

inline Result instantiate(Graph** made, Graph* graph, unsigned long long flags) {
    if (!made || flags) return INVALID_VALUE;
    if (!known(state->graphs, graph)) return INVALID_HANDLE;
    state->executables.push_back(std::make_unique<Graph>(*graph));
    *made = state->executables.back().get();
    return SUCCESS;
}

inline Result launch_graph(Graph* graph, Stream* stream) {
    if (!stream || !known(state->executables, graph)) return INVALID_HANDLE;
    for (const Launch& one : graph->launches)
        if (const Result result = add(*stream, one)) return result;
    return SUCCESS;
}

inline Result error_text(int code, const char** text, bool name) {
    struct Row {
        int code;
        const char *name, *text;
    };
    static constexpr Row ROWS[] = {
        {SUCCESS, "CUDA_SUCCESS", "no error"},
        {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
        {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
        {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
        {NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
        {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
        {INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
        {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
        {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
        {ILLEGAL_STATE, "CUDA_ERROR_ILLEGAL_STATE", "the operation cannot be performed now"},
        {NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
        {NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
        {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
        {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
        {CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
         "operation not permitted when stream is capturing"},
        {CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
         "operation failed due to a previous error during capture"},
    };
    if (!text) return INVALID_VALUE;
    *text = nullptr;
    for (const Row& row : ROWS)
        if (row.code == code) *text = name ? row.name : row.text;
    return *text ? SUCCESS : INVALID_VALUE;
}

}  // namespace fake
