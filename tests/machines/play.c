/* Play a program: read an image of a plan's memory, write its own addresses into it, and call the
   plan once for each block.  play IMAGE INPUT OUTPUT FRAMES TIMES */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

typedef void kernel_function(int64_t, int64_t, int64_t, int32_t);
extern const int64_t program_kernels[]; /* made with the kernels, see cross.py */

enum { BYTES, BEGIN, PLAN, WALK, POINTERS, CALLS, INS, IN_COUNT, OUTS, OUT_COUNT, FIELDS };

static void *read_file(const char *path, int64_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (!file) { perror(path); exit(2); }
    fseek(file, 0, SEEK_END);
    *bytes = ftell(file);
    rewind(file);
    void *content = malloc(*bytes + 1);
    if (!content || fread(content, 1, *bytes, file) != (size_t)*bytes) { perror(path); exit(2); }
    fclose(file);
    return content;
}

static void flush_to_zero(void) { /* as runtime/native/cpu.py does before a block */
#if defined(__aarch64__)
    uint64_t word;
    __asm__ volatile("mrs %0, fpcr" : "=r"(word));
    __asm__ volatile("msr fpcr, %0" : : "r"(word | 1u << 24));
#else
    _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
}

int main(int count, char **given) {
    if (count != 5) return 2;
    int64_t bytes, sound_bytes;
    const int64_t *header = read_file(given[1], &bytes);
    const float *x = read_file(given[2], &sound_bytes);
    const int64_t *pointers = header + FIELDS, *calls = pointers + header[POINTERS];
    char *pages = aligned_alloc(4096, (header[BYTES] + header[BEGIN] + 4096) / 4096 * 4096);
    char *memory = pages + header[BEGIN];
    memcpy(memory, calls + 2 * header[CALLS], header[BYTES]);
    for (int64_t k = 0; k < header[POINTERS]; k++)
        *(int64_t *)(memory + pointers[k]) += (int64_t)memory;
    for (int64_t k = 0; k < header[CALLS]; k++)
        *(int64_t *)(memory + calls[2 * k]) = program_kernels[calls[2 * k + 1]];
    char *plan = memory + header[PLAN];
    float **ins = *(float ***)(plan + header[INS]), **outs = *(float ***)(plan + header[OUTS]);
    int64_t in_count = *(int64_t *)(plan + header[IN_COUNT]);
    int64_t out_count = *(int64_t *)(plan + header[OUT_COUNT]);
    int64_t frames = sound_bytes / 4, block = atoi(given[4]);
    float *y = malloc(4 * out_count * frames);
    flush_to_zero();
    for (int64_t done = 0; done < frames; done += block) {
        int64_t now = frames - done < block ? frames - done : block;
        for (int64_t c = 0; c < in_count; c++) memcpy(ins[c], x + done, 4 * now);
        ((kernel_function *)program_kernels[header[WALK]])((int64_t)plan, 0, 0, now);
        for (int64_t c = 0; c < out_count; c++) memcpy(y + c * frames + done, outs[c], 4 * now);
    }
    FILE *file = fopen(given[3], "wb");
    if (!file || fwrite(y, 4, out_count * frames, file) != (size_t)(out_count * frames)) return 2;
    return fclose(file);
}
