// How jemalloc is set up in the programs (jemalloc(3), TUNING).
#include <jemalloc/jemalloc.h>

// What is freed goes back to the system by a thread of the allocator's own. Without it, only further frees give it
// back: a process that falls idle after a burst would keep it.
//
// Each thread keeps freed blocks of up to 128 KiB for itself (default: 32 KiB). For every batch librdkafka compresses, lz4
// asks for 64 KiB of zeros. A block that a thread has kept is zeroed by memset; any other is given back to the system and
// taken from it anew, page by page (docs/performance.md).
const char* malloc_conf = "background_thread:true,lg_tcache_max:17";
