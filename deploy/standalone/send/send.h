// `penstock send`: signs an event and posts it, so that the first minutes with Penstock, and any later doubt,
// need no Stripe account. order.h has what the command line asks for, examples.h the built-in events,
// effect.h what became of them.
#pragma once

#include "deploy/standalone/send/order.h"

namespace penstock::send {

// Does what the command line asks for: says on stdout what was sent and what came back, on stderr what is
// wrong. The exit code: 0 every answer was 2xx, 1 one was not, or none came; 2 bad usage. Blocks.
int run(const Invocation& invocation);

}  // namespace penstock::send
