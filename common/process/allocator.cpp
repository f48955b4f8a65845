// How jemalloc is set up in the programs (jemalloc(3), TUNING).
#include <jemalloc/jemalloc.h>

// What is freed goes back to the system by a thread of the allocator's own. Without it, only further frees give it
// back: a process that falls idle after a burst would keep it.
const char* malloc_conf = "background_thread:true";
