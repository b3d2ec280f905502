// Layers, heads and arrays of a WaveNet, for one tile.

// Offsets in a layer's weights; the convolution is last, as the number of taps differs.
template <class A>
struct Place {
    static constexpr int ROW = padded(A::WIDTH);
    static constexpr int SECOND = (2 + parameter_rows(A::ACTIVATIONS)) * ROW;
    static constexpr int GATE = A::GATES ? (2 + parameter_rows(A::SECONDS)) * ROW : 0;
    static constexpr int OUT_BIAS = SECOND + GATE;
    static constexpr int OUT = OUT_BIAS + padded(A::CHANNELS);
    static constexpr int CONV = OUT + A::WIDTH * padded(A::CHANNELS);
};

// z = bias + mixin * input + convolution; `rows` is the offset of bias, mixin and activation
// parameters, `conv` of the taps.  TAPS taps unrolled; 0: step.taps in a loop.
template <class A, int TAPS>
DEV void mix_taps(const Run& run, const Step& step, Fragment<A::WIDTH>& z, int rows, int conv) {
    const float* bias = run.shared + rows;
    spread(z, bias + Place<A>::ROW, bias, run.heard(), run.lane);
    convolve<A::CHANNELS, A::WIDTH, TAPS ? TAPS : A::UNROLL>(
        z, run.shared, {conv, oldest<A::CHANNELS>(run), step.reach * pitch(A::CHANNELS)},
        TAPS ? TAPS : step.taps, run.lane);
}

// Dispatch on the number of taps: one instance for each bit in A::TAPS.
template <class A, int TAPS = 1>
DEV void mix(const Run& run, const Step& step, Fragment<A::WIDTH>& z, int rows, int conv) {
    if constexpr (A::TAPS >> TAPS == 0)
        mix_taps<A, 0>(run, step, z, rows, conv);
    else if constexpr ((A::TAPS >> TAPS & 1) == 0)
        mix<A, TAPS + 1>(run, step, z, rows, conv);
    else if (A::TAPS >> TAPS == 1 || step.taps == TAPS)
        mix_taps<A, TAPS>(run, step, z, rows, conv);
    else if constexpr (A::TAPS >> TAPS != 1)
        mix<A, TAPS + 1>(run, step, z, rows, conv);
}

// Activate z; multiply by the second half as a gate (1), or blend z before and after (2).
template <class A>
DEV void gate(const Run& run, const Step& step, Fragment<A::WIDTH>& z) {
    const int w = run.staged(), rows = w + Place<A>::SECOND;
    Fragment<A::WIDTH> share, before = z;
    mix<A>(run, step, share, rows, w + Place<A>::CONV + step.taps * A::CHANNELS * Place<A>::ROW);
    activate<A::SECONDS>(share, step.second, run.shared + rows + 2 * Place<A>::ROW,
                         run.lane);
    activate<A::ACTIVATIONS>(z, step.kind, run.shared + w + 2 * Place<A>::ROW, run.lane);
#pragma unroll
    for (int p = 0; p < z.PARTS; ++p)
#pragma unroll
        for (int c = 0; c < z.EACH; ++c) {
            z.v[p][c] *= share.v[p][c];
            if ((A::GATES >> 2 & 1) && step.gate == 2)
                z.v[p][c] = fmaf(1.f - share.v[p][c], before.v[p][c], z.v[p][c]);
        }
}

// Run a layer: add its activation to the head; update x if a later layer reads it (`more`).
template <class A>
DEV void layer(const Run& run, const Step& step, Fragment<A::CHANNELS>& x, Fragment<A::WIDTH>& head,
               bool more) {
    const int w = run.staged();
    Fragment<A::WIDTH> a;
    mix<A>(run, step, a, w, w + Place<A>::CONV);
    bool plain = true;
    if constexpr (A::GATES != 0) {
        plain = step.gate == 0;
        if (!plain) gate<A>(run, step, a);
    }
    if (plain) activate<A::ACTIVATIONS>(a, step.kind, run.shared + w + 2 * Place<A>::ROW, run.lane);
    add(head, a);
    if (!more) return;
    put(a, run.shared + run.exchange(), run.lane);
    __syncwarp();
    add_row(x, run.shared + w + Place<A>::OUT_BIAS, run.lane);
    convolve<A::WIDTH, A::CHANNELS, 1>(x, run.shared, {w + Place<A>::OUT, run.exchange(), 0}, 1,
                                       run.lane);
}

template <class A, bool LAST>
DEV void layers(Run& run, Fragment<A::CHANNELS>& x, Fragment<A::WIDTH>& head) {
    Step step = steps[run.step];
    if (run.busy()) put(x, run.shared + own<A::CHANNELS>(run, step, run.stage), run.lane);
#pragma unroll 1
    for (int n = 1; n <= A::LAYERS; ++n) {
        // Loaded early: the next step's table entry.
        const Step next = steps[n < A::LAYERS ? run.step + 1 : 0];
        float* to = run.shared + own<A::CHANNELS>(run, next, after(run.stage));
        meet();
        if (run.busy()) {
            layer<A>(run, step, x, head, !LAST || n < A::LAYERS);
            if (n < A::LAYERS) put(x, to, run.lane);
        }
        finish(run);
        step = next;
    }
}

// Store a fragment in the warp's exchange area; return its offset.
template <int CHANNELS>
DEV int shown(const Run& run, const Fragment<CHANNELS>& f) {
    if (!run.busy()) return 0;
    __syncwarp();  // until all lanes have read what was there before
    put(f, run.shared + run.exchange(), run.lane);
    __syncwarp();
    return run.exchange();
}

// Weights and columns of a head: with one tap, the warp's own columns; with several, a step of its
// own.  The weights begin with the bias.
template <class A>
DEV Places weighed(const Run& run, const Fragment<A::WIDTH>& head) {
    if constexpr (A::HEAD_TAPS == 1) {
        return {A::HEAD, shown(run, head), 0};
    } else {
        const Step& step = steps[run.step];
        if (run.busy()) put(head, run.shared + own<A::WIDTH>(run, step, run.stage), run.lane);
        meet();
        return {run.staged(), oldest<A::WIDTH>(run), step.reach * pitch(A::WIDTH)};
    }
}

// The last head has one channel: each lane computes a column.
template <class A>
DEV float last_head(const Run& run, const Places& from) {
    if (run.lane >= COLUMNS || !run.busy()) return 0.f;
    const float* x = run.shared + from.columns + run.lane * pitch(A::WIDTH);
    const float* w = run.shared + from.weights + 4;
    float y[4] = {run.shared[from.weights], 0.f, 0.f, 0.f};
#pragma unroll(A::HEAD_TAPS % 4 ? 1 : 4)
    for (int k = 0; k < A::HEAD_TAPS; ++k, x += from.apart, w += padded(A::WIDTH)) {
#pragma unroll
        for (int first = 0; first < A::WIDTH; first += 4) {
            const Numbers<4> a(x + first), b(w + first);
#pragma unroll
            for (int c = 0; c < 4; ++c) y[c] = fmaf(a.v[c], b.v[c], y[c]);
        }
    }
    return (y[0] + y[1]) + (y[2] + y[3]);
}

// Run array N and those after it; return the output of column `lane`.
template <int N>
DEV float arrays(Run& run, Fragment<Array<N>::CHANNELS>& x, Fragment<Array<N>::WIDTH>& head) {
    using A = Array<N>;
    layers<A, N + 1 == ARRAYS>(run, x, head);
    Places from = weighed<A>(run, head);
    if constexpr (N + 1 == ARRAYS) {
        const float y = last_head<A>(run, from);
        if constexpr (A::HEAD_TAPS > 1) finish(run);
        return y;
    } else {
        using Next = Array<N + 1>;
        Fragment<Next::WIDTH> sums;
        clear(sums);
        Fragment<Next::CHANNELS> signal;
        clear(signal);
        if (run.busy()) {
            add_row(sums, run.shared + from.weights, run.lane);
            from.weights += padded(Next::WIDTH);
            convolve<A::WIDTH, Next::WIDTH, 1>(sums, run.shared, from, A::HEAD_TAPS, run.lane);
            convolve<A::CHANNELS, Next::CHANNELS, 1>(
                signal, run.shared, {Next::RECHANNEL, shown(run, x), 0}, 1, run.lane);
        }
        if constexpr (A::HEAD_TAPS > 1) finish(run);
        return arrays<N + 1>(run, signal, sums);
    }
}

// Run a tile; return the output of column `lane` of the warp.
DEV float play(Run& run) {
    run.step = 0;
    if (run.copies()) {
        copy(run);
        return 0.f;
    }
    using A = Array<0>;
    Fragment<A::CHANNELS> x;
    Fragment<A::WIDTH> head;
    clear(head);
    clear(x);
    // The network's input has one channel: a row of weights, and no bias.
    if (run.busy())
        spread(x, run.shared + A::RECHANNEL, run.shared + NO_BIAS, run.heard(),
               run.lane);
    const float y = arrays<0>(run, x, head);
    while (run.step < STEPS) {  // idle steps of a network with fewer than STAGES
        meet();
        finish(run);
    }
    return y;
}
