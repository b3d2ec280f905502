// LSTM: a thread block processes one instance, frame by frame, all layers at once.
//
// Preceded by the constants HIDDEN, DEPTH, LANES, TILE and KEEP (lstm.py chooses them).
// A layer has a group of warps, with LANES threads for each unit; a thread computes ROWS of the
// unit's gates.  In a step each layer processes one frame, one frame behind the layer below it, so
// that the latency of a step does not grow with the number of layers: one load of the last hidden
// states, one matrix product, two exponentials and one barrier.
//
// Hidden states stay in shared memory until a tile of frames is done; then all threads compute the
// outputs, a frame each.  No step accesses global memory, and the next tile's input is loaded while
// this one is processed.
constexpr int REGISTERS = 0;  // KEEP: where the weights are; otherwise in shared or global memory
constexpr int SHARED = 1;

constexpr int ROWS = 4 / LANES;
constexpr int WIDE = (HIDDEN + 3) / 4 * 4;      // hidden states, read four at once
constexpr int STRIDE = (WIDE / 4 | 1) * 4;      // from frame to frame, so that lanes use all banks
constexpr int GROUP = (HIDDEN * LANES + 31) / 32 * 32;
constexpr int THREADS = DEPTH * GROUP;
constexpr int EACH = (TILE + THREADS - 1) / THREADS;  // frames of a tile for each thread
constexpr int STATE = DEPTH * 2 * HIDDEN;

// Weights: for each layer a column of biases, then one for each input and hidden state; a column
// has the gates i, g, f, o of each unit.  Then the head, and its bias.
constexpr int COLUMN = 4 * HIDDEN;
HD constexpr int inputs(int layer) { return layer ? WIDE : 1; }
HD constexpr int columns(int layer) { return 1 + inputs(layer) + WIDE; }
HD constexpr int begin(int layer) {
    return layer ? COLUMN * (columns(0) + (layer - 1) * columns(1)) : 0;
}
constexpr int HEAD = begin(DEPTH);
constexpr int HELD = KEEP == REGISTERS ? columns(DEPTH - 1) : 1;
constexpr int UNROLL = KEEP == REGISTERS ? WIDE : 2;

// Shared memory: hidden states by layer and frame, from the frame before the tile; input; head;
// weights if KEEP is SHARED.
constexpr int LAYER = (TILE + 1) * STRIDE;
constexpr int INPUT = DEPTH * LAYER;
constexpr int ENDS = INPUT + TILE;
constexpr int KEPT = ENDS + WIDE + 4;

struct Unit {
    float weights[HELD][ROWS];
    const float* memory;  // unless KEEP is REGISTERS: this thread's part of the first column
    float cell, hidden;
    int layer, number, part;
    int like;  // the unit whose state this thread computes: min(number, last unit)
};

struct Sums {
    float of[ROWS][LANES];  // LANES independent sums for each gate, to hide FMA latency
};

DEV void barrier() {
    if (THREADS == 32)
        __syncwarp();
    else
        __syncthreads();
}

DEV void fetch(float (&to)[ROWS], const float* from) {
    if (ROWS == 4) {
        const float4 four = load4(from);
        to[0] = four.x;
        to[1 % ROWS] = four.y;
        to[2 % ROWS] = four.z;
        to[3 % ROWS] = four.w;
    } else {
#pragma unroll
        for (int row = 0; row < ROWS; ++row) to[row] = from[row];
    }
}

DEV void column(float (&to)[ROWS], const Unit& unit, int which) {
    if (KEEP != REGISTERS) return fetch(to, unit.memory + which * COLUMN);
#pragma unroll
    for (int row = 0; row < ROWS; ++row) to[row] = unit.weights[which % HELD][row];
}

DEV void add(Sums& sums, const Unit& unit, int which, int chain, float value) {
    float weights[ROWS];
    column(weights, unit, which);
#pragma unroll
    for (int row = 0; row < ROWS; ++row)
        sums.of[row][chain] = fmaf(weights[row], value, sums.of[row][chain]);
}

template <int FROM>
DEV void add_all(Sums& sums, const Unit& unit, const float* values) {
#pragma unroll UNROLL
    for (int k = 0; k < WIDE; k += 4) {
        const float4 four = load4(values + k);
        add(sums, unit, FROM + k, 0, four.x);
        add(sums, unit, FROM + k + 1, 1 % LANES, four.y);
        add(sums, unit, FROM + k + 2, 2 % LANES, four.z);
        add(sums, unit, FROM + k + 3, 3 % LANES, four.w);
    }
}

// Return the gates' sums, before their activations.
template <bool FIRST>
DEV Sums weigh(const Unit& unit, const float* below, const float* before) {
    Sums sums;
    float biases[ROWS];
    column(biases, unit, 0);
#pragma unroll
    for (int row = 0; row < ROWS; ++row)
#pragma unroll
        for (int chain = 0; chain < LANES; ++chain) sums.of[row][chain] = chain ? 0.f : biases[row];
    if (FIRST)
        add(sums, unit, 1, LANES - 1, *below);
    else
        add_all<1>(sums, unit, below);
    add_all<1 + inputs(FIRST ? 0 : 1)>(sums, unit, before);
    return sums;
}

// Weights are scaled so that 1 / (1 + 2^x) is the gate for i, f and o, and (1 - g) / 2 for g.
DEV void gates_of(float (&gates)[ROWS], const Sums& sums) {
#pragma unroll
    for (int row = 0; row < ROWS; ++row) {
        const float* of = sums.of[row];
        float x = of[0];
        if (LANES == 2) x += of[1 % LANES];
        if (LANES == 4) x = (x + of[1 % LANES]) + (of[2 % LANES] + of[3 % LANES]);
        gates[row] = rcp(ex2(x) + 1.f);
    }
}

// Step a unit; the hidden state is valid in the last of its lanes, which has o.
DEV void step(Unit& unit, const float (&gates)[ROWS]) {
    constexpr unsigned ALL = 0xffffffffu;
    const float o = gates[ROWS - 1];
    if (LANES == 1) {
        unit.cell = fmaf(gates[2 % ROWS], unit.cell, gates[0] * fmaf(-2.f, gates[1 % ROWS], 1.f));
    } else if (LANES == 2) {
        const float other = unit.part ? unit.cell : fmaf(-2.f, gates[1 % ROWS], 1.f);
        const float product = gates[0] * other;
        unit.cell = product + __shfl_xor_sync(ALL, product, 1);
    } else {
        const float i = __shfl_sync(ALL, gates[0], 0, 4), g = __shfl_sync(ALL, gates[0], 1, 4);
        const float f = __shfl_sync(ALL, gates[0], 2, 4);
        unit.cell = fmaf(f, unit.cell, i * fmaf(-2.f, g, 1.f));
    }
    unit.hidden = o * tanh_of(unit.cell);
}

// Prefetched frames of a tile; the loads are waited for at first use.
struct Ahead {
    float in[EACH], in_factor[EACH], out_factor[EACH];
};

// Speculative load of the first inputs, before the launch header has arrived: otherwise a second
// round trip to host memory would follow.  Any address on the page of the first frame can be read,
// whether it is a frame or not (READ_AHEAD_BYTES in node_resources.py).
struct Guess {
    float in[EACH];
    bool made[EACH];

    DEV explicit Guess(const NamArgs& args) {
        const float* first = args.in + blockIdx.x * args.in_stride;
#pragma unroll
        for (int n = 0; n < EACH; ++n) {
            const float* from = first + threadIdx.x + n * THREADS;
            made[n] = same_page(first, from);
            in[n] = made[n] ? *from : 0.f;
        }
    }
};

DEV void look_ahead(Ahead& ahead, const NamArgs& args, int factors, int done, int frames,
                    const Guess* guess = nullptr) {
    const float* in = args.in + blockIdx.x * args.in_stride;
#pragma unroll
    for (int n = 0; n < EACH; ++n) {
        const int inside = threadIdx.x + n * THREADS, t = done + inside;
        const bool on = inside < TILE && t < frames;
        if (guess && guess->made[n]) ahead.in[n] = on ? guess->in[n] : 0.f;
        else ahead.in[n] = on ? in[t] : 0.f;
        ahead.in_factor[n] = on && (factors & 1) ? args.in_factor[t] : 1.f;
        ahead.out_factor[n] = on && (factors & 2) ? args.out_factor[t] : 1.f;
    }
}

DEV float output(const float* shared, int row) {
    const float* hidden = shared + (DEPTH - 1) * LAYER + row * STRIDE;
    const float* head = shared + ENDS;
    float sums[4] = {head[WIDE], 0.f, 0.f, 0.f};
#pragma unroll
    for (int k = 0; k < WIDE; k += 4) {
        const float4 h = load4(hidden + k), w = load4(head + k);
        sums[0] = fmaf(w.x, h.x, sums[0]);
        sums[1] = fmaf(w.y, h.y, sums[1]);
        sums[2] = fmaf(w.z, h.z, sums[2]);
        sums[3] = fmaf(w.w, h.w, sums[3]);
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// Load the state of this thread's unit.
DEV void resume(Unit& unit, const float* state) {
    const float* own = state + unit.layer * 2 * HIDDEN + unit.like;
    unit.hidden = own[0];
    unit.cell = own[HIDDEN];
}

// Load this thread's part of the weights; return its unit.
DEV Unit prepare(const float* weights, float* shared) {
    Unit unit;
    const int inside = threadIdx.x % GROUP;
    // Threads beyond the last unit repeat the last thread's work; their results are unused.
    const int thread = inside < HIDDEN * LANES ? inside : HIDDEN * LANES - 1;
    unit.layer = threadIdx.x / GROUP;
    unit.number = inside / LANES;
    unit.part = inside % LANES;
    unit.like = thread / LANES;
    const int from = begin(unit.layer) + thread * ROWS;
    unit.memory = (KEEP == SHARED ? shared + KEPT : weights) + from;
    if (KEEP == REGISTERS) {
#pragma unroll
        for (int n = 0; n < HELD; ++n)
            if (n < columns(unit.layer)) fetch(unit.weights[n], weights + from + n * COLUMN);
    }
    for (int n = threadIdx.x; n < (KEEP == SHARED ? HEAD : 0); n += THREADS)
        shared[KEPT + n] = weights[n];
    for (int n = threadIdx.x; n < INPUT; n += THREADS) shared[n] = 0.f;  // the padding must be zero
    for (int n = threadIdx.x; n <= WIDE; n += THREADS) shared[ENDS + n] = weights[HEAD + n];
    return unit;
}

extern "C" __global__ void __launch_bounds__(THREADS, 1) lstm(const NamArgs args) {
    if (blockIdx.y) return;
    // Start all loads from host memory together, before the first use of any.
    const Block block = *args.block;
    const Guess guess(args);
    float* shared = shared_memory();
    float* state = args.state + static_cast<long long>(blockIdx.x) * gridDim.y * STATE;
    float* out = args.out + blockIdx.x * args.out_stride;
    float* heard = args.heard + blockIdx.x * args.heard_stride;
    const bool told = blockIdx.x == 0 || args.heard_stride != 0;
    Unit unit = prepare(args.weights + blockIdx.x * args.weights_stride, shared);
    resume(unit, state);
    const int frames = block.frames, factors = block.factors;
    if (block.replay >= 0) resume(unit, args.past + blockIdx.x * args.past_stride);
    Ahead ahead;
    look_ahead(ahead, args, factors, 0, frames, &guess);
    const bool owner = unit.number < HIDDEN && unit.part == LANES - 1;
    float* hidden = shared + unit.layer * LAYER;
    bool bad = false;
    barrier();
    for (int done = 0; done < frames; done += TILE) {
        const int count = min(TILE, frames - done);
        float factor[EACH];
#pragma unroll
        for (int n = 0; n < EACH; ++n) {
            const int inside = threadIdx.x + n * THREADS;
            const float x = factors & 1 ? __fmul_rn(ahead.in[n], ahead.in_factor[n]) : ahead.in[n];
            if (inside < TILE) shared[INPUT + inside] = x;
            if (told && inside < count) heard[STATE + done + inside] = x;
            factor[n] = ahead.out_factor[n];
        }
        if (owner) hidden[unit.number] = unit.hidden;
        barrier();
        look_ahead(ahead, args, factors, done + TILE, frames);
        for (int n = 0; n < count + DEPTH - 1; ++n) {
            const int frame = n - unit.layer;
            if (frame >= 0 && frame < count) {
                const float* before = hidden + frame * STRIDE;
                float gates[ROWS];
                if (DEPTH == 1 || unit.layer == 0)
                    gates_of(gates, weigh<true>(unit, shared + INPUT + frame, before));
                else
                    gates_of(gates, weigh<false>(unit, before + STRIDE - LAYER, before));
                step(unit, gates);
                if (owner) hidden[(frame + 1) * STRIDE + unit.number] = unit.hidden;
            }
            barrier();
        }
#pragma unroll
        for (int n = 0; n < EACH; ++n) {
            const int inside = threadIdx.x + n * THREADS;
            if (inside >= count) continue;
            float y = output(shared, inside + 1);
            if (factors & 2) y = __fmul_rn(y, factor[n]);
            bad |= !finite(y);
            out[done + inside] = y;
        }
    }
    if (owner) {
        const int at = unit.layer * 2 * HIDDEN + unit.number;
        state[at] = unit.hidden;
        state[at + HIDDEN] = unit.cell;
        if (told) heard[at] = unit.hidden;
        if (told) heard[at + HIDDEN] = unit.cell;
    }
    if (__syncthreads_or(bad)) {
        for (int t = threadIdx.x; t < frames; t += THREADS) out[t] = 0.f;
        if (threadIdx.x == 0) args.bad[blockIdx.x] = 1;
    }
}
