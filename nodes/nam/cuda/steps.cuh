// The steps of a WaveNet (a layer, or a head of several taps): their past, and their weights.
//
// The past of a step is a ring of exactly (taps - 1) * dilation columns in global memory, with a
// cursor at the oldest.  What a tile needs of it is known long before, so it is copied into a
// window of shared memory, together with the step's weights, while STAGES - 1 earlier steps
// compute.  Behind the past in the window come the tile's own columns.

static_assert(STAGES >= 2 && STEPS >= STAGES, "a ring is written before it is read again");

// Shared memory, in floats: what stays, the stages, and a corner of its own for each warp.
constexpr int STAGE = WINDOW + STAGED;
constexpr int AT_STAGES = RESIDENT;
constexpr int AT_EXCHANGE = AT_STAGES + STAGES * STAGE;
constexpr int AT_HEARD = AT_EXCHANGE + TILE * EXCHANGE;
constexpr int AT_CURSORS = AT_HEARD + 2 * TILE;
constexpr int AT_BLOCK = AT_CURSORS + 2 * STEPS;
constexpr int BLOCK_NUMBERS = 6;
static_assert(SHARED >= AT_BLOCK + BLOCK_NUMBERS, "shared memory is asked for");

// Where a thread block is.
struct Run {
    float* shared;
    const float* weights;
    float* state;
    int thread, warp, lane;
    int frames, later;  // of this tile, and of the next
    int step, stage;
    int turn;           // which of two sets of cursors and inputs is this tile's

    DEV int* cursors(int which) const {
        return reinterpret_cast<int*>(shared + AT_CURSORS) + which * STEPS;
    }
    DEV const float* heard() const { return shared + AT_HEARD + turn * TILE + warp * COLUMNS; }
    DEV float* exchange() const { return shared + AT_EXCHANGE + warp * COLUMNS * EXCHANGE; }
    DEV float* window(int of) const { return shared + AT_STAGES + of * STAGE; }
    DEV const float* staged() const { return window(stage) + WINDOW; }
    DEV bool busy() const { return warp * COLUMNS < frames; }
};

// Columns from tap to tap in a window: a tap needs no more of the past than a tile.
DEV int reach(const Step& step) { return step.dilation < TILE ? step.dilation : TILE; }
DEV int lookback(const Step& step) { return (step.taps - 1) * step.dilation; }

// This warp's columns at the first tap.
template <int CHANNELS>
DEV const float* oldest(const Run& run) {
    return run.window(run.stage) + run.warp * COLUMNS * pitch(CHANNELS);
}

// Put this warp's columns where the coming step will find them.
template <int CHANNELS>
DEV void give(const Run& run, const Fragment<CHANNELS>& f) {
    if (!run.busy()) return;
    const Step& step = steps[run.step];
    const int column = (step.taps - 1) * reach(step) + run.warp * COLUMNS;
    put(f, run.window(run.stage) + column * pitch(CHANNELS), run.lane);
}

// Start copying what a tile of so many frames needs of the past.
template <int QUADS>
DEV void fetch_past(const Run& run, const Step& step, float* window, int cursor, int frames) {
    const int length = lookback(step), rows = (step.taps - 1) * reach(step);
    const float* ring = run.state + step.past;
    for (int i = run.thread; i < rows * QUADS; i += THREADS) {
        const int row = i / QUADS, quad = i % QUADS;
        int place = row;
        if (step.dilation >= TILE) {  // a piece for each tap
            const int tap = row / TILE, column = row % TILE;
            if (column >= frames) continue;
            place = tap * step.dilation + column;
        }
        place += cursor;
        if (place >= length) place -= length;
        cp16(window + row * pitch(4 * QUADS) + 4 * quad, ring + 4 * (place * QUADS + quad));
    }
}

// Write this tile's last columns over the ring's oldest.
template <int QUADS>
DEV void keep(const Run& run, const Step& step, const float* window, int cursor) {
    const int length = lookback(step), kept = run.frames < length ? run.frames : length;
    const int start = kept == length ? 0 : cursor;
    const int first = (step.taps - 1) * reach(step) + run.frames - kept;
    float* ring = run.state + step.past;
    for (int i = run.thread; i < kept * QUADS; i += THREADS) {
        const int column = i / QUADS, quad = i % QUADS;
        int place = start + column;
        if (place >= length) place -= length;
        store4(ring + 4 * (place * QUADS + quad),
               load4(window + (first + column) * pitch(4 * QUADS) + 4 * quad));
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
DEV void move_past(const Run& run, const Step& step, float* window, int cursor, int frames) {
    if constexpr (WIDTHS >> QUADS != 0) {
        if ((WIDTHS >> QUADS & 1) && step.quads == QUADS) {
            if constexpr (FETCH) fetch_past<QUADS>(run, step, window, cursor, frames);
            else keep<QUADS>(run, step, window, cursor);
        } else {
            move_past<FETCH, QUADS + 1>(run, step, window, cursor, frames);
        }
    }
}

// Start copying what a step ahead needs; beyond this tile's last step come the next tile's first.
DEV void fetch(const Run& run, int ahead, int stage) {
    const bool beyond = ahead >= STEPS;
    const int number = beyond ? ahead - STEPS : ahead;
    const int frames = beyond ? run.later : run.frames;
    if (frames > 0) {
        const Step& step = steps[number];
        float* window = run.window(stage);
        const int cursor = run.cursors(beyond ? 1 - run.turn : run.turn)[number];
        move_past<true>(run, step, window, cursor, frames);
        for (int i = run.thread; i < step.size / 4; i += THREADS)
            cp16(window + WINDOW + 4 * i, run.weights + step.weights + 4 * i);
    }
    cp_commit();  // an empty group counts as well: the same wait is right for every step
}

// Begin a step: all warps have given their columns, and the past has come.
DEV const Step& begin(const Run& run) {
    cp_wait<STAGES - 2>();
    __syncthreads();
    // The stage of the step before is free since the barrier.
    fetch(run, run.step + STAGES - 1, run.stage == 0 ? STAGES - 1 : run.stage - 1);
    const Step& step = steps[run.step];
    move_past<false>(run, step, run.window(run.stage), run.cursors(run.turn)[run.step], 0);
    return step;
}

DEV void finish(Run& run) {
    run.stage = run.stage + 1 == STAGES ? 0 : run.stage + 1;
    ++run.step;
}
