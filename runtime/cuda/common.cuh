// What the kernels share: the arguments they are launched with, and instructions C++ has no word for.
//
// There are no #includes: Python puts a generated header, this file and a kernel one after another.
// The same text compiles with g++ behind tests/cuda/shim, which has its own instructions.
// A function that is constexpr is also __host__ __device__: NVRTC takes no other.

#define DEVICE __device__ __forceinline__
#define BOTH __host__ __device__

// In pinned host memory that the device reads; the host writes it before each launch.
struct Block {
  int frames;        // of this block, >= 0
  int first;         // the state slot that chunk 0 goes on from
  int chunks;        // how many blocks in y work, 1 <= chunks <= gridDim.y; others return at once
  int chunk_frames;  // frames of every chunk but the last
  int replay;        // -1: go on from the slot's state; >= 0: start from this much of the past
  int factors;       // bit 0: multiply the input by in_factor, bit 1: the output by out_factor
  int spare[10];     // 64 bytes in all
};

// Instance i = blockIdx.x, chunk c = blockIdx.y.  A stride of 0 shares one row between instances.
struct NamArgs {
  const Block* block;
  const float* weights;     // what the kernel's packing made
  long long weights_stride;
  float* state;             // STATE floats per (instance * gridDim.y + slot), 16-byte aligned
  const float* in;
  long long in_stride;
  float* out;
  long long out_stride;
  const float* in_factor;   // one a frame, shared by all instances
  const float* out_factor;
  const float* past;        // what a replay starts from
  long long past_stride;
  float* heard;             // what to replay later; with stride 0 only instance 0 writes it
  long long heard_stride;
  int* bad;                 // bad[i] = 1 once instance i made a number that is not finite
};

#ifdef __CUDACC__

extern __shared__ float4 shared_memory[];

// 16 bytes from global to shared memory, both aligned; there once waited for.
DEVICE void copy_async(float* to, const float* from) {
  const unsigned at = (unsigned)__cvta_generic_to_shared(to);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(at), "l"(from) : "memory");
}

// Close a group of copies of this thread; groups complete in order.
DEVICE void copy_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Wait until at most LEFT of this thread's groups are under way.
template <int LEFT>
DEVICE void copy_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(LEFT) : "memory");
}

// 2^x, to about 2 units in the last place.
DEVICE float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// 1 / x, to 1 unit in the last place.
DEVICE float reciprocal(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// d += a b for the whole warp, 16 x 8 x 8 in tf32: the lower 13 bits of a and b do not count.
DEVICE void mma_tf32(float (&d)[4], const float (&a)[4], const float (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
      "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])),
        "r"(__float_as_uint(a[3])), "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
}

#endif  // the shim brings its own
