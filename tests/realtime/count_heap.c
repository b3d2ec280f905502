/* Counts heap calls made by one thread while a function runs.  Loaded with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

static __thread int armed;
static __thread long calls;

/* glibc's own names: unlike dlsym(RTLD_NEXT, ...) they need no heap to be looked up. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

void *malloc(size_t n) { calls += armed; return __libc_malloc(n); }
void *calloc(size_t n, size_t m) { calls += armed; return __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { calls += armed; return __libc_realloc(p, n); }
void *memalign(size_t a, size_t n) { calls += armed; return __libc_memalign(a, n); }
void *aligned_alloc(size_t a, size_t n) { calls += armed; return __libc_memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n)
{
    calls += armed;
    *p = __libc_memalign(a, n);
    return *p ? 0 : 12;
}
void free(void *p) { calls += armed; __libc_free(p); }

typedef void (*kernel)(int64_t, int64_t, int64_t, int32_t);

/* Runs a kernel so many times, with nothing of Python in between; returns the heap calls. */
long count_heap_calls(kernel run, int64_t state, int64_t ins, int64_t outs, int32_t frames, long times)
{
    calls = 0;
    armed = 1;
    for (long k = 0; k < times; k++)
        run(state, ins, outs, frames);
    armed = 0;
    return calls;
}

/* Count the heap calls of this thread from here on, those of the interpreter included. */
void count_from_here(void)
{
    calls = 0;
    armed = 1;
}

long counted(void)
{
    armed = 0;
    return calls;
}
