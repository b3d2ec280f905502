// Fibers: stacks that one OS thread changes between, without asking the system.
//
// A context is where a stack was left.  The switch saves what the platform's calling convention
// lets a callee not touch; `ucontext` does the same anywhere, with two system calls each time.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#if !defined(SHIM_UCONTEXT) && !(defined(__ELF__) && (defined(__x86_64__) || defined(__aarch64__)))
#define SHIM_UCONTEXT
#endif
#ifdef SHIM_UCONTEXT
#include <ucontext.h>
#endif

namespace shim {

constexpr std::size_t STACK = 64 * 1024;

// Return memory whose end lies against a page that must not be touched: a stack that overflows
// into the page below, or an index past the end, stops there.
inline char* guarded_stack() {
    const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* made = mmap(nullptr, STACK + page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made == MAP_FAILED) std::abort();
    mprotect(made, page, PROT_NONE);
    return static_cast<char*>(made) + page;
}

#ifdef SHIM_UCONTEXT

using Context = ucontext_t;

inline void change(Context& from, Context& to) { swapcontext(&from, &to); }

inline void begin(Context& context, char* stack, void (*entry)()) {
    getcontext(&context);
    context.uc_stack.ss_sp = stack;
    context.uc_stack.ss_size = STACK;
    context.uc_link = nullptr;
    makecontext(&context, entry, 0);
}

#else

using Context = void*;

extern "C" __attribute__((visibility("hidden"))) void shim_change(void** from, void* to);

#ifdef __x86_64__
__asm__(R"(
    .text
    .globl shim_change
    .hidden shim_change
shim_change:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");
// Six registers, the address to return to, and a word that leaves the stack as after a call.
constexpr int SAVED = 8, RETURN = 6;
#else
__asm__(R"(
    .text
    .globl shim_change
    .hidden shim_change
shim_change:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
)");
constexpr int SAVED = 20, RETURN = 11;
#endif

inline void change(Context& from, Context& to) { shim_change(&from, to); }

inline void begin(Context& context, char* stack, void (*entry)()) {
    void** top = reinterpret_cast<void**>(stack + STACK) - SAVED;
    for (int n = 0; n < SAVED; ++n) top[n] = nullptr;
    top[RETURN] = reinterpret_cast<void*>(entry);
    context = top;
}

#endif

}  // namespace shim
