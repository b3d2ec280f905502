// Activations of fragments, with NeuralAmpModelerCore's formulas.
//
// NaN propagates, so that the output check finds it: hence comparisons instead of fminf and fmaxf,
// which drop NaN.

// In the order of ACTIVATIONS in wavenet_layout.py.
enum Kind {
    TANH, FASTTANH, HARDTANH, LEAKY_HARDTANH, RELU, LEAKY, SIGMOID, SILU, HARDSWISH, SOFTSIGN,
    KINDS
};

HD constexpr int parameters_of(int kind) {
    return kind == LEAKY_HARDTANH ? 4 : kind == LEAKY ? 1 : 0;
}

// Rows of parameters of a layer whose kind is one of the mask `kinds`.
HD constexpr int parameter_rows(int kinds) {
    return kinds >> LEAKY_HARDTANH & 1 ? 4 : kinds >> LEAKY & 1 ? 1 : 0;
}

DEV float bound(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

// tanh with half the error of tanh_of, for two more instructions: 1 - e is exact near 1, and the
// error near 0 is relative.  High-gain models amplify the error a hundred times.
DEV float near_tanh(float x) {
    const float e = ex2(-2.885390082f * fabsf(x));
    return copysignf((1.f - e) * rcp(1.f + e), x);
}

DEV float fast_tanh(float x) {
    const float size = fabsf(x), square = x * x;
    const float inner = fmaf(0.821226666969744f, size, 0.893229853513558f);
    const float even = fmaf(2.45550750702956f, size, 2.45550750702956f);
    const float bent = fabsf(fmaf(0.814642734961073f * x, size, x));
    const float below = fmaf(2.44506634652299f + square, bent, 2.44506634652299f);
    return x * fmaf(inner, square, even) / below;
}

template <int KIND>
DEV float activated(float x, const float (&p)[4]) {
    if constexpr (KIND == TANH) return near_tanh(x);
    if constexpr (KIND == FASTTANH) return fast_tanh(x);
    if constexpr (KIND == HARDTANH) return bound(x, -1.f, 1.f);
    if constexpr (KIND == LEAKY_HARDTANH) {
        const float low = fmaf(x - p[0], p[2], p[0]), high = fmaf(x - p[1], p[3], p[1]);
        return x < p[0] ? low : x > p[1] ? high : x;
    }
    if constexpr (KIND == RELU) return x < 0.f ? 0.f : x;
    if constexpr (KIND == LEAKY) return x > 0.f ? x : x * p[0];
    if constexpr (KIND == SIGMOID) return sigmoid_of(x);
    if constexpr (KIND == SILU) return x * sigmoid_of(x);
    if constexpr (KIND == HARDSWISH) return x * bound(x + 3.f, 0.f, 6.f) * (1.f / 6.f);
    if constexpr (KIND == SOFTSIGN) return x / (1.f + fabsf(x));
}

// Apply one activation; its parameters are rows of one float per channel.
template <int KIND, int CHANNELS>
DEV void activate_as(Fragment<CHANNELS>& f, const float* rows, int lane) {
    if (!f.holds(lane)) return;
    constexpr int EACH = Fragment<CHANNELS>::EACH;
#pragma unroll
    for (int part = 0; part < f.PARTS; ++part) {
        float p[EACH][4];  // [channel][parameter]
#pragma unroll
        for (int n = 0; n < parameters_of(KIND); ++n) {
            const Numbers<EACH> row(rows + n * padded(CHANNELS) + f.channel(lane, part));
#pragma unroll
            for (int c = 0; c < EACH; ++c) p[c][n] = row.v[c];
        }
#pragma unroll
        for (int c = 0; c < EACH; ++c) f.v[part][c] = activated<KIND>(f.v[part][c], p[c]);
    }
}

// Apply `kind`, one of the mask ALLOWED; with a single kind there is no branch.
template <int ALLOWED, int KIND = 0, int CHANNELS>
DEV void activate(Fragment<CHANNELS>& f, int kind, const float* rows, int lane) {
    if constexpr ((ALLOWED >> KIND & 1) == 0) {
        activate<ALLOWED, KIND + 1>(f, kind, rows, lane);
    } else if constexpr (ALLOWED >> KIND == 1) {
        activate_as<KIND>(f, rows, lane);
    } else {
        if (kind == KIND) activate_as<KIND>(f, rows, lane);
        else activate<ALLOWED, KIND + 1>(f, kind, rows, lane);
    }
}
