/* One plugin instance: memory that the program which embeds the host allocates and the shim reads.
 *
 * binding.py declares the same structure as `PluginInstance`; both must be changed together.
 */
#include <stdint.h>

#define ABI 1
#define MAX_CHANNELS 16
typedef void (*Kernel)(int64_t state, int64_t ins, int64_t outs, int32_t frames);
typedef int32_t (*Build)(int64_t handle, double rate, int32_t channels);

typedef struct Instance {
    uint32_t size, abi;
    Id id;
    char name[64];
    struct Instance *next;  /* the list of all registered instances */
    Kernel process, reset;
    Build build;            /* builds engines for a rate and a channel count; takes the GIL */
    int64_t handle;
    int64_t engines[MAX_CHANNELS];
    int32_t engine_count;   /* 1 for all channels, or 1 for each channel; 0: none built */
    int32_t input_channels; /* channels that an engine reads; the stream has as many or more */
    uint32_t channel_mask;  /* bit n: a stream of n channels is accepted */
    int32_t enabled;        /* 0: bypass, as while the host inspects the plugin on loading */
    int32_t latency, tail;  /* frames */
    double built_rate;
    int32_t built_channels;
    int32_t busy;           /* spin lock around the engines */
    int32_t effects;        /* Effect objects alive; the program frees this structure only at 0 */
    int32_t resets;
    uint64_t blocks, frames;
    uint64_t error_thread;  /* Python thread of a build that failed */
    void *error;            /* exception class to raise there */
} Instance;
