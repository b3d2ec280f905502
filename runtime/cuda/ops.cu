// The operations of a plan that are no node: copy, add, clear, delay.  A block for each channel.

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

// All channels share one position, and blocks end in any order: the upper bits of its word count
// the channels that are through, and the last of them moves it on for the next launch.  A fresh
// start reads neither, so that each block may write the new position at once.
constexpr int COUNT_SHIFT = 24, POSITION_BITS = (1 << COUNT_SHIFT) - 1;

extern "C" __global__ void __launch_bounds__(128) device_delay(const OpArgs args) {
    const float* in = args.in + blockIdx.x * args.in_stride;
    float* out = args.out + blockIdx.x * args.out_stride;
    const int frames = args.block->frames, length = args.length;
    if (length == 0) {
        for (int i = threadIdx.x; i < frames; i += blockDim.x) out[i] = in[i];
        return;
    }
    float* ring = args.ring + static_cast<long long>(blockIdx.x) * length;
    int* word = reinterpret_cast<int*>(args.ring + static_cast<long long>(args.channels) * length);
    const bool fresh = args.block->replay >= 0;
    const int start = fresh ? 0 : *word & POSITION_BITS;
    if (fresh) {
        for (int i = threadIdx.x; i < length; i += blockDim.x) ring[i] = 0.f;
        __syncthreads();
    }
    for (int i = threadIdx.x; i < frames; i += blockDim.x) {
        const int at = start + i < length ? start + i : start + i - length;
        out[i] = i < length ? ring[at] : in[i - length];
    }
    __syncthreads();
    const int kept = frames < length ? frames : length;
    const int end = static_cast<int>((static_cast<long long>(start) + frames) % length);
    for (int i = threadIdx.x; i < kept; i += blockDim.x) {
        const int back = end - kept + i;
        ring[back < 0 ? back + length : back] = in[frames - kept + i];
    }
    if (threadIdx.x == 0) {
        if (fresh)
            *word = end;
        else if (atomicAdd(word, 1 << COUNT_SHIFT) >> COUNT_SHIFT == args.channels - 1)
            *word = end;
    }
}
