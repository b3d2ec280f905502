// Convolutions on tensor cores where channels are multiples of eight; FMA elsewhere.
//
// A tensor core uses 10 bits of each factor's mantissa (TF32).  TENSORS is 1 for one product; 3
// where each factor is split into two TF32 numbers and only the product of both remainders is left
// out; 0 for none.
//
// Weights are [tap][8 in][pair][lane][8 out][2], in the order in which lanes load them
// (weight_packing.py): two blocks of 8 x 8 at once where possible.

// x = high + low; high has TF32 precision.
struct Split {
    float high, low;
    DEV explicit Split(float x) : high(tf_hi(x)), low(x - tf_hi(x)) {}
};

template <int IN, int OUT, int UNROLL>
DEV void convolve_on_tensors(Fragment<OUT>& sums, const float* shared, Places at, int taps,
                             int lane) {
    constexpr int TILES = OUT / 8, PAIR = TILES % 2 ? 1 : 2, DEEP = COLUMNS / 16;
    at.weights += lane * 2 * PAIR;
    at.columns += lane / 4 * pitch(IN) + lane % 4;
    // Separate sums: the remainders are small, and independent sums need not wait for each other.
    float main[DEEP][TILES][4], rest[DEEP][TILES][2][4];
#pragma unroll
    for (int m = 0; m < DEEP; ++m)
#pragma unroll
        for (int n = 0; n < TILES; ++n)
#pragma unroll
            for (int r = 0; r < 4; ++r) {
                main[m][n][r] = sums.v[(m * TILES + n) * 2 + r / 2][r % 2];
                rest[m][n][0][r] = rest[m][n][1][r] = 0.f;
            }
#pragma unroll 1
    for (int first = 0; first < taps; first += UNROLL) {
#pragma unroll
        for (int k = 0; k < UNROLL; ++k, at.columns += at.apart) {
#pragma unroll
            for (int in = 0; in < IN; in += 8, at.weights += 64 * TILES) {
                float high[TILES][2], low[TILES][2];
#pragma unroll
                for (int n = 0; n < TILES; n += PAIR) {
                    const Numbers<2 * PAIR> q(shared + at.weights + 64 * n);
#pragma unroll
                    for (int r = 0; r < 2 * PAIR; ++r) {
                        const Split s(q.v[r]);
                        high[n + r / 2][r % 2] = s.high, low[n + r / 2][r % 2] = s.low;
                    }
                }
#pragma unroll
                for (int m = 0; m < DEEP; ++m) {
                    float above[4], below[4];
#pragma unroll
                    for (int r = 0; r < 4; ++r) {
                        const Split s(shared[at.columns + (m * 16 + r % 2 * 8) * pitch(IN) + in +
                                             r / 2 * 4]);
                        above[r] = s.high, below[r] = s.low;
                    }
#pragma unroll
                    for (int n = 0; n < TILES; ++n) {
                        mma_tf32(main[m][n], above, high[n]);
                        if constexpr (TENSORS == 3) {
                            mma_tf32(rest[m][n][0], below, high[n]);
                            mma_tf32(rest[m][n][1], above, low[n]);
                        }
                    }
                }
            }
        }
    }
#pragma unroll
    for (int m = 0; m < DEEP; ++m)
#pragma unroll
        for (int n = 0; n < TILES; ++n)
#pragma unroll
            for (int r = 0; r < 4; ++r)
                sums.v[(m * TILES + n) * 2 + r / 2][r % 2] =
                    main[m][n][r] + (rest[m][n][0][r] + rest[m][n][1][r]);
}

// sums += weights * columns; called by all lanes of the warp.
template <int IN, int OUT, int UNROLL>
DEV void convolve(Fragment<OUT>& sums, const float* shared, Places at, int taps, int lane) {
    if constexpr (on_tensors(IN) && on_tensors(OUT))
        convolve_on_tensors<IN, OUT, UNROLL>(sums, shared, at, taps, lane);
    else if constexpr (IN % 8 == 0 && Fragment<OUT>::HALVES == 2)
        convolve_halved<IN, OUT, UNROLL>(sums, shared, at, taps, lane);
    else
        convolve_plainly<IN, OUT, UNROLL>(sums, shared, at, taps, lane);
}
