// Barriers, and what threads tell each other at them.
#pragma once
#include <cstring>

#include "schedule.h"

namespace shim {

constexpr unsigned ALL = 0xffffffffu;

inline void meet_warp(unsigned mask, Join join, void* brings) {
    Thread& self = *machine.current;
    if (!(mask >> self.number % WARP & 1)) fail("a mask without the lane that gives it");
    self.mask = mask;
    self.join = join;
    self.brings = brings;
    wait_at(At::warp);
}

inline void meet_block(Join join, void* brings) {
    machine.current->join = join;
    machine.current->brings = brings;
    wait_at(At::block);
}

struct Word {
    std::uint64_t bits, heard;
    unsigned from;
};

inline void pass_words(void** brought, unsigned count) {
    for (unsigned lane = 0; lane < count; ++lane) {
        if (!brought[lane]) continue;
        Word& word = *static_cast<Word*>(brought[lane]);
        // From a lane that does not take part comes nothing that means anything.
        const Word* source = static_cast<const Word*>(brought[word.from % count]);
        word.heard = source ? source->bits : ~std::uint64_t{0};
    }
}

template <class T>
inline T pass(unsigned mask, T value, unsigned from) {
    static_assert(sizeof(T) <= 8, "a shuffle moves up to eight bytes");
    Word word{0, 0, from};
    std::memcpy(&word.bits, &value, sizeof value);
    meet_warp(mask, pass_words, &word);
    std::memcpy(&value, &word.heard, sizeof value);
    return value;
}

inline unsigned lane() { return machine.current->number % WARP; }

// Where a shuffle within sections of `width` lanes reads; out of its section: from itself.
inline unsigned within(unsigned width, int source) {
    const int base = static_cast<int>(lane() & ~(width - 1));
    const bool inside = source >= base && source < base + static_cast<int>(width);
    return inside ? static_cast<unsigned>(source) : lane();
}

struct Vote {
    int mine, any, all;
    unsigned ballot;
};

inline void count_votes(void** brought, unsigned count) {
    Vote sum{0, 0, 1, 0};
    for (unsigned n = 0; n < count; ++n) {
        if (!brought[n]) continue;
        const int mine = static_cast<Vote*>(brought[n])->mine;
        sum.any |= mine;
        sum.all &= mine;
        if (mine && n < WARP) sum.ballot |= 1u << n;
    }
    for (unsigned n = 0; n < count; ++n)
        if (brought[n]) *static_cast<Vote*>(brought[n]) = sum;
}

inline Vote vote_warp(unsigned mask, bool mine) {
    Vote vote{mine, 0, 0, 0};
    meet_warp(mask, count_votes, &vote);
    return vote;
}

inline Vote vote_block(bool mine) {
    Vote vote{mine, 0, 0, 0};
    meet_block(count_votes, &vote);
    return vote;
}

}  // namespace shim

inline void __syncwarp(unsigned mask = shim::ALL) { shim::meet_warp(mask, nullptr, nullptr); }
inline void __syncthreads() { shim::meet_block(nullptr, nullptr); }
inline int __syncthreads_or(int mine) { return shim::vote_block(mine).any; }
inline int __syncthreads_and(int mine) { return shim::vote_block(mine).all; }
inline int __any_sync(unsigned mask, int mine) { return shim::vote_warp(mask, mine).any; }
inline int __all_sync(unsigned mask, int mine) { return shim::vote_warp(mask, mine).all; }
inline unsigned __ballot_sync(unsigned mask, int mine) {
    return shim::vote_warp(mask, mine).ballot;
}
template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
    const unsigned base = shim::lane() & ~(static_cast<unsigned>(width) - 1);
    return shim::pass(mask, value, base + (static_cast<unsigned>(source) & (width - 1)));
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int other, int width = 32) {
    return shim::pass(mask, value, shim::within(width, static_cast<int>(shim::lane()) ^ other));
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32) {
    return shim::pass(mask, value, shim::within(width, static_cast<int>(shim::lane() + by)));
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32) {
    const int source = static_cast<int>(shim::lane()) - static_cast<int>(by);
    return shim::pass(mask, value, shim::within(width, source));
}
