// Fragments: channels of a warp's columns (a column is a frame) in registers and shared memory.
//
// Needs the generated constants TILE, WARPS, COPIERS, TENSORS.

constexpr int COMPUTING = 32 * WARPS, COPYING = 32 * COPIERS;  // threads
constexpr int THREADS = COMPUTING + COPYING;
constexpr int COLUMNS = TILE / WARPS;
static_assert(TILE % WARPS == 0 && COLUMNS <= 32 && TILE <= COMPUTING, "a lane for each column");
static_assert((COLUMNS & (COLUMNS - 1)) == 0, "lanes share columns out evenly");

// Channels as stored: the next multiple of four.
HD constexpr int padded(int channels) { return (channels + 3) / 4 * 4; }

// Stride of columns in shared memory: an odd multiple of four, so that the eight lanes that read
// at once use all banks.
HD constexpr int pitch(int channels) { return padded(channels) | 4; }

HD constexpr int lanes_across(int groups) {
    int lanes = COLUMNS;
    while (lanes * groups > 32) lanes /= 2;
    return lanes;
}

// Whether fragments of this many channels have the tensor cores' layout (tensors.cuh).
HD constexpr bool on_tensors(int channels) {
    return TENSORS > 0 && channels % 8 == 0 && COLUMNS % 16 == 0;
}

// Which channels and columns a lane holds: PARTS groups of EACH neighbouring channels of a column.
template <int CHANNELS, bool = on_tensors(CHANNELS)>
struct Layout {
    // Four channels of each of PARTS columns.  Left-over lanes hold nothing.
    //
    // Lanes 2n and 2n + 1 have the same column, lanes n and n + 2 the same channels: only then a
    // 16-byte load per lane takes half the time where lanes load the same address.  The order of
    // columns is such that eight lanes that write use all banks.
    //
    // With two HALVES, lanes 16 apart have the same channels; each sums half of the inputs, for
    // the columns of both (convolve_halved).
    static constexpr int GROUPS = padded(CHANNELS) / 4, PAIR = GROUPS % 2 ? 1 : 2;
    static constexpr int HALVES = GROUPS == 2 && GROUPS * COLUMNS >= 32 ? 2 : 1;
    static constexpr int ACROSS = lanes_across(GROUPS * HALVES);
    static constexpr int PARTS = COLUMNS / ACROSS / HALVES, EACH = 4;

    static DEV bool holds(int lane) { return lane < GROUPS * HALVES * ACROSS; }
    static DEV int half(int lane) { return HALVES == 2 ? lane / 16 : 0; }
    static DEV int channel(int lane, int) {
        return (lane / PAIR / ACROSS % (GROUPS / PAIR) * PAIR + lane % PAIR) * 4;
    }
    static DEV int column(int lane, int part, int other = 0) {
        const int place = lane / PAIR % ACROSS + ACROSS * (part + PARTS * (half(lane) ^ other));
        return PAIR == 2 && COLUMNS >= 8 ? place % 4 * 2 + place / 4 % 2 + place / 8 * 8 : place;
    }
};

template <int CHANNELS>
struct Layout<CHANNELS, true> {
    // Tiles of 16 columns and 8 channels, each in two halves of 8 columns.
    static constexpr int HALVES = 1;
    static constexpr int ACROSS = CHANNELS / 8;
    static constexpr int PARTS = COLUMNS / 16 * ACROSS * 2, EACH = 2;

    static DEV bool holds(int) { return true; }
    static DEV int channel(int lane, int part) { return part / 2 % ACROSS * 8 + lane % 4 * 2; }
    static DEV int column(int lane, int part) {
        return part / 2 / ACROSS * 16 + part % 2 * 8 + lane / 4;
    }
};

template <int CHANNELS>
struct Fragment : Layout<CHANNELS> {
    float v[Layout<CHANNELS>::PARTS][Layout<CHANNELS>::EACH];
};

// COUNT (4 or 2) neighbouring floats, loaded at once.
template <int COUNT>
struct Numbers {
    float v[COUNT];
    DEV explicit Numbers(const float* from) {
        if constexpr (COUNT == 4) {
            const float4 q = load4(from);
            v[0] = q.x, v[1] = q.y, v[2] = q.z, v[3] = q.w;
        } else {
            const float2 q = *reinterpret_cast<const float2*>(from);
            v[0] = q.x, v[1] = q.y;
        }
    }
};

template <int CHANNELS>
DEV void clear(Fragment<CHANNELS>& f) {
#pragma unroll
    for (int p = 0; p < f.PARTS; ++p)
#pragma unroll
        for (int c = 0; c < f.EACH; ++c) f.v[p][c] = 0.f;
}

template <int CHANNELS>
DEV void add(Fragment<CHANNELS>& f, const Fragment<CHANNELS>& other) {
#pragma unroll
    for (int p = 0; p < f.PARTS; ++p)
#pragma unroll
        for (int c = 0; c < f.EACH; ++c) f.v[p][c] += other.v[p][c];
}

// f = f + row in every column.
template <int CHANNELS>
DEV void add_row(Fragment<CHANNELS>& f, const float* row, int lane) {
    if (!f.holds(lane)) return;
#pragma unroll
    for (int p = 0; p < f.PARTS; ++p) {
        const Numbers<Fragment<CHANNELS>::EACH> b(row + f.channel(lane, p));
#pragma unroll
        for (int c = 0; c < f.EACH; ++c) f.v[p][c] += b.v[c];
    }
}

// f = bias + weights * signal, where the signal has one channel.
template <int CHANNELS>
DEV void spread(Fragment<CHANNELS>& f, const float* weights, const float* bias,
                const float* signal, int lane) {
    if (!f.holds(lane)) return;
    using Row = Numbers<Fragment<CHANNELS>::EACH>;
#pragma unroll
    for (int p = 0; p < f.PARTS; ++p) {
        const Row w(weights + f.channel(lane, p)), b(bias + f.channel(lane, p));
        const float x = signal[f.column(lane, p)];
#pragma unroll
        for (int c = 0; c < f.EACH; ++c) f.v[p][c] = fmaf(w.v[c], x, b.v[c]);
    }
}

// Write a fragment to columns in shared memory.
template <int CHANNELS>
DEV void put(const Fragment<CHANNELS>& f, float* columns, int lane) {
    if (!f.holds(lane)) return;
#pragma unroll
    for (int p = 0; p < f.PARTS; ++p) {
        float* to = columns + f.column(lane, p) * pitch(CHANNELS) + f.channel(lane, p);
        const float* v = f.v[p];
        if constexpr (Fragment<CHANNELS>::EACH == 4) store4(to, float4{v[0], v[1], v[2], v[3]});
        else *reinterpret_cast<float2*>(to) = float2{v[0], v[1]};
    }
}

// Offsets of a convolution's operands, in floats from the start of shared memory (32-bit
// arithmetic is enough there).
struct Places {
    int weights;  // [tap][in][out]
    int columns;  // of the first tap
    int apart;    // from one tap's columns to the next tap's
};

// sums += weights * columns.  UNROLL divides the taps.
template <int IN, int OUT, int UNROLL>
DEV void convolve_plainly(Fragment<OUT>& sums, const float* shared, Places at, int taps,
                          int lane) {
    if (!sums.holds(lane)) return;
    constexpr int ROW = padded(OUT), PARTS = Fragment<OUT>::PARTS, EACH = Fragment<OUT>::EACH;
#pragma unroll 1
    for (int first = 0; first < taps; first += UNROLL, at.weights += UNROLL * IN * ROW) {
#pragma unroll
        for (int k = 0; k < UNROLL; ++k, at.columns += at.apart) {
#pragma unroll
            for (int in = 0; in < IN; in += 4) {
                float xs[PARTS][4];
#pragma unroll
                for (int p = 0; p < PARTS; ++p) {
                    const Numbers<4> q(shared + at.columns + sums.column(lane, p) * pitch(IN) + in);
#pragma unroll
                    for (int j = 0; j < 4; ++j) xs[p][j] = q.v[j];
                }
#pragma unroll
                for (int j = 0; j < 4 && in + j < IN; ++j)
#pragma unroll
                    for (int p = 0; p < PARTS; ++p) {
                        const Numbers<EACH> q(shared + at.weights + (k * IN + in + j) * ROW +
                                              sums.channel(lane, p));
#pragma unroll
                        for (int c = 0; c < EACH; ++c)
                            sums.v[p][c] = fmaf(q.v[c], xs[p][j], sums.v[p][c]);
                    }
            }
        }
    }
}

// The same with two lanes per result, half of the inputs each: every loaded value is used twice as
// often.  The halves are added in the same order in every column.
template <int IN, int OUT, int UNROLL>
DEV void convolve_halved(Fragment<OUT>& sums, const float* shared, Places at, int taps, int lane) {
    constexpr int ROW = padded(OUT), PARTS = Fragment<OUT>::PARTS;
    float made[2][PARTS][4] = {};  // this lane's columns, and the other lane's
    at.weights += sums.half(lane) * 4 * ROW + sums.channel(lane, 0);
    at.columns += sums.half(lane) * 4;
#pragma unroll 1
    for (int first = 0; first < taps; first += UNROLL, at.weights += UNROLL * IN * ROW) {
#pragma unroll
        for (int k = 0; k < UNROLL; ++k, at.columns += at.apart) {
#pragma unroll
            for (int in = 0; in < IN; in += 8) {
                float xs[2][PARTS][4];
#pragma unroll
                for (int p = 0; p < 2 * PARTS; ++p) {
                    const int column = sums.column(lane, p % PARTS, p / PARTS);
                    const Numbers<4> q(shared + at.columns + column * pitch(IN) + in);
#pragma unroll
                    for (int j = 0; j < 4; ++j) xs[p / PARTS][p % PARTS][j] = q.v[j];
                }
#pragma unroll
                for (int j = 0; j < 4; ++j) {
                    const Numbers<4> q(shared + at.weights + (k * IN + in + j) * ROW);
#pragma unroll
                    for (int p = 0; p < 2 * PARTS; ++p)
#pragma unroll
                        for (int c = 0; c < 4; ++c)
                            made[p / PARTS][p % PARTS][c] = fmaf(q.v[c], xs[p / PARTS][p % PARTS][j],
                                                                 made[p / PARTS][p % PARTS][c]);
                }
            }
        }
    }
#pragma unroll
    for (int p = 0; p < PARTS; ++p)
#pragma unroll
        for (int c = 0; c < 4; ++c)
            sums.v[p][c] += made[0][p][c] + __shfl_xor_sync(0xffffffffu, made[1][p][c], 16);
}
