// Asking a cluster through whichever client is at hand: metadata, and the steps
// that all admin requests share.
#pragma once

#include <string>

#include "common/adapters/kafka/handles.h"
#include "common/core/time.h"

namespace penstock::kafka {

// Of one topic, and of the brokers. Never creates it: the clients' settings forbid that, and the topic is
// asked for by its name (librdkafka 2.0 may permit creation, whatever its settings say, when it is asked for
// all topics that it has met). What the broker says of the topic is in its `err`. Also fetches what the first
// append to it would wait for. Blocks until the deadline at most.
Result<Metadata> fetch_metadata(rd_kafka_t* client, const std::string& topic, Milliseconds deadline);

AdminOptions admin_options(rd_kafka_t* client, rd_kafka_admin_op_t operation, Milliseconds deadline);

// The answer to one request, or its error. Blocks until the deadline at most.
Result<Event> await_admin(const Queue& answers, Milliseconds deadline, std::string_view doing);

}  // namespace penstock::kafka
