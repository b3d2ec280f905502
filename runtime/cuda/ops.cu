// The operations of a plan that are no node: copy, add, clear.  A block for each channel.

extern "C" __global__ void __launch_bounds__(128) device_copy(const OpArgs args) {
    const float* in = args.in + blockIdx.x * args.in_stride;
    float* out = args.out + blockIdx.x * args.out_stride;
    for (int i = threadIdx.x; i < args.block->frames; i += blockDim.x) out[i] = in[i];
}

extern "C" __global__ void __launch_bounds__(128) device_add(const OpArgs args) {
    const float* in = args.in + blockIdx.x * args.in_stride;
    float* out = args.out + blockIdx.x * args.out_stride;
    for (int i = threadIdx.x; i < args.block->frames; i += blockDim.x) out[i] += in[i];
}

extern "C" __global__ void __launch_bounds__(128) device_clear(const OpArgs args) {
    float* out = args.out + blockIdx.x * args.out_stride;
    for (int i = threadIdx.x; i < args.block->frames; i += blockDim.x) out[i] = 0.f;
}
