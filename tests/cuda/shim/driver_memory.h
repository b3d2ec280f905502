// The fake device's memory: there while the device works, and a trap for whoever else touches it.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "driver_state.h"

namespace fake {

constexpr std::size_t TOTAL = std::size_t{1} << 30, ALIGNED = 256;
constexpr std::size_t APART = 16 << 20;  // far enough that an index gone wrong meets nothing
constexpr int FRESH = 0xFF;  // NaN, and -1

inline std::size_t page() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }
inline std::size_t rounded(std::size_t size, std::size_t to) { return (size + to - 1) / to * to; }

inline bool covers(const char* begin, std::size_t size, std::uintptr_t at, std::size_t bytes) {
    const std::uintptr_t start = reinterpret_cast<std::uintptr_t>(begin);
    return begin && at >= start && at - start <= size && bytes <= size - (at - start);
}

// An allocation, with nothing that may be touched for a long way before it and behind it.  Pinned
// memory has two addresses, so that one cannot pass for the other.
struct Stretch {
    std::size_t bytes, span;  // asked for; mapped
    char* mapped;             // as the device sees it: the first page that may be there
    char* device;
    char* host = nullptr;
    bool shown = true;  // pinned memory whose device address may be asked for

    Stretch(std::size_t bytes, int file)
        : bytes(bytes), span(rounded(bytes, page())), mapped(map(file)), device(mapped) {
        if (file >= 0) {
            host = static_cast<char*>(
                mmap(nullptr, span, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
        } else {
            device += span - rounded(bytes, ALIGNED);  // the end is where indices go wrong
        }
        open(true);
        std::memset(mapped, FRESH, span);
        open(false);
    }
    Stretch(const Stretch&) = delete;
    ~Stretch() {
        munmap(mapped - APART, span + 2 * APART);
        if (host) munmap(host, span);
    }
    char* map(int file) const {
        const int shared = file >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
        char* all = static_cast<char*>(mmap(nullptr, span + 2 * APART, PROT_NONE,
                                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
        return static_cast<char*>(
            mmap(all + APART, span, PROT_NONE, shared | MAP_FIXED, file, 0));
    }
    void open(bool wide) const {
        mprotect(mapped, span, wide ? PROT_READ | PROT_WRITE : PROT_NONE);
    }

    // Whether what lies between its end and the next page is as it was made.
    bool intact() const {
        for (const char* at = device + bytes; at != mapped + span; ++at)
            if (*at != static_cast<char>(FRESH)) return false;
        return true;
    }
};

// While it lives the device's memory can be used.
struct Opened {
    Opened() { all(true); }
    ~Opened() { all(false); }
    static void all(bool wide) {
        for (const auto& one : state->memory) one->open(wide);
    }
};

inline Stretch* find_device(std::uintptr_t at, std::size_t bytes) {
    for (const auto& one : state->memory)
        if (covers(one->device, one->bytes, at, bytes)) return one.get();
    return nullptr;
}

inline Stretch* find_host(const void* at) {
    for (const auto& one : state->memory)
        if (one->host && one->host == at) return one.get();
    return nullptr;
}

inline std::size_t used() {
    std::size_t sum = 0;
    for (const auto& one : state->memory) sum += one->host ? 0 : one->bytes;
    return sum;
}

// Whether this could be meant as an address, but is none of the device's.
inline bool foreign(std::uint64_t word) {
    if (word < page() || find_device(word, 1)) return false;
    for (const auto& one : state->memory)
        if (covers(one->host, one->span, word, 1)) return true;
    void* at = reinterpret_cast<void*>(word / page() * page());
    return msync(at, 1, MS_ASYNC) == 0 || errno != ENOMEM;
}

inline Result allocate(std::uint64_t* at, std::size_t bytes) {
    if (!at || !bytes) return INVALID_VALUE;
    if (bytes > TOTAL || used() > TOTAL - bytes) return OUT_OF_MEMORY;
    state->memory.push_back(std::make_unique<Stretch>(bytes, -1));
    *at = reinterpret_cast<std::uintptr_t>(state->memory.back()->device);
    return SUCCESS;
}

inline Result allocate_pinned(void** at, std::size_t bytes, unsigned flags) {
    constexpr unsigned MAPPED = 2, ALL = 7;
    if (!at || !bytes || flags > ALL) return INVALID_VALUE;
    const int file = memfd_create("pinned", 0);
    const off_t size = static_cast<off_t>(rounded(bytes, page()));
    if (file < 0 || ftruncate(file, size)) return OUT_OF_MEMORY;
    state->memory.push_back(std::make_unique<Stretch>(bytes, file));
    close(file);
    state->memory.back()->shown = flags & MAPPED;
    *at = state->memory.back()->host;
    return SUCCESS;
}

inline Result free_device(std::uint64_t at) {
    if (!at) return SUCCESS;
    Stretch* found = find_device(at, 1);
    const bool start = found && reinterpret_cast<std::uintptr_t>(found->device) == at;
    return start && !found->host ? give_back(state->memory, found) : INVALID_VALUE;
}

inline Result free_pinned(const void* at) {
    return find_host(at) ? give_back(state->memory, find_host(at)) : INVALID_VALUE;
}

}  // namespace fake
