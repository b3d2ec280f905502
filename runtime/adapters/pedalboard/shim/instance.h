/* What the program that embeds the host says of a plugin, and what the shim writes beside it.
 *
 * binding.py describes `Seat` a second time.
 */
#include <stdint.h>

#define ABI 1
#define MOST 16
typedef void (*Kernel)(int64_t state, int64_t ins, int64_t outs, int32_t frames);
typedef int32_t (*Build)(int64_t handle, double rate, int32_t channels);

typedef struct Seat {
    uint32_t size, abi;
    Id id;
    char name[64];
    struct Seat *next;      /* ours: the list of all seats */
    Kernel process, restart;
    Build build;            /* makes engines for a rate and a channel count; takes the GIL */
    int64_t handle;
    int64_t engines[MOST];
    int32_t engine_count;   /* one for all channels, or one for each; 0: none built */
    int32_t reads;          /* input channels an engine reads; the host has as many or more */
    uint32_t channel_mask;  /* bit n: n channels are welcome */
    int32_t armed;          /* 0: samples pass through, as while the host tries the plugin out */
    int32_t latency, tail;
    double built_rate;
    int32_t built_channels;
    int32_t busy;           /* a spin lock around the engines */
    int32_t instances;      /* how often the host holds us: the program frees nothing before 0 */
    int32_t restarts;
    uint64_t blocks, frames;
    uint64_t thread;        /* of a build that failed, and the exception to raise there */
    void *error;
} Seat;
