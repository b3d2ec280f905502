// Streaming WaveNet: a thread block processes one instance, or one chunk of its signal.
//
// Frames are processed in tiles of TILE.  A warp owns COLUMNS frames of a tile, with all channels:
// a layer keeps its columns in registers and in the warp's own exchange area in shared memory.
// Only convolutions read the past and other warps' columns: hence one block barrier per step.
//
// Every column is computed by the same instructions in the same order at any position of a tile:
// results do not depend, to the bit, on how a signal is divided into blocks.
//
// Order of the sources: generated preamble, common.cuh, fragments.cuh, tensors.cuh,
// activations.cuh, steps.cuh, arrays.cuh, this file.

// A prefetched input frame, and its factor.
struct Ahead {
    float in, factor;
};

// The part of the signal that this thread block processes: `lead` warm-up frames without output,
// then `length`.  Pointers and frame numbers are relative to the first output frame.
struct Part {
    const float* in;
    const float* in_factor;   // null: none
    const float* past;        // null: the lead comes from `in`
    float* heard;             // null: not written
    float* out;
    const float* out_factor;  // null: none
    int lead, length;

    // Two loads; not multiplied here, as that would wait for both.
    DEV Ahead ask(int frame) const {
        if (past && frame < 0) return {past[frame], 1.f};
        return {in[frame], in_factor ? in_factor[frame] : 1.f};
    }
};

DEV Part part_of(const NamArgs& args, const int* block, int chunk) {
    const int frames = block[0], chunks = block[2], replay = block[4], factors = block[5];
    const long long instance = blockIdx.x, begin = static_cast<long long>(chunk) * block[3];
    const bool afresh = chunk == 0 && replay >= 0;
    const bool wanted = instance == 0 || args.heard_stride != 0;
    Part part;
    part.length = chunk + 1 < chunks ? block[3] : static_cast<int>(frames - begin);
    part.lead = chunk > 0 ? WARM : afresh ? replay : 0;
    part.in = args.in + instance * args.in_stride + begin;
    part.in_factor = factors & 1 ? args.in_factor + begin : nullptr;
    part.past = afresh ? args.past + instance * args.past_stride + replay : nullptr;
    part.heard = wanted ? args.heard + instance * args.heard_stride + begin : nullptr;
    part.out = args.out + instance * args.out_stride + begin;
    part.out_factor = factors & 2 ? args.out_factor + begin : nullptr;
    return part;
}

// Frames of a tile that begins `left` frames before the end.
DEV int tile_of(int left) { return left < 0 ? 0 : left < TILE ? left : TILE; }

// Process the part; `ahead` is its first input.  Return whether this thread computed an output
// that is not finite.
DEV bool stream(Run& run, const Part& part, Ahead ahead) {
    bool spoiled = false;
    for (int first = -part.lead; first < part.length; first += TILE) {
        run.frames = tile_of(part.length - first);
        run.later = tile_of(part.length - first - TILE);
        const int frame = first + run.thread;
        const float driven = ahead.in * ahead.factor;
        if (run.thread < TILE) run.shared[AT_HEARD + run.turn * TILE + run.thread] = driven;
        if (part.heard && run.thread < run.frames && frame >= 0) part.heard[frame] = driven;
        __syncthreads();
        // The host's memory is far away: load the next tile's input while this one is processed.
        if (run.thread < run.later) ahead = part.ask(frame + TILE);
        for (int i = run.copier(); i >= 0 && i < STEPS; i += COPYING)
            run.cursors(1 - run.turn)[i] = moved(run.cursors(run.turn)[i], steps[i], run.frames);
        const int column = run.warp * COLUMNS + run.lane, place = first + column;
        const bool mine = run.lane < COLUMNS && column < run.frames && place >= 0;
        const float factor = mine && part.out_factor ? part.out_factor[place] : 1.f;
        const float y = play(run) * factor;
        if (mine) part.out[place] = y;
        spoiled = spoiled || (mine && !finite(y));
        run.turn = 1 - run.turn;
    }
    return spoiled;
}

// Speculative load of the first inputs, before the launch header has arrived: otherwise a second
// round trip to host memory would follow.  Any address on the page of the first frame can be read,
// whether it is a frame or not (READ_AHEAD_BYTES in node_resources.py).
struct Guess {
    Ahead ahead;
    bool made;

    DEV Guess(const NamArgs& args, int thread) : ahead{0.f, 1.f} {
        const float* in = args.in + blockIdx.x * args.in_stride;
        const float* factor = args.in_factor;
        made = thread < TILE && blockIdx.y == 0 && same_page(in, in + thread) &&
               same_page(factor, factor + thread);
        if (made) ahead.in = in[thread];
        if (made && factor) ahead.factor = factor[thread];
    }
};

// Load resident weights and cursors; start copying for the first steps.
DEV void start(Run& run) {
    if (run.copies()) {
        for (int i = run.copier(); i < RESIDENT / 4; i += COPYING)
            cp16(run.shared + 4 * i, run.weights + 4 * i);
        cp_commit();
    }
    for (int i = run.thread; i < STEPS; i += THREADS) {
        // A state that was never used may hold any value.
        const float cursor = run.state[CURSORS + i];
        const bool sound = cursor >= 0.f && cursor < static_cast<float>(lookback(steps[i]));
        run.cursors(0)[i] = sound ? static_cast<int>(cursor) : 0;
    }
    __syncthreads();
    if (run.copies())
        for (int s = 0; s < STAGES - 1; ++s) fetch(run, s, AT_STAGES + s * STAGE);
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) wavenet(const NamArgs args) {
    Run run;
    run.shared = shared_memory();
    run.thread = static_cast<int>(threadIdx.x);
    run.warp = run.thread / 32;
    run.lane = run.thread % 32;
    run.frames = run.later = run.turn = 0;
    run.stage = AT_STAGES;
    // One coalesced load of the launch header, which is in host memory.
    int number = 0;
    if (run.thread < BLOCK_NUMBERS) number = reinterpret_cast<const int*>(args.block)[run.thread];
    const Guess guess(args, run.thread);
    const int chunk = static_cast<int>(blockIdx.y), slots = static_cast<int>(gridDim.y);
    const long long instance = blockIdx.x;
    run.weights = settled(const_cast<float*>(args.weights) + instance * args.weights_stride);
    run.state = settled(args.state + instance * slots * STATE);
    if (slots == 1) start(run);  // the only slot: no need to wait for the launch header

    int* block = reinterpret_cast<int*>(run.shared + AT_BLOCK);
    if (run.thread < BLOCK_NUMBERS) block[run.thread] = number;
    __syncthreads();
    if (chunk >= block[2]) return;
    const Part part = part_of(args, block, chunk);
    const bool afresh = chunk > 0 || block[4] >= 0;
    run.frames = tile_of(part.lead + part.length);
    Ahead ahead = guess.ahead;
    if (!(block[5] & 1)) ahead.factor = 1.f;
    if (run.thread < run.frames && (afresh || !guess.made))
        ahead = part.ask(run.thread - part.lead);
    if (slots > 1 || afresh) {
        cp_wait<0>();  // discard copies that were started for another slot
        run.state += (block[1] + chunk) % slots * static_cast<long long>(STATE);
        for (int i = run.thread; i < (afresh ? STATE / 4 : 0); i += THREADS)
            store4(run.state + 4 * i, float4{0.f, 0.f, 0.f, 0.f});
        __syncthreads();
        if (run.frames > 0) start(run);
    }
    if (run.frames == 0) return cp_wait<0>();
    run.state = settled(run.state);
    cp_wait<STAGES - 1>();  // for what stays resident; the first tile's barrier follows
    const bool spoiled = stream(run, part, ahead);

    for (int i = run.thread; i < STEPS; i += THREADS)
        run.state[CURSORS + i] = static_cast<float>(run.cursors(run.turn)[i]);
    if (__syncthreads_or(spoiled)) {
        for (int i = run.thread; i < part.length; i += THREADS) part.out[i] = 0.f;
        if (run.thread == 0) args.bad[instance] = 1;
    }
}
