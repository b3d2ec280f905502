// Shared memory, the copies into it, and the instructions of common.cuh.
#pragma once
#include "meetings.h"

extern char __start_shim_shared[] __attribute__((weak, visibility("hidden")));
extern char __stop_shim_shared[] __attribute__((weak, visibility("hidden")));

namespace shim {

constexpr std::size_t SHARED = 228 * 1024, GUARD = 4096;

struct Shared {
    char* base = nullptr;
    std::size_t size = 0;  // what the launch asked for
};
inline Shared shared;

inline bool inside(const void* at, const void* base, std::size_t size) {
    const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(base);
    const std::uintptr_t here = reinterpret_cast<std::uintptr_t>(at);
    return here >= begin && here - begin < size;
}

inline bool is_shared(const void* at) {
    const std::size_t fixed = static_cast<std::size_t>(__stop_shim_shared - __start_shim_shared);
    return inside(at, shared.base, shared.size) || inside(at, __start_shim_shared, fixed);
}

// Map what a launch may ask for, with a page behind it that must not be touched.
inline char* dynamic_shared() {
    if (shared.base) return shared.base;
    const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t size = (SHARED + GUARD + page - 1) / page * page;
    void* made = mmap(nullptr, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
    if (made == MAP_FAILED) std::abort();
    mprotect(static_cast<char*>(made) + size, page, PROT_NONE);
    return shared.base = static_cast<char*>(made);
}

// Shared memory holds no numbers when a block begins; what lies behind it never changes.
inline void poison_shared() {
    std::memset(dynamic_shared(), POISON, shared.size + GUARD);
    for (char* at = __start_shim_shared; at != __stop_shim_shared; ++at)
        *at = static_cast<char>(POISON);
}

inline void check_guard() {
    const unsigned char* guard = reinterpret_cast<unsigned char*>(shared.base) + shared.size;
    for (std::size_t n = 0; n < GUARD; ++n)
        if (guard[n] != POISON)
            return note("a write " + std::to_string(n) + " bytes past dynamic shared memory");
}

inline void check_aligned(const void* at) {
    if (reinterpret_cast<std::uintptr_t>(at) % 16)
        fail("an address that is not aligned to 16 bytes");
}

// Finish all groups but the youngest ones.
inline void finish_copies(int latest) {
    std::vector<Copy>& copies = machine.current->copies;
    std::size_t kept = 0;
    for (const Copy& copy : copies) {
        if (copy.group < machine.current->groups - latest)
            std::memcpy(copy.to, copy.from, 16);
        else
            copies[kept++] = copy;
    }
    copies.resize(kept);
}

// Move a result by a few of its last places, always alike for the same input, as far as the
// device's own instruction may be off: what is measured here then holds there.
inline float blurred(float x, float y, unsigned places) {
    const unsigned mixed = __float_as_uint(x) * 2654435761u >> 16;
    const int off = static_cast<int>(mixed % (2 * places + 1)) - static_cast<int>(places);
    return std::isnormal(y) && x != floorf(x) ? __int_as_float(__float_as_int(y) + off) : y;
}

inline float flushed(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? copysignf(0, x) : x; }

struct Fragments {
    float a[4], b[2], d[4];
};

// Sums are cut off, not rounded, as in a tensor core.
inline float cut_off(double sum) {
    const float near = static_cast<float>(sum);
    return std::fabs(near) > std::fabs(sum) ? nextafterf(near, 0.f) : near;
}

inline void multiply(void** brought, unsigned) {
    double a[16][8], b[8][8];
    for (int lane = 0; lane < 32; ++lane) {
        const Fragments& part = *static_cast<Fragments*>(brought[lane]);
        const int g = lane / 4, q = lane % 4;
        for (int n = 0; n < 4; ++n) a[g + 8 * (n & 1)][q + 4 * (n >> 1)] = part.a[n];
        for (int n = 0; n < 2; ++n) b[q + 4 * n][g] = part.b[n];
    }
    for (int lane = 0; lane < 32; ++lane) {
        Fragments& part = *static_cast<Fragments*>(brought[lane]);
        for (int n = 0; n < 4; ++n) {
            const int row = lane / 4 + 8 * (n >> 1), column = 2 * (lane % 4) + (n & 1);
            double sum = part.d[n];
            for (int k = 0; k < 8; ++k) sum += a[row][k] * b[k][column];
            part.d[n] = cut_off(sum);
        }
    }
}

}  // namespace shim

inline float* shared_memory() { return reinterpret_cast<float*>(shim::dynamic_shared()); }

inline float4 load4(const float* from) {
    shim::check_aligned(from);
    return *reinterpret_cast<const float4*>(from);
}
inline void store4(float* to, float4 values) {
    shim::check_aligned(to);
    *reinterpret_cast<float4*>(to) = values;
}

inline void cp16(float* to, const float* from) {
    shim::check_aligned(to);
    shim::check_aligned(from);
    if (!shim::is_shared(to) || shim::is_shared(from)) shim::fail("a copy not into shared memory");
    if (shim::machine.defer) std::memset(to, shim::POISON, 16);
    shim::Thread& self = *shim::machine.current;
    if (shim::machine.defer)
        self.copies.push_back({to, from, self.groups});
    else
        std::memcpy(to, from, 16);
}
inline void cp_commit() { ++shim::machine.current->groups; }
template <int LATEST>
inline void cp_wait() {
    shim::finish_copies(LATEST);
}

inline float ex2(float x) { return shim::flushed(shim::blurred(x, exp2f(x), 2)); }
inline float rcp(float x) { return shim::flushed(shim::blurred(x, 1.f / shim::flushed(x), 1)); }
inline float tf_hi(float x) { return __uint_as_float(__float_as_uint(x) & 0xffffe000u); }

inline void mma_tf32(float (&d)[4], const float (&a)[4], const float (&b)[2]) {
    shim::Fragments part;
    for (int n = 0; n < 4; ++n) part.a[n] = tf_hi(a[n]), part.d[n] = d[n];
    for (int n = 0; n < 2; ++n) part.b[n] = tf_hi(b[n]);
    shim::meet_warp(shim::ALL, shim::multiply, &part);
    for (int n = 0; n < 4; ++n) d[n] = part.d[n];
}
