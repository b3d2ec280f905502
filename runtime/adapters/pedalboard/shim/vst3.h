/* The VST3 interfaces that an effect without parameters and without an editor needs.
 *
 * Declared here without the SDK.  Interface ids, the order of methods and the layout of structures
 * are those of VST 3.7 (https://steinbergmedia.github.io/vst3_dev_portal), natural on 64 bits.
 */
#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
#define API __stdcall
#define EXPORT __declspec(dllexport)
enum { OK = 0, NO = 1, NO_INTERFACE = (int)0x80004002, BAD_ARGUMENT = (int)0x80070057,
       NOT_IMPLEMENTED = (int)0x80004001, NO_MEMORY = (int)0x8007000E };
/* COM keeps the first three fields of an id in the machine's byte order. */
#define ID(a, b, c, d)                                                                            \
    { (a) & 255, (a) >> 8 & 255, (a) >> 16 & 255, (a) >> 24 & 255,                                \
      (b) >> 16 & 255, (b) >> 24 & 255, (b) & 255, (b) >> 8 & 255,                                \
      (c) >> 24 & 255, (c) >> 16 & 255, (c) >> 8 & 255, (c) & 255,                                \
      (d) >> 24 & 255, (d) >> 16 & 255, (d) >> 8 & 255, (d) & 255 }
#else
#define API
#define EXPORT __attribute__((visibility("default")))
enum { NO_INTERFACE = -1, OK = 0, NO = 1, BAD_ARGUMENT = 2, NOT_IMPLEMENTED = 3, NO_MEMORY = 6 };
#define BIG(x) (x) >> 24 & 255, (x) >> 16 & 255, (x) >> 8 & 255, (x) & 255
#define ID(a, b, c, d) { BIG(a), BIG(b), BIG(c), BIG(d) }
#endif

typedef uint8_t Id[16];
static const Id UNKNOWN = ID(0u, 0u, 0xC0000000u, 0x00000046u);
static const Id FACTORY = ID(0x7A4D811Cu, 0x52114A1Fu, 0xAED9D2EEu, 0x0B43BF9Fu);
static const Id FACTORY_2 = ID(0x0007B650u, 0xF24B4C0Bu, 0xA464EDB9u, 0xF00B2ABBu);
static const Id PLUGIN_BASE = ID(0x22888DDBu, 0x156E45AEu, 0x8358B348u, 0x08190625u);
static const Id COMPONENT = ID(0xE831FF31u, 0xF2D54301u, 0x928EBBEEu, 0x25697802u);
static const Id PROCESSOR = ID(0x42043F99u, 0xB7DA453Cu, 0xA569E79Du, 0x9AAEC33Du);
static const Id CONTROLLER = ID(0xDCD7BBE3u, 0x7742448Du, 0xA874AACCu, 0x979C759Eu);

typedef struct { char vendor[64], url[256], email[128]; int32_t flags; } FactoryInfo;
typedef struct { Id id; int32_t cardinality; char category[32], name[64]; } ClassInfo;
typedef struct {
    ClassInfo base;
    uint32_t flags;
    char subcategories[128], vendor[64], version[64], sdk[64];
} ClassInfo2;
typedef struct {
    int32_t media, direction, channels;
    uint16_t name[128];
    int32_t type;
    uint32_t flags;
} BusInfo;
typedef struct { int32_t mode, sample_size, max_frames; double rate; } Setup;
typedef struct { int32_t channels; uint64_t silent; float **samples; } Bus;
typedef struct {
    int32_t mode, sample_size, frames, input_count, output_count;
    Bus *inputs, *outputs;
    void *parameters_in, *parameters_out, *events_in, *events_out, *context;
} Block;
