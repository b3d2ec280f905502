// What every kernel begins with: its arguments, and the instructions that C++ has no name for.
//
// Python puts this text between a generated header and the kernel and gives all three to NVRTC:
// there is no #include, and a constexpr function must be HD.  Under the emulator (tests/cuda/shim)
// the same text is compiled by g++, which brings its own kind of the instructions.
#define DEV __device__ __forceinline__
#define HD __host__ __device__

// In pinned host memory; the host writes it before each launch.
struct Block {
    int frames;        // of this block, 0 or more
    int first;         // the slot whose state chunk 0 goes on from
    int chunks;        // how many blocks in y have work, 1 to gridDim.y; the others return at once
    int chunk_frames;  // of every chunk but the last
    int replay;        // -1: go on from the slot; otherwise start afresh (NamArgs::past)
    int factors;       // bit 0: multiply the input by in_factor; bit 1: the output by out_factor
    int spare[10];
};
static_assert(sizeof(Block) == 64, "Block is one line of the host's cache");

// Instance i is blockIdx.x, chunk c is blockIdx.y.  Strides are floats from instance to instance.
struct NamArgs {
    const Block* block;
    const float* weights;
    long long weights_stride;  // 0: shared by all
    float* state;              // on the device; of instance i and slot s at i * gridDim.y + s
    const float* in;
    long long in_stride;       // 0: every instance hears the same
    float* out;
    long long out_stride;
    const float* in_factor;    // a number a frame, shared by all; in host memory, as the next three
    const float* out_factor;
    const float* past;         // what to start afresh from: frames heard, or an LSTM's state
    long long past_stride;
    float* heard;              // for the host: the driven input; of an LSTM behind its state
    long long heard_stride;    // 0: only instance 0 writes
    int* bad;                  // set to 1 by an instance that made a number that is not finite
};

// Channel c is blockIdx.x.
struct OpArgs {
    const Block* block;
    const float* in;
    float* out;
    long long in_stride, out_stride;
    int channels;
};

// Whether two places share a page: then what is at one can be read if what is at the other can.
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

// Close a group of copies.
DEV void cp_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Wait until at most the LATEST youngest groups of this thread are under way.
template <int LATEST>
DEV void cp_wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(LATEST) : "memory");
}

// 2 to the power of x, to about 2 units in the last place.
DEV float ex2(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// 1 / x, to about 1 unit in the last place; 0 for the infinite and what is next to it.
DEV float rcp(float x) {
    float y;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// Four floats at once, from and to where 16 bytes are aligned.
DEV float4 load4(const float* from) { return *reinterpret_cast<const float4*>(from); }
DEV void store4(float* to, float4 values) { *reinterpret_cast<float4*>(to) = values; }

// What is left of x in 10 bits of mantissa: x - tf_hi(x) is exact.
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

// Within 3e-7 of tanh(x) everywhere; 1 and -1 far out, and NaN for NaN.
DEV float tanh_of(float x) { return fmaf(-2.f, rcp(ex2(2.885390082f * x) + 1.f), 1.f); }

// 1 / (1 + exp(-x)).
DEV float sigmoid_of(float x) { return rcp(ex2(-1.442695041f * x) + 1.f); }

// Whether x is a number with an end, whatever the compiler thinks of NaN.
DEV bool finite(float x) { return (__float_as_uint(x) & 0x7f800000u) != 0x7f800000u; }
