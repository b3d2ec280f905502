/* A VST3 effect whose audio is processed by functions of the program that embeds the host.
 *
 * The program (Python with pedalboard) loads this library twice: as a plugin, through the host, and
 * as a plain library, through ctypes.  Both loads give the same image in memory, so the program
 * describes each plugin by an `Instance` that it owns, and the plugin reads it.
 *
 * Threads: namgraph_shim_* on the control thread (namgraph_shim_handle_messages on any);
 * process() on the host's audio thread; it neither allocates nor takes the GIL once engines exist.
 *
 * No SDK, no C++, only libc.  build.py compiles it.
 */
#include <stdlib.h>
#include <string.h>

#include "vst3.h"

#include "instance.h" /* after vst3.h: uses Id */

/* ---- functions that the program calls -------------------------------------------------------- */

static Instance *registered, *offered;
static struct {
    int (*ensure)(void);
    void (*release)(int);
    int (*raise)(unsigned long thread, void *error);
} python;

static void lock(Instance *s) { while (__atomic_exchange_n(&s->busy, 1, __ATOMIC_ACQUIRE)) {} }
static void unlock(Instance *s) { __atomic_store_n(&s->busy, 0, __ATOMIC_RELEASE); }

EXPORT uint32_t namgraph_shim_abi(void) { return ABI; }
EXPORT uint32_t namgraph_shim_instance_size(void) { return sizeof(Instance); }
EXPORT void namgraph_shim_python(void *ensure, void *release, void *raise)
{
    python.ensure = (int (*)(void))ensure;
    python.release = (void (*)(int))release;
    python.raise = (int (*)(unsigned long, void *))raise;
}
EXPORT int32_t namgraph_shim_add(Instance *s)
{
    if (!s || s->abi != ABI || s->size != sizeof *s) return 0;
    s->next = registered;
    registered = s;
    return 1;
}
EXPORT void namgraph_shim_remove(Instance *s)
{
    for (Instance **at = &registered; *at; at = &(*at)->next)
        if (*at == s) { *at = s->next; return; }
}
/* The factory lists only the instance on offer: at most one at a time. */
EXPORT void namgraph_shim_offer(Instance *s) { offered = s; }
EXPORT void namgraph_shim_enable(Instance *s, int32_t enabled)
{
    lock(s);
    s->enabled = enabled;
    unlock(s);
}
/* Let the engines handle waiting messages; 0 if the host is processing, which handles them too. */
EXPORT int32_t namgraph_shim_handle_messages(Instance *s)
{
    if (__atomic_exchange_n(&s->busy, 1, __ATOMIC_ACQUIRE)) return 0;
    for (int32_t k = 0; k < s->engine_count; k++) s->process(s->engines[k], 0, 0, 0);
    unlock(s);
    return 1;
}

/* ---- one effect object of the host ----------------------------------------------------------- */

typedef struct {
    const void *component, *processor, *controller; /* three tables of methods */
    Instance *instance;
    int32_t references, channels, setup_changed, failed;
    uint64_t arrangement[2];
    double rate;
} Effect;
#define BY_COMPONENT(self) ((Effect *)(self))
#define BY_PROCESSOR(self) ((Effect *)((char *)(self) - offsetof(Effect, processor)))
#define BY_CONTROLLER(self) ((Effect *)((char *)(self) - offsetof(Effect, controller)))

static int same(const uint8_t *a, const uint8_t *b) { return !memcmp(a, b, sizeof(Id)); }

static int32_t query(Effect *e, const uint8_t *id, void **found)
{
    if (same(id, UNKNOWN) || same(id, PLUGIN_BASE) || same(id, COMPONENT)) *found = &e->component;
    else if (same(id, PROCESSOR)) *found = &e->processor;
    else if (same(id, CONTROLLER)) *found = &e->controller;
    else { *found = 0; return NO_INTERFACE; }
    __atomic_add_fetch(&e->references, 1, __ATOMIC_RELAXED);
    return OK;
}
static uint32_t release(Effect *e)
{
    int32_t left = __atomic_sub_fetch(&e->references, 1, __ATOMIC_ACQ_REL);
    if (!left) {
        Instance *s = e->instance;
        free(e);
        __atomic_sub_fetch(&s->effects, 1, __ATOMIC_RELEASE); /* at 0 the program may free it */
    }
    return (uint32_t)left;
}
#define COUNTED(name, OF)                                                                         \
    static int32_t API name##_query(void *t, const uint8_t *i, void **o)                          \
    { return query(OF(t), i, o); }                                                                \
    static uint32_t API name##_add(void *t)                                                       \
    { return (uint32_t)__atomic_add_fetch(&OF(t)->references, 1, __ATOMIC_RELAXED); }             \
    static uint32_t API name##_release(void *t) { return release(OF(t)); }
COUNTED(component, BY_COMPONENT)
COUNTED(processor, BY_PROCESSOR)
COUNTED(controller, BY_CONTROLLER)

static int32_t API ok_1(void *t) { (void)t; return OK; }
static int32_t API ok_2(void *t, void *a) { (void)t, (void)a; return OK; }
static int32_t API not_implemented_2(void *t, void *a) { (void)t, (void)a; return NOT_IMPLEMENTED; }
static int32_t API not_implemented_3(void *t, void *a, void *b)
{ (void)t, (void)a, (void)b; return NOT_IMPLEMENTED; }

/* Build engines for this rate and channel count if there are none.  Without, output is silence. */
static void build_engines(Effect *e)
{
    Instance *s = e->instance;
    if (!s->enabled || e->failed) return;
    if (s->engine_count && s->built_rate == e->rate && s->built_channels == e->channels) return;
    lock(s);
    s->engine_count = 0;
    unlock(s);
    if (s->build && !s->build(s->handle, e->rate, e->channels)) return;
    e->failed = 1;
    if (s->error && python.raise) { /* raised in the calling thread when the host returns */
        int held = python.ensure();
        python.raise((unsigned long)s->error_thread, s->error);
        python.release(held);
    }
}
static void reset(Instance *s)
{
    lock(s);
    for (int32_t k = 0; s->enabled && k < s->engine_count; k++) s->reset(s->engines[k], 0, 0, 0);
    s->resets++;
    unlock(s);
}

/* IComponent */
static int32_t API bus_count(void *t, int32_t media, int32_t direction)
{ (void)t, (void)direction; return media == 0; }
static int32_t API bus_info(void *t, int32_t media, int32_t direction, int32_t index, BusInfo *b)
{
    static const char names[2][4] = {"In", "Out"};
    if (media || index || direction < 0 || direction > 1) return BAD_ARGUMENT;
    memset(b, 0, sizeof *b);
    b->direction = direction;
    b->channels = BY_COMPONENT(t)->channels;
    b->flags = 1;
    for (int i = 0; names[direction][i]; i++) b->name[i] = (uint16_t)names[direction][i];
    return OK;
}
static int32_t API activate_bus(void *t, int32_t media, int32_t way, int32_t index, uint8_t on)
{ (void)t, (void)way, (void)index, (void)on; return media ? BAD_ARGUMENT : OK; }

/* Deactivating and activating is a reset.  With setupProcessing in between, the host only prepares
 * for another rate or block size: the state of the engines is kept. */
static int32_t API set_active(void *t, uint8_t on)
{
    Effect *e = BY_COMPONENT(t);
    if (on) {
        if (e->setup_changed) build_engines(e);
        else reset(e->instance);
    }
    e->setup_changed = 0;
    return OK;
}

/* IAudioProcessor */
static int width(uint64_t arrangement)
{
    int n = 0;
    for (; arrangement; arrangement &= arrangement - 1) n++;
    return n;
}
static int32_t API set_bus_arrangements(
    void *t, uint64_t *in, int32_t ins, uint64_t *out, int32_t outs)
{
    Effect *e = BY_PROCESSOR(t);
    if (ins != 1 || outs != 1) return NO;
    int n = width(in[0]);
    if (n != width(out[0]) || n < 1 || n > MAX_CHANNELS) return NO;
    if (!(e->instance->channel_mask >> n & 1)) return NO;
    e->channels = n;
    e->arrangement[0] = in[0];
    e->arrangement[1] = out[0];
    return OK;
}
static int32_t API get_bus_arrangement(void *t, int32_t direction, int32_t index, uint64_t *found)
{
    Effect *e = BY_PROCESSOR(t);
    if (index) return BAD_ARGUMENT;
    *found = e->arrangement[direction != 0]; /* must be the one that was set */
    if (!*found) *found = e->channels == 1 ? 1ull << 19 : (1ull << e->channels) - 1;
    return OK;
}
static int32_t API can_process_sample_size(void *t, int32_t size)
{ (void)t; return size == 0 ? OK : NO; }
static uint32_t API get_latency_samples(void *t)
{ return (uint32_t)BY_PROCESSOR(t)->instance->latency; }
static uint32_t API get_tail_samples(void *t)
{ return (uint32_t)BY_PROCESSOR(t)->instance->tail; }
static int32_t API setup_processing(void *t, Setup *setup)
{
    Effect *e = BY_PROCESSOR(t);
    e->rate = setup->rate;
    e->setup_changed = 1;
    e->failed = 0;
    build_engines(e); /* here: hosts read the latency next */
    return OK;
}
static int32_t API set_processing(void *t, uint8_t on) { (void)t, (void)on; return OK; }
static int32_t API process(void *t, Block *b)
{
    Effect *e = BY_PROCESSOR(t);
    Instance *s = e->instance;
    if (b->frames <= 0 || b->input_count < 1 || b->output_count < 1) return OK;
    float **in = b->inputs->samples, **out = b->outputs->samples;
    int32_t n = b->outputs->channels, least = b->inputs->channels;
    if (!s->enabled) {
        for (int32_t c = 0; c < n; c++)
            if (out[c] != in[c < least ? c : 0])
                memmove(out[c], in[c < least ? c : 0], sizeof(float) * (size_t)b->frames);
        return OK;
    }
    if (!s->engine_count) build_engines(e);
    lock(s);
    if (s->engine_count && s->built_channels == n && least >= s->input_channels) {
        if (s->engine_count == 1) s->process(s->engines[0], (int64_t)in, (int64_t)out, b->frames);
        else for (int32_t k = 0; k < n; k++)
            s->process(s->engines[k], (int64_t)(in + k), (int64_t)(out + k), b->frames);
    } else {
        for (int32_t c = 0; c < n; c++) memset(out[c], 0, sizeof(float) * (size_t)b->frames);
    }
    s->blocks++;
    s->frames += (uint64_t)b->frames;
    unlock(s);
    b->outputs->silent = 0;
    return OK;
}

/* IEditController: no parameters here; they go through the engine's message queue. */
static int32_t API parameter_count(void *t) { (void)t; return 0; }
static int32_t API parameter_info(void *t, int32_t index, void *info)
{ (void)t, (void)index, (void)info; return BAD_ARGUMENT; }
static int32_t API text_of_value(void *t, uint32_t id, double v, void *o)
{ (void)t, (void)id, (void)v, (void)o; return BAD_ARGUMENT; }
static int32_t API value_of_text(void *t, uint32_t id, void *text, double *v)
{ (void)t, (void)id, (void)text, (void)v; return BAD_ARGUMENT; }
static double API same_value(void *t, uint32_t id, double v) { (void)t, (void)id; return v; }
static double API zero(void *t, uint32_t id) { (void)t, (void)id; return 0.0; }
static int32_t API set_value(void *t, uint32_t id, double v)
{ (void)t, (void)id, (void)v; return BAD_ARGUMENT; }
static void *API create_view(void *t, const char *name) { (void)t, (void)name; return 0; }

#define M(f) (const void *)(f)
static const void *const COMPONENT_METHODS[] = {
    M(component_query), M(component_add), M(component_release), M(ok_2), M(ok_1),
    M(not_implemented_2), M(not_implemented_2), M(bus_count), M(bus_info), M(not_implemented_3),
    M(activate_bus), M(set_active), M(ok_2), M(ok_2)};
static const void *const PROCESSOR_METHODS[] = {
    M(processor_query), M(processor_add), M(processor_release), M(set_bus_arrangements),
    M(get_bus_arrangement), M(can_process_sample_size), M(get_latency_samples),
    M(setup_processing), M(set_processing), M(process), M(get_tail_samples)};
static const void *const CONTROLLER_METHODS[] = {
    M(controller_query), M(controller_add), M(controller_release), M(ok_2), M(ok_1), M(ok_2),
    M(ok_2), M(ok_2), M(parameter_count), M(parameter_info), M(text_of_value), M(value_of_text),
    M(same_value), M(same_value), M(zero), M(set_value), M(ok_2), M(create_view)};

#include "factory.h" /* the exported factory: lists the instance on offer, creates Effects */
