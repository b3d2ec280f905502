// Channels of a warp's columns (a column is a frame), in shared memory and in registers.
//
// Goes after the header made for the network: TILE, WARPS.

constexpr int THREADS = 32 * WARPS;
constexpr int COLUMNS = TILE / WARPS;
static_assert(TILE % WARPS == 0 && COLUMNS <= 32 && TILE <= THREADS, "a lane for each column");
static_assert((COLUMNS & (COLUMNS - 1)) == 0, "lanes share columns out evenly");

// Channels are stored four by four.
HD constexpr int padded(int channels) { return (channels + 3) / 4 * 4; }

// Floats from column to column in shared memory: an odd number of fours, so that the eight lanes
// that read at once meet all the banks.
HD constexpr int pitch(int channels) { return padded(channels) | 4; }

HD constexpr int lanes_across(int groups) {
    int lanes = COLUMNS;
    while (lanes * groups > 32) lanes /= 2;
    return lanes;
}

// A lane holds four channels of every ACROSS-th column.  Left-over lanes hold nothing.
template <int CHANNELS>
struct Fragment {
    static constexpr int GROUPS = padded(CHANNELS) / 4;
    static constexpr int ACROSS = lanes_across(GROUPS);
    static constexpr int EACH = COLUMNS / ACROSS;
    float v[EACH][4];

    static DEV bool holds(int lane) { return lane < GROUPS * ACROSS; }
    static DEV int channel(int lane) { return lane / ACROSS * 4; }
    static DEV int column(int lane, int i) { return lane % ACROSS + i * ACROSS; }
};

template <int CHANNELS>
DEV void clear(Fragment<CHANNELS>& f) {
#pragma unroll
    for (int i = 0; i < f.EACH; ++i)
#pragma unroll
        for (int c = 0; c < 4; ++c) f.v[i][c] = 0.f;
}

template <int CHANNELS>
DEV void add(Fragment<CHANNELS>& f, const Fragment<CHANNELS>& other) {
#pragma unroll
    for (int i = 0; i < f.EACH; ++i)
#pragma unroll
        for (int c = 0; c < 4; ++c) f.v[i][c] += other.v[i][c];
}

// Four of a row of numbers, one for each channel that the lane holds.
struct Four {
    float v[4];
    DEV explicit Four(const float* from) {
        const float4 q = load4(from);
        v[0] = q.x, v[1] = q.y, v[2] = q.z, v[3] = q.w;
    }
};

// f = f + row in every column.
template <int CHANNELS>
DEV void add_row(Fragment<CHANNELS>& f, const float* row, int lane) {
    if (!f.holds(lane)) return;
    const Four b(row + f.channel(lane));
#pragma unroll
    for (int i = 0; i < f.EACH; ++i)
#pragma unroll
        for (int c = 0; c < 4; ++c) f.v[i][c] += b.v[c];
}

// f = bias + weights * signal, where the signal has one channel.
template <int CHANNELS>
DEV void spread(Fragment<CHANNELS>& f, const float* weights, const float* bias,
                const float* signal, int lane) {
    if (!f.holds(lane)) return;
    const Four w(weights + f.channel(lane)), b(bias + f.channel(lane));
#pragma unroll
    for (int i = 0; i < f.EACH; ++i) {
        const float x = signal[f.column(lane, i)];
#pragma unroll
        for (int c = 0; c < 4; ++c) f.v[i][c] = fmaf(w.v[c], x, b.v[c]);
    }
}

// Write a fragment to columns in shared memory.
template <int CHANNELS>
DEV void put(const Fragment<CHANNELS>& f, float* columns, int lane) {
    if (!f.holds(lane)) return;
#pragma unroll
    for (int i = 0; i < f.EACH; ++i) {
        const float4 value = {f.v[i][0], f.v[i][1], f.v[i][2], f.v[i][3]};
        store4(columns + f.column(lane, i) * pitch(CHANNELS) + f.channel(lane), value);
    }
}

// sums += weights[tap][in][out] * columns, where the taps' columns are `apart` floats from each
// other.  UNROLL divides the taps.
template <int IN, int OUT, int UNROLL>
DEV void convolve(Fragment<OUT>& sums, const float* weights, const float* columns, int taps,
                  int apart, int lane) {
    if (!sums.holds(lane)) return;
    constexpr int ROW = padded(OUT);
    const float* w = weights + sums.channel(lane);
    const float* x = columns + sums.column(lane, 0) * pitch(IN);
#pragma unroll 1
    for (int first = 0; first < taps; first += UNROLL, w += UNROLL * IN * ROW) {
#pragma unroll
        for (int k = 0; k < UNROLL; ++k, x += apart) {
#pragma unroll
            for (int in = 0; in < IN; in += 4) {
                float xs[Fragment<OUT>::EACH][4];
#pragma unroll
                for (int i = 0; i < sums.EACH; ++i) {
                    const Four q(x + i * sums.ACROSS * pitch(IN) + in);
#pragma unroll
                    for (int j = 0; j < 4; ++j) xs[i][j] = q.v[j];
                }
#pragma unroll
                for (int j = 0; j < 4 && in + j < IN; ++j) {
                    const Four q(w + (k * IN + in + j) * ROW);
#pragma unroll
                    for (int i = 0; i < sums.EACH; ++i)
#pragma unroll
                        for (int c = 0; c < 4; ++c)
                            sums.v[i][c] = fmaf(q.v[c], xs[i][j], sums.v[i][c]);
                }
            }
        }
    }
}
