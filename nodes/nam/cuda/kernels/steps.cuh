// The steps of a WaveNet (a layer, or a head of several taps): their past, and their weights.
//
// The past of a step is a ring of exactly (taps - 1) * dilation columns in global memory, with a
// cursor at the oldest.  What a tile needs of it is known long before, so it is copied into a
// window of shared memory, together with the step's weights, while STAGES - 1 earlier steps
// compute.  Behind the past in the window come the tile's own columns.

static_assert(STAGED % (4 * COPYING) == 0, "copied in whole rounds");
static_assert(STAGES >= 2 && STEPS >= STAGES, "a ring is written before it is read again");

// Shared memory, in floats: what stays, the stages, and a corner of its own for each warp.
constexpr int STAGE = WINDOW + STAGED;
constexpr int AT_STAGES = RESIDENT;
constexpr int AT_EXCHANGE = AT_STAGES + STAGES * STAGE, LAST_STAGE = AT_EXCHANGE - STAGE;
constexpr int AT_HEARD = AT_EXCHANGE + TILE * EXCHANGE;
constexpr int AT_CURSORS = AT_HEARD + 2 * TILE;
constexpr int AT_BLOCK = AT_CURSORS + 2 * STEPS;
constexpr int BLOCK_NUMBERS = 6;
static_assert(SHARED >= AT_BLOCK + BLOCK_NUMBERS, "shared memory is asked for");

// A pointer to global memory, computed once: a compiler that knows how it came about would put it
// together again at every use.
DEV float* settled(float* p) {
#ifndef CUDA_SHIM
    asm volatile("" : "+l"(p));
    __builtin_assume(__isGlobal(p));
#endif
    return p;
}

// Where a thread block is.
struct Run {
    float* shared;
    float* weights;
    float* state;
    int thread, warp, lane;
    int frames, later;  // of this tile, and of the next
    int step, stage;    // which of them all, and where in shared memory
    int turn;           // which of two sets of cursors and inputs is this tile's

    DEV int* cursors(int which) const {
        return reinterpret_cast<int*>(shared + AT_CURSORS) + which * STEPS;
    }
    DEV const float* heard() const { return shared + AT_HEARD + turn * TILE + warp * COLUMNS; }
    DEV int exchange() const { return AT_EXCHANGE + warp * COLUMNS * EXCHANGE; }
    DEV int staged() const { return stage + WINDOW; }
    // Whether this warp has columns to compute; one that copies never has.
    DEV bool busy() const { return warp * COLUMNS < frames; }
    DEV bool copies() const { return thread >= COMPUTING; }
    DEV int copier() const { return thread - COMPUTING; }
};

// Where the window of the step after this one is, and of the one before.
DEV int after(int stage) { return stage == LAST_STAGE ? AT_STAGES : stage + STAGE; }
DEV int before(int stage) { return stage == AT_STAGES ? LAST_STAGE : stage - STAGE; }

DEV int lookback(const Step& step) { return (step.taps - 1) * step.dilation; }

// This warp's columns at the first tap.
template <int CHANNELS>
DEV int oldest(const Run& run) {
    return run.stage + run.warp * COLUMNS * pitch(CHANNELS);
}

// Where this warp's columns are in the window of a step.
template <int CHANNELS>
DEV int own(const Run& run, const Step& step, int window) {
    return window + step.own + run.warp * (COLUMNS * pitch(CHANNELS));
}

// Of the columns that the copiers move at once: which is this one's, and which four channels.
// Neighbours in a warp take columns whose places in shared memory meet all the banks.
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

// Where in a ring of such a length a place less than twice as far is.
DEV unsigned turned(unsigned place, unsigned length) { return min(place, place - length); }

// Start copying what a tile needs of the past.  All is computed for several copies at once and
// without a branch: a copier has nobody to fill its waits.
template <int QUADS>
DEV void fetch_past(const Run& run, const Step& step, int window, unsigned cursor) {
    using Mine = Share<QUADS>;
    constexpr int ACROSS = Mine::ACROSS, NEED = (most_rows(QUADS) + ACROSS - 1) / ACROSS;
    constexpr int PIECE = TILE / ACROSS < 1 ? 1 : TILE / ACROSS;  // rounds for a tap
    constexpr int UNROLL = NEED <= 8 ? NEED : (8 + PIECE - 1) / PIECE * PIECE;
    constexpr bool EVEN = TILE % ACROSS == 0 && (NEED <= UNROLL || UNROLL % PIECE == 0);
    const Mine mine(run);
    if (mine.idle()) return;
    const unsigned length = lookback(step), ring = step.past + 4 * mine.quad;
    const unsigned jump = step.dilation - step.reach;  // from the end of a tap's piece to the next
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

// Write this tile's last columns over the ring's oldest.
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

// Where the oldest column is after so many frames more.
DEV int moved(int cursor, const Step& step, int frames) {
    const int length = lookback(step);
    if (frames >= length) return 0;
    cursor += frames;
    return cursor >= length ? cursor - length : cursor;
}

// Do one or the other for the width the step has, among the WIDTHS there are.
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

// Start copying what a step ahead needs; beyond this tile's last step come the next tile's first.
DEV void fetch(const Run& run, int ahead, int window) {
    const bool beyond = ahead >= STEPS;
    const int number = beyond ? ahead - STEPS : ahead;
    if (!beyond || run.later > 0) {
        const Step step = steps[number];
        const int cursor = run.cursors(beyond ? 1 - run.turn : run.turn)[number];
        // Whole rounds, though the last may end in the next step's weights.
        const float* from = settled(run.weights + (step.weights + 4 * run.copier()));
        float* to = run.shared + window + WINDOW + 4 * run.copier();
#pragma unroll 16
        for (int n = 0; n < STAGED / (4 * COPYING); ++n)
            if (4 * COPYING * n < step.size) cp16(to + 4 * COPYING * n, from + 4 * COPYING * n);
        move_past<true>(run, step, window, cursor);
    }
    cp_commit();  // an empty group counts as well: the same wait is right for every step
}

// All warps meet once a step: those that compute have given their columns, and what the copiers
// fetched has come.  They do so in different places of the text, which __syncthreads is not for;
// the instruction behind it counts who comes, from wherever (PTX ISA, barrier.sync).
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

// What the copiers do in a tile.
DEV void copy(Run& run) {
#pragma unroll 1
    while (run.step < STEPS) {
        cp_wait<STAGES - 2>();
        meet();
        // The stage of the step before is free since they met.
        fetch(run, run.step + STAGES - 1, before(run.stage));
        move_past<false>(run, steps[run.step], run.stage, run.cursors(run.turn)[run.step]);
        finish(run);
    }
}
