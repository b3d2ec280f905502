/* A VST3 effect whose sound is made by its host process.
 *
 * A program that embeds a VST3 host (Python with pedalboard) loads this library twice over: as a
 * plugin, by way of the host, and as a plain library, to say what the plugin shall do.  Both are
 * the same image, so a plugin is described by a `Seat` in memory that the program owns.
 *
 * No SDK, no C++, nothing but libc.  recipe.py builds it.
 */
#include <stdlib.h>
#include <string.h>

#include "vst3.h"

#include "instance.h" /* after it: speaks of Id */

/* ---- what the program calls ------------------------------------------------------------------ */

static Seat *seats, *offered;
static struct {
    int (*ensure)(void);
    void (*release)(int);
    int (*raise)(unsigned long thread, void *error);
} python;

static void lock(Seat *s) { while (__atomic_exchange_n(&s->busy, 1, __ATOMIC_ACQUIRE)) {} }
static void unlock(Seat *s) { __atomic_store_n(&s->busy, 0, __ATOMIC_RELEASE); }

EXPORT uint32_t namgraph_shim_abi(void) { return ABI; }
EXPORT uint32_t namgraph_shim_seat_size(void) { return sizeof(Seat); }
EXPORT void namgraph_shim_python(void *ensure, void *release, void *raise)
{
    python.ensure = (int (*)(void))ensure;
    python.release = (void (*)(int))release;
    python.raise = (int (*)(unsigned long, void *))raise;
}
EXPORT int32_t namgraph_shim_add(Seat *s)
{
    if (!s || s->abi != ABI || s->size != sizeof *s) return 0;
    s->next = seats;
    seats = s;
    return 1;
}
EXPORT void namgraph_shim_remove(Seat *s)
{
    for (Seat **at = &seats; *at; at = &(*at)->next)
        if (*at == s) { *at = s->next; return; }
}
/* Only a seat on offer is seen by a host that looks for plugins: never more than one. */
EXPORT void namgraph_shim_offer(Seat *s) { offered = s; }
EXPORT void namgraph_shim_arm(Seat *s, int32_t armed) { lock(s); s->armed = armed; unlock(s); }
/* Lets the engines take their messages, unless the host is playing them, which does the same. */
EXPORT int32_t namgraph_shim_settle(Seat *s)
{
    if (__atomic_exchange_n(&s->busy, 1, __ATOMIC_ACQUIRE)) return 0;
    for (int32_t k = 0; k < s->engine_count; k++) s->process(s->engines[k], 0, 0, 0);
    unlock(s);
    return 1;
}

/* ---- one plugin ----------------------------------------------------------------------------- */

typedef struct {
    const void *component, *processor, *controller; /* three tables of methods */
    Seat *seat;
    int32_t references, channels, set_up, failed;
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
        Seat *s = e->seat;
        free(e);
        __atomic_sub_fetch(&s->instances, 1, __ATOMIC_RELEASE); /* the program may now free it */
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

static int32_t API fine_1(void *t) { (void)t; return OK; }
static int32_t API fine_2(void *t, void *a) { (void)t, (void)a; return OK; }
static int32_t API nothing_2(void *t, void *a) { (void)t, (void)a; return NOT_HERE; }
static int32_t API nothing_3(void *t, void *a, void *b)
{ (void)t, (void)a, (void)b; return NOT_HERE; }

/* See to it that there are engines for this rate and width; without, silence is played. */
static void ready(Effect *e)
{
    Seat *s = e->seat;
    if (!s->armed || e->failed) return;
    if (s->engine_count && s->built_rate == e->rate && s->built_channels == e->channels) return;
    lock(s);
    s->engine_count = 0;
    unlock(s);
    if (s->build && !s->build(s->handle, e->rate, e->channels)) return;
    e->failed = 1;
    if (s->error && python.raise) { /* in the thread that called the host, once it is back */
        int held = python.ensure();
        python.raise((unsigned long)s->thread, s->error);
        python.release(held);
    }
}
static void restart(Seat *s)
{
    lock(s);
    for (int32_t k = 0; s->armed && k < s->engine_count; k++) s->restart(s->engines[k], 0, 0, 0);
    s->restarts++;
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

/* A host goes off and on again to reset; with a new setup in between, it only prepares (for a
 * longer block, say), and there is no reason to forget what is sounding. */
static int32_t API set_active(void *t, uint8_t on)
{
    Effect *e = BY_COMPONENT(t);
    if (on) {
        if (e->set_up) ready(e);
        else restart(e->seat);
    }
    e->set_up = 0;
    return OK;
}

/* IAudioProcessor */
static int width(uint64_t arrangement)
{
    int n = 0;
    for (; arrangement; arrangement &= arrangement - 1) n++;
    return n;
}
static int32_t API set_arrangements(void *t, uint64_t *in, int32_t ins, uint64_t *out, int32_t outs)
{
    Effect *e = BY_PROCESSOR(t);
    if (ins != 1 || outs != 1) return NO;
    int n = width(in[0]);
    if (n != width(out[0]) || n < 1 || n > MOST || !(e->seat->channel_mask >> n & 1)) return NO;
    e->channels = n;
    e->arrangement[0] = in[0];
    e->arrangement[1] = out[0];
    return OK;
}
static int32_t API get_arrangement(void *t, int32_t direction, int32_t index, uint64_t *found)
{
    Effect *e = BY_PROCESSOR(t);
    if (index) return BAD_ARGUMENT;
    *found = e->arrangement[direction != 0]; /* the one that was set, or hosts do not believe it */
    if (!*found) *found = e->channels == 1 ? 1ull << 19 : (1ull << e->channels) - 1;
    return OK;
}
static int32_t API takes_sample_size(void *t, int32_t size) { (void)t; return size == 0 ? OK : NO; }
static uint32_t API latency(void *t) { return (uint32_t)BY_PROCESSOR(t)->seat->latency; }
static uint32_t API tail(void *t) { return (uint32_t)BY_PROCESSOR(t)->seat->tail; }
static int32_t API set_up(void *t, Setup *setup)
{
    Effect *e = BY_PROCESSOR(t);
    e->rate = setup->rate;
    e->set_up = 1;
    e->failed = 0;
    ready(e); /* now, because hosts ask for the latency next */
    return OK;
}
static int32_t API set_processing(void *t, uint8_t on) { (void)t, (void)on; return OK; }
static int32_t API process(void *t, Block *b)
{
    Effect *e = BY_PROCESSOR(t);
    Seat *s = e->seat;
    if (b->frames <= 0 || b->input_count < 1 || b->output_count < 1) return OK;
    float **in = b->inputs->samples, **out = b->outputs->samples;
    int32_t n = b->outputs->channels, least = b->inputs->channels;
    if (!s->armed) {
        for (int32_t c = 0; c < n; c++)
            if (out[c] != in[c < least ? c : 0])
                memmove(out[c], in[c < least ? c : 0], sizeof(float) * (size_t)b->frames);
        return OK;
    }
    if (!s->engine_count) ready(e);
    lock(s);
    if (s->engine_count && s->built_channels == n && least >= s->reads) {
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

/* IEditController: parameters do not cross here, for floats once a block would blur them. */
static int32_t API no_parameters(void *t) { (void)t; return 0; }
static int32_t API no_parameter(void *t, int32_t index, void *info)
{ (void)t, (void)index, (void)info; return BAD_ARGUMENT; }
static int32_t API no_text(void *t, uint32_t id, double v, void *o)
{ (void)t, (void)id, (void)v, (void)o; return BAD_ARGUMENT; }
static int32_t API no_value(void *t, uint32_t id, void *text, double *v)
{ (void)t, (void)id, (void)text, (void)v; return BAD_ARGUMENT; }
static double API as_it_is(void *t, uint32_t id, double v) { (void)t, (void)id; return v; }
static double API zero(void *t, uint32_t id) { (void)t, (void)id; return 0.0; }
static int32_t API not_settable(void *t, uint32_t id, double v)
{ (void)t, (void)id, (void)v; return BAD_ARGUMENT; }
static void *API no_view(void *t, const char *name) { (void)t, (void)name; return 0; }

#define M(f) (const void *)(f)
static const void *const COMPONENT_METHODS[] = {
    M(component_query), M(component_add), M(component_release), M(fine_2), M(fine_1), M(nothing_2),
    M(nothing_2), M(bus_count), M(bus_info), M(nothing_3), M(activate_bus), M(set_active),
    M(fine_2), M(fine_2)};
static const void *const PROCESSOR_METHODS[] = {
    M(processor_query), M(processor_add), M(processor_release), M(set_arrangements),
    M(get_arrangement), M(takes_sample_size), M(latency), M(set_up), M(set_processing), M(process),
    M(tail)};
static const void *const CONTROLLER_METHODS[] = {
    M(controller_query), M(controller_add), M(controller_release), M(fine_2), M(fine_1), M(fine_2),
    M(fine_2), M(fine_2), M(no_parameters), M(no_parameter), M(no_text), M(no_value), M(as_it_is),
    M(as_it_is), M(zero), M(not_settable), M(fine_2), M(no_view)};

#include "factory.h" /* what the host finds first, and what it makes an Effect with */
