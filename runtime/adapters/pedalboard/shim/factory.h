/* The plugin factory (IPluginFactory2): one static object.  Included by shim.c only. */

static int32_t API factory_query(void *t, const uint8_t *id, void **found)
{
    *found = same(id, UNKNOWN) || same(id, FACTORY) || same(id, FACTORY_2) ? t : 0;
    return *found ? OK : NO_INTERFACE;
}
static uint32_t API factory_references(void *t) { (void)t; return 2; }
static int32_t API factory_info(void *t, FactoryInfo *f)
{
    (void)t;
    memset(f, 0, sizeof *f);
    memcpy(f->vendor, "namgraph", 9);
    f->flags = 1 << 4; /* names are Unicode */
    return OK;
}
static int32_t API class_count(void *t) { (void)t; return offered != 0; }
static int32_t API class_info(void *t, int32_t index, ClassInfo *c)
{
    (void)t;
    if (index || !offered) return BAD_ARGUMENT;
    memset(c, 0, sizeof *c);
    memcpy(c->id, offered->id, sizeof(Id));
    c->cardinality = 0x7FFFFFFF;
    memcpy(c->category, "Audio Module Class", 19);
    memcpy(c->name, offered->name, sizeof c->name);
    return OK;
}
static int32_t API class_info_2(void *t, int32_t index, ClassInfo2 *c)
{
    memset(c, 0, sizeof *c);
    memcpy(c->subcategories, "Fx", 3);
    memcpy(c->vendor, "namgraph", 9);
    memcpy(c->version, "1.0.0", 6);
    memcpy(c->sdk, "VST 3.7", 8);
    return class_info(t, index, &c->base);
}
static int32_t API create(void *t, const uint8_t *id, const uint8_t *interface, void **found)
{
    (void)t;
    *found = 0;
    Instance *s = registered;
    while (s && !same(s->id, id)) s = s->next;
    if (!s) return NO_INTERFACE;
    Effect *e = calloc(1, sizeof *e);
    if (!e) return NO_MEMORY;
    e->component = COMPONENT_METHODS;
    e->processor = PROCESSOR_METHODS;
    e->controller = CONTROLLER_METHODS;
    e->instance = s;
    e->references = 1;
    e->rate = 48000.0;
    e->channels = 2; /* stereo if accepted, otherwise the fewest channels that are */
    if (!(s->channel_mask & 4))
        for (e->channels = 1; e->channels < MAX_CHANNELS; e->channels++)
            if (s->channel_mask >> e->channels & 1) break;
    __atomic_add_fetch(&s->effects, 1, __ATOMIC_RELAXED);
    int32_t result = query(e, interface, found);
    release(e);
    return result;
}
static const void *const FACTORY_METHODS[] = {
    M(factory_query), M(factory_references), M(factory_references), M(factory_info), M(class_count),
    M(class_info), M(create), M(class_info_2)};
static struct { const void *methods; } factory = {FACTORY_METHODS};
EXPORT void *API GetPluginFactory(void) { return &factory; }

#if defined(__APPLE__)
EXPORT int bundleEntry(void *bundle) { (void)bundle; return 1; }
EXPORT int bundleExit(void) { return 1; }
#elif !defined(_WIN32)
EXPORT int ModuleEntry(void *handle) { (void)handle; return 1; }
EXPORT int ModuleExit(void) { return 1; }
#endif
