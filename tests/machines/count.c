/* A plugin of qemu-user that counts the instructions a program runs, and prints the sum at its end.
   Debian's package has no qemu-plugin.h, so what is used of it is declared here; see
   https://www.qemu.org/docs/master/devel/tcg-plugins.html */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

struct qemu_plugin_tb;
typedef uint64_t plugin_id;

void qemu_plugin_register_vcpu_tb_trans_cb(
    plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(
    struct qemu_plugin_tb *, void (*)(unsigned, void *), int flags, void *given);
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *given);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);

#define PUBLIC __attribute__((visibility("default")))

PUBLIC int qemu_plugin_version = PLUGIN_VERSION;
static uint64_t instructions;

static void executed(unsigned cpu, void *count) { instructions += (uintptr_t)count; }

static void translated(plugin_id id, struct qemu_plugin_tb *block) {
    void *count = (void *)(uintptr_t)qemu_plugin_tb_n_insns(block);
    qemu_plugin_register_vcpu_tb_exec_cb(block, executed, 0, count);
}

static void finished(plugin_id id, void *given) {
    fprintf(stderr, "instructions %" PRIu64 "\n", instructions);
}

PUBLIC int qemu_plugin_install(plugin_id id, const void *info, int count, char **given) {
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, finished, NULL);
    return 0;
}
