// Layers, heads and arrays of a WaveNet, for one tile.

// Where a layer's weights lie among its step's; the convolution's go last, as taps differ.
template <class A>
struct Place {
    static constexpr int ROW = padded(A::WIDTH);
    static constexpr int SECOND = (2 + parameter_rows(A::ACTIVATIONS)) * ROW;
    static constexpr int GATE = A::GATES ? (2 + parameter_rows(A::SECONDS)) * ROW : 0;
    static constexpr int OUT_BIAS = SECOND + GATE;
    static constexpr int OUT = OUT_BIAS + padded(A::CHANNELS);
    static constexpr int CONV = OUT + A::WIDTH * padded(A::CHANNELS);
};

// z = bias + mixin * heard + convolution; the rows are bias, mixin, parameters of the activation.
template <class A>
DEV void mix(const Run& run, const Step& step, Fragment<A::WIDTH>& z, const float* rows,
             const float* conv) {
    spread(z, rows + Place<A>::ROW, rows, run.heard(), run.lane);
    convolve<A::CHANNELS, A::WIDTH, A::UNROLL>(z, conv, oldest<A::CHANNELS>(run), step.taps,
                                               reach(step) * pitch(A::CHANNELS), run.lane);
}

// Activate z, with its second half as a gate (1) or as a blend of before and after (2).
template <class A>
DEV void gate(const Run& run, const Step& step, Fragment<A::WIDTH>& z) {
    const float* w = run.staged();
    const float* rows = w + Place<A>::SECOND;
    Fragment<A::WIDTH> share, before = z;
    mix<A>(run, step, share, rows, w + Place<A>::CONV + step.taps * A::CHANNELS * Place<A>::ROW);
    activate<A::SECONDS>(share, step.second, rows + 2 * Place<A>::ROW, run.lane);
    activate<A::ACTIVATIONS>(z, step.kind, w + 2 * Place<A>::ROW, run.lane);
#pragma unroll
    for (int p = 0; p < z.PARTS; ++p)
#pragma unroll
        for (int c = 0; c < z.EACH; ++c) {
            z.v[p][c] *= share.v[p][c];
            if ((A::GATES >> 2 & 1) && step.gate == 2)
                z.v[p][c] = fmaf(1.f - share.v[p][c], before.v[p][c], z.v[p][c]);
        }
}

template <class A>
DEV void layer(const Run& run, const Step& step, Fragment<A::CHANNELS>& x,
               Fragment<A::WIDTH>& head) {
    const float* w = run.staged();
    Fragment<A::WIDTH> a;
    mix<A>(run, step, a, w, w + Place<A>::CONV);
    bool plain = true;
    if constexpr (A::GATES != 0) {
        plain = step.gate == 0;
        if (!plain) gate<A>(run, step, a);
    }
    if (plain) activate<A::ACTIVATIONS>(a, step.kind, w + 2 * Place<A>::ROW, run.lane);
    add(head, a);
    if (!step.out) return;
    put(a, run.exchange(), run.lane);
    __syncwarp();
    add_row(x, w + Place<A>::OUT_BIAS, run.lane);
    convolve<A::WIDTH, A::CHANNELS, 1>(x, w + Place<A>::OUT, run.exchange(), 1, 0, run.lane);
}

template <class A>
DEV void layers(Run& run, Fragment<A::CHANNELS>& x, Fragment<A::WIDTH>& head) {
    give(run, x);
#pragma unroll 1
    for (int n = 1; n <= A::LAYERS; ++n) {
        const Step& step = begin(run);
        if (run.busy()) layer<A>(run, step, x, head);
        finish(run);
        if (n < A::LAYERS) give(run, x);
    }
}

// Let all lanes of the warp see a fragment; return where.
template <int CHANNELS>
DEV const float* shown(const Run& run, const Fragment<CHANNELS>& f) {
    __syncwarp();  // what was shown before has been seen
    put(f, run.exchange(), run.lane);
    __syncwarp();
    return run.exchange();
}

// What a head weighs: of one tap, the warp's own columns; of several, a step of its own.
struct Weighed {
    const float* columns;
    const float* weights;  // bias, then [tap][in][out]
    int apart;
};

template <class A>
DEV Weighed weighed(const Run& run, const Fragment<A::WIDTH>& head) {
    if constexpr (A::HEAD_TAPS == 1) {
        return {shown(run, head), run.shared + A::HEAD, 0};
    } else {
        give(run, head);
        const Step& step = begin(run);
        return {oldest<A::WIDTH>(run), run.staged(), reach(step) * pitch(A::WIDTH)};
    }
}

// The last head has one channel: a lane makes a whole column.
template <class A>
DEV float last_head(const Run& run, const Weighed& from) {
    if (run.lane >= COLUMNS) return 0.f;
    const float* x = from.columns + run.lane * pitch(A::WIDTH);
    const float* w = from.weights + 4;
    float y = from.weights[0];
#pragma unroll 1
    for (int k = 0; k < A::HEAD_TAPS; ++k, x += from.apart, w += padded(A::WIDTH)) {
#pragma unroll
        for (int first = 0; first < A::WIDTH; first += 4) {
            const Numbers<4> a(x + first), b(w + first);
#pragma unroll
            for (int c = 0; c < 4; ++c) y = fmaf(a.v[c], b.v[c], y);
        }
    }
    return y;
}

// Run array N and those after it; return the output of column `lane`.
template <int N>
DEV float arrays(Run& run, Fragment<Array<N>::CHANNELS>& x, Fragment<Array<N>::WIDTH>& head) {
    using A = Array<N>;
    layers<A>(run, x, head);
    const Weighed from = weighed<A>(run, head);
    if constexpr (N + 1 == ARRAYS) {
        const float y = last_head<A>(run, from);
        if constexpr (A::HEAD_TAPS > 1) finish(run);
        return y;
    } else {
        using Next = Array<N + 1>;
        Fragment<Next::WIDTH> sums;
        clear(sums);
        add_row(sums, from.weights, run.lane);
        convolve<A::WIDTH, Next::WIDTH, 1>(sums, from.weights + padded(Next::WIDTH), from.columns,
                                           A::HEAD_TAPS, from.apart, run.lane);
        if constexpr (A::HEAD_TAPS > 1) finish(run);
        Fragment<Next::CHANNELS> signal;
        clear(signal);
        convolve<A::CHANNELS, Next::CHANNELS, 1>(signal, run.shared + Next::RECHANNEL,
                                                 shown(run, x), 1, 0, run.lane);
        return arrays<N + 1>(run, signal, sums);
    }
}

// Run a tile; return the output of column `lane` of the warp.
DEV float play(Run& run) {
    using A = Array<0>;
    Fragment<A::CHANNELS> x;
    Fragment<A::WIDTH> head;
    clear(head);
    // The network's input has one channel, as what the layers hear: a row of weights, and no bias.
    spread(x, run.shared + A::RECHANNEL, run.shared + NO_BIAS, run.heard(), run.lane);
    run.step = 0;
    const float y = arrays<0>(run, x, head);
    while (run.step < STEPS) {  // a network of few steps has idle ones behind them
        begin(run);
        finish(run);
    }
    return y;
}
