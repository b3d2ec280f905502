// Common to all kernels: argument structs, and device instructions as inline PTX.
//
// Python concatenates a generated preamble, this file and the kernel, and compiles the result with
// NVRTC: so there is no #include, and constexpr functions must be HD.  The emulator of the tests
// (tests/cuda/shim) compiles the same text with g++ and its own versions of the instructions.
#define DEV __device__ __forceinline__
#define HD __host__ __device__

// Launch header, in pinned host memory; the host writes it before each launch.
struct Block {
    int frames;        // of this block, 0 or more
    int first;         // the state slot that chunk 0 continues from
    int chunks;        // thread blocks in y with work, 1 to gridDim.y; the others return at once
    int chunk_frames;  // of every chunk but the last
    int replay;        // -1: continue from the slot; else clear the state, process this many floats
                       // of NamArgs::past (of an LSTM: load its state from there)
    int factors;       // bit 0: multiply the input by in_factor; bit 1: the output by out_factor
    int spare[10];
};
static_assert(sizeof(Block) == 64, "Block is one cache line of the host");

// Instance i is blockIdx.x, chunk c is blockIdx.y.  Strides are floats from instance to instance.
struct NamArgs {
    const Block* block;
    const float* weights;
    long long weights_stride;  // 0: shared by all
    float* state;              // on the device; of instance i and slot s at i * gridDim.y + s
    const float* in;
    long long in_stride;       // 0: all instances share one input
    float* out;
    long long out_stride;
    const float* in_factor;    // one float a frame, shared by all instances; this and the
                               // pointers below are in pinned host memory
    const float* out_factor;
    const float* past;         // for replay: past input frames, or an LSTM's state
    long long past_stride;
    float* heard;              // output for the host: (LSTM: state, then) input after in_factor
    long long heard_stride;    // 0: only instance 0 writes
    int* bad;                  // set to 1 by an instance whose output has a NaN or infinity
};

// Channel c is blockIdx.x.
struct OpArgs {
    const Block* block;
    const float* in;
    float* out;
    long long in_stride, out_stride;
    int channels;
};

// Whether two addresses are on the same page: if one can be read, so can the other.
DEV bool same_page(const float* a, const float* b) {
    const auto first = reinterpret_cast<unsigned long long>(a);
    return (first ^ reinterpret_cast<unsigned long long>(b)) >> 12 == 0;
}

#ifndef CUDA_SHIM

// The block's dynamic shared memory, aligned to 16 bytes.
DEV float* shared_memory() {
    extern __shared__ float4 shared_words[];
    return reinterpret_cast<float*>(shared_words);
}

// Copy 16 bytes from global to shared memory, both aligned to 16, without waiting.
DEV void cp16(float* to, const float* from) {
    const unsigned shared = static_cast<unsigned>(__cvta_generic_to_shared(to));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared), "l"(from) : "memory");
}

// End the current group of asynchronous copies.
DEV void cp_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Wait until at most the LATEST most recent groups of this thread are pending.
template <int LATEST>
DEV void cp_wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(LATEST) : "memory");
}

// 2 to the power of x; error about 2 ulp.
DEV float ex2(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// 1 / x; error about 1 ulp; 0 for infinities and the largest magnitudes.
DEV float rcp(float x) {
    float y;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// Load and store four floats, aligned to 16 bytes.
DEV float4 load4(const float* from) { return *reinterpret_cast<const float4*>(from); }
DEV void store4(float* to, float4 values) { *reinterpret_cast<float4*>(to) = values; }

// x truncated to 10 bits of mantissa (TF32); x - tf_hi(x) is exact.
DEV float tf_hi(float x) { return __uint_as_float(__float_as_uint(x) & 0xffffe000u); }

// d += a b in the warp's tensor core, 16 x 8 += 16 x 8 times 8 x 8.  With g = lane / 4 and
// q = lane % 4 a lane holds, as (row, column): d (g, 2q) (g, 2q + 1) (g + 8, 2q) (g + 8, 2q + 1);
// a (g, q) (g + 8, q) (g, q + 4) (g + 8, q + 4); b (q, g) (q + 4, g).
DEV void mma_tf32(float (&d)[4], const float (&a)[4], const float (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])),
          "r"(__float_as_uint(a[3])), "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
}

#endif

// tanh(x) with an error of at most 3e-7; NaN for NaN.
DEV float tanh_of(float x) { return fmaf(-2.f, rcp(ex2(2.885390082f * x) + 1.f), 1.f); }

// 1 / (1 + exp(-x)).
DEV float sigmoid_of(float x) { return rcp(ex2(-1.442695041f * x) + 1.f); }

// Whether x is finite; by its bits, so that no compiler option can remove the test.
DEV bool finite(float x) { return (__float_as_uint(x) & 0x7f800000u) != 0x7f800000u; }
