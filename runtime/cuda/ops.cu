// Buffer operations of a plan: copy, add, clear.  blockIdx.x is the channel; blocks in y divide the
// frames.  `frames` is loaded once: `out` might alias it.

#define EACH_FRAME(i)                                                                   \
    const int frames = args.block->frames;                                              \
    for (int i = blockIdx.y * blockDim.x + threadIdx.x; i < frames; i += gridDim.y * blockDim.x)

extern "C" __global__ void __launch_bounds__(128) device_copy(const OpArgs args) {
    const float* in = args.in + blockIdx.x * args.in_stride;
    float* out = args.out + blockIdx.x * args.out_stride;
    EACH_FRAME(i) out[i] = in[i];
}

extern "C" __global__ void __launch_bounds__(128) device_add(const OpArgs args) {
    const float* in = args.in + blockIdx.x * args.in_stride;
    float* out = args.out + blockIdx.x * args.out_stride;
    EACH_FRAME(i) out[i] += in[i];
}

extern "C" __global__ void __launch_bounds__(128) device_clear(const OpArgs args) {
    float* out = args.out + blockIdx.x * args.out_stride;
    EACH_FRAME(i) out[i] = 0.f;
}
