// librdkafka's configuration for each kind of client. Where a default is
// overridden, the reason stands beside it.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/adapters/kafka/handles.h"
#include "common/adapters/kafka/options.h"

namespace penstock::kafka {

using ClientSettings = std::vector<std::pair<std::string, std::string>>;

ClientSettings producer_settings(const KafkaOptions& options);
ClientSettings consumer_settings(const KafkaOptions& options, std::string_view group);
// Of the client that reads single records and asks about topics and groups; it joins no group.
ClientSettings reader_settings(const KafkaOptions& options);
// Of a client that reads much of a topic, likewise without a group.
ClientSettings bulk_reader_settings(const KafkaOptions& options);

// Errors: invalid, naming the setting that librdkafka refused.
Result<Conf> make_conf(const ClientSettings& settings);
// Takes the conf. Does not wait for a connection.
Result<Handle> make_handle(rd_kafka_type_t type, Conf conf);

// One log line when the cluster goes away and one when it is back. Thread-safe.
class Outage {
 public:
  explicit Outage(std::string_view who) : who_(who) {}  // a literal
  // What librdkafka's error callback was told.
  void note(rd_kafka_resp_err_t code, const char* reason) noexcept;
  void over() noexcept;

 private:
  std::string_view who_;
  std::atomic<bool> away_ = false;
};

}  // namespace penstock::kafka
