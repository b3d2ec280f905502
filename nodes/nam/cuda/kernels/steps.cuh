// Steps of a WaveNet (a layer, or a head of several taps): prefetch of past and weights.
//
// The past of a step is a ring of exactly (taps - 1) * dilation columns in global memory, with a
// cursor at the oldest.  The part that a tile needs is copied into a window in shared memory, with
// the step's weights, while STAGES - 1 earlier steps compute.  In the window the tile's own columns
// follow the past.

static_assert(STAGED % (4 * COPYING) == 0, "copied in whole rounds");
static_assert(STAGES >= 2 && STEPS >= STAGES, "a ring is written before it is read again");

// Shared memory, in floats: resident weights, stages, an exchange area for each warp, inputs,
// cursors, launch header.
constexpr int STAGE = WINDOW + STAGED;
constexpr int AT_STAGES = RESIDENT;
constexpr int AT_EXCHANGE = AT_STAGES + STAGES * STAGE, LAST_STAGE = AT_EXCHANGE - STAGE;
constexpr int AT_HEARD = AT_EXCHANGE + TILE * EXCHANGE;
constexpr int AT_CURSORS = AT_HEARD + 2 * TILE;
constexpr int AT_BLOCK = AT_CURSORS + 2 * STEPS;
constexpr int BLOCK_NUMBERS = 6;
static_assert(SHARED >= AT_BLOCK + BLOCK_NUMBERS, "shared memory is asked for");

// Hide how a pointer was computed, so that the compiler does not recompute it at every use.
DEV float* settled(float* p) {
#ifndef CUDA_SHIM
    asm volatile("" : "+l"(p));
    __builtin_assume(__isGlobal(p));
#endif
    return p;
}

// Position of a thread in its block, tile and step.
struct Run {
    float* shared;
    float* weights;
    float* state;
    int thread, warp, lane;
    int frames, later;  // of this tile, and of the next
    int step, stage;    // its number, and the offset of its stage
    int turn;           // which of the two sets of cursors and inputs belongs to this tile

    DEV int* cursors(int which) const {
        return reinterpret_cast<int*>(shared + AT_CURSORS) + which * STEPS;
    }
    DEV const float* heard() const { return shared + AT_HEARD + turn * TILE + warp * COLUMNS; }
    DEV int exchange() const { return AT_EXCHANGE + warp * COLUMNS * EXCHANGE; }
    DEV int staged() const { return stage + WINDOW; }
    // Whether this warp has columns to compute; false for copying warps.
    DEV bool busy() const { return warp * COLUMNS < frames; }
    DEV bool copies() const { return thread >= COMPUTING; }
    DEV int copier() const { return thread - COMPUTING; }
};

// Offset of the stage after this one, and before.
DEV int after(int stage) { return stage == LAST_STAGE ? AT_STAGES : stage + STAGE; }
DEV int before(int stage) { return stage == AT_STAGES ? LAST_STAGE : stage - STAGE; }

DEV int lookback(const Step& step) { return (step.taps - 1) * step.dilation; }

// Offset of this warp's columns at the first tap.
template <int CHANNELS>
DEV int oldest(const Run& run) {
    return run.stage + run.warp * COLUMNS * pitch(CHANNELS);
}

// Offset of this warp's own columns in the window of a step.
template <int CHANNELS>
DEV int own(const Run& run, const Step& step, int window) {
    return window + step.own + run.warp * (COLUMNS * pitch(CHANNELS));
}

// The column and the group of four channels that this copying thread moves.  Neighbouring threads
// move columns whose addresses in shared memory use all banks.
template <int QUADS>
struct Share {
    static constexpr int ACROSS = COPYING / QUADS;
    unsigned column, quad;
    DEV explicit Share(const Run& run) {
        const unsigned copier = run.copier(), number = copier / QUADS;
        quad = copier % QUADS;
        column = ACROSS % 8 ? number : number / 8 * 8 + (number * QUADS % 8 | number % 8 * QUADS / 8);
    }
    DEV bool idle() const { return column >= ACROSS; }
};

// place modulo length, for place < 2 * length.
DEV unsigned turned(unsigned place, unsigned length) { return min(place, place - length); }

// Start copying the past that a tile needs.  Addresses of several copies are computed together and
// without branches, to hide latency: copying warps have no other work.
template <int QUADS>
DEV void fetch_past(const Run& run, const Step& step, int window, unsigned cursor) {
    using Mine = Share<QUADS>;
    constexpr int ACROSS = Mine::ACROSS, NEED = (most_rows(QUADS) + ACROSS - 1) / ACROSS;
    constexpr int PIECE = TILE / ACROSS < 1 ? 1 : TILE / ACROSS;  // rounds per tap
    constexpr int UNROLL = NEED <= 8 ? NEED : (8 + PIECE - 1) / PIECE * PIECE;
    constexpr bool EVEN = TILE % ACROSS == 0 && (NEED <= UNROLL || UNROLL % PIECE == 0);
    const Mine mine(run);
    if (mine.idle()) return;
    const unsigned length = lookback(step), ring = step.past + 4 * mine.quad;
    const unsigned jump = step.dilation - step.reach;  // between the columns of two taps
    float* to = run.shared + window + mine.column * pitch(4 * QUADS) + 4 * mine.quad;
#pragma unroll 1
    for (int first = 0; first < step.rows; first += UNROLL * ACROSS) {
        const int left = step.rows - first - static_cast<int>(mine.column);
#pragma unroll
        for (int n = 0; n < UNROLL; ++n) {
            const unsigned row = first + mine.column + n * ACROSS;
            const unsigned tap = EVEN ? first / TILE + n * ACROSS / TILE : row / TILE;
            const unsigned place = turned(cursor + row + tap * jump, length);
            if (n * ACROSS < left)
                cp16(to + n * ACROSS * pitch(4 * QUADS), run.state + (ring + 4 * QUADS * place));
        }
        to += UNROLL * ACROSS * pitch(4 * QUADS);
    }
}

// Write this tile's last columns over the ring's oldest ones.
template <int QUADS>
DEV void keep(const Run& run, const Step& step, int window, unsigned cursor) {
    using Mine = Share<QUADS>;
    constexpr int ACROSS = Mine::ACROSS, NEED = (TILE + ACROSS - 1) / ACROSS;
    constexpr int UNROLL = NEED <= 4 ? NEED : 4;
    const Mine mine(run);
    if (mine.idle()) return;
    const int length = lookback(step), kept = min(run.frames, length);
    const unsigned start = kept == length ? 0 : cursor, ring = step.past + 4 * mine.quad;
    const float* from = run.shared + window + (step.rows + run.frames - kept) * pitch(4 * QUADS);
    from += mine.column * pitch(4 * QUADS) + 4 * mine.quad;
#pragma unroll 1
    for (int first = 0; first < kept; first += UNROLL * ACROSS) {
        const int left = kept - first - static_cast<int>(mine.column);
        float4 four[UNROLL];
#pragma unroll
        for (int n = 0; n < UNROLL; ++n)
            if (n * ACROSS < left) four[n] = load4(from + n * ACROSS * pitch(4 * QUADS));
#pragma unroll
        for (int n = 0; n < UNROLL; ++n) {
            const unsigned column = first + mine.column + n * ACROSS;
            const unsigned place = turned(start + column, length);
            if (n * ACROSS < left) store4(run.state + (ring + 4 * QUADS * place), four[n]);
        }
        from += UNROLL * ACROSS * pitch(4 * QUADS);
    }
}

// Position of the oldest column after `frames` more frames.
DEV int moved(int cursor, const Step& step, int frames) {
    const int length = lookback(step);
    if (frames >= length) return 0;
    cursor += frames;
    return cursor >= length ? cursor - length : cursor;
}

// Call fetch_past or keep for the step's number of quads, one of the mask WIDTHS.
template <bool FETCH, int QUADS = 1>
DEV void move_past(const Run& run, const Step& step, int window, int cursor) {
    if constexpr ((WIDTHS >> QUADS & 1) == 0) {
        move_past<FETCH, QUADS + 1>(run, step, window, cursor);
    } else if (WIDTHS >> QUADS == 1 || step.quads == QUADS) {
        if constexpr (FETCH) fetch_past<QUADS>(run, step, window, cursor);
        else keep<QUADS>(run, step, window, cursor);
    } else if constexpr (WIDTHS >> QUADS != 1) {
        move_past<FETCH, QUADS + 1>(run, step, window, cursor);
    }
}

// Start copying weights and past for step `ahead`; STEPS and more are steps of the next tile.
DEV void fetch(const Run& run, int ahead, int window) {
    const bool beyond = ahead >= STEPS;
    const int number = beyond ? ahead - STEPS : ahead;
    if (!beyond || run.later > 0) {
        const Step step = steps[number];
        const int cursor = run.cursors(beyond ? 1 - run.turn : run.turn)[number];
        // Whole rounds: the last may read into the next step's weights.
        const float* from = settled(run.weights + (step.weights + 4 * run.copier()));
        float* to = run.shared + window + WINDOW + 4 * run.copier();
#pragma unroll 16
        for (int n = 0; n < STAGED / (4 * COPYING); ++n)
            if (4 * COPYING * n < step.size) cp16(to + 4 * COPYING * n, from + 4 * COPYING * n);
        move_past<true>(run, step, window, cursor);
    }
    cp_commit();  // an empty group counts too, so that every step waits for the same number
}

// Block barrier, once a step: columns are written, and prefetched data has arrived.  Computing and
// copying warps reach it at different places of the source, which __syncthreads does not allow; the
// instruction counts arrivals from any place (PTX ISA, barrier.sync).
DEV void meet() {
#ifdef CUDA_SHIM
    __syncthreads();
#else
    asm volatile("bar.sync 0;" ::: "memory");
#endif
}

DEV void finish(Run& run) {
    run.stage = after(run.stage);
    ++run.step;
}

// Work of the copying warps in a tile.
DEV void copy(Run& run) {
#pragma unroll 1
    while (run.step < STEPS) {
        cp_wait<STAGES - 2>();
        meet();
        // The stage of the step before is free since the barrier.
        fetch(run, run.step + STAGES - 1, before(run.stage));
        move_past<false>(run, steps[run.step], run.stage, run.cursors(run.turn)[run.step]);
        finish(run);
    }
}
