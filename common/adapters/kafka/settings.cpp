#include "common/adapters/kafka/settings.h"

#include <algorithm>
#include <array>

#include "common/observe/log.h"

namespace penstock::kafka {
namespace {

// Above the largest body that any setting allows, with all that is added to it.
constexpr int kMessageBytesMax = 20 << 20;

std::string text(Milliseconds duration) { return std::to_string(duration.count()); }

// librdkafka looks for messages whose time is up once a second, so it is told to be done a second earlier.
Milliseconds message_timeout(Milliseconds append_deadline) {
  return std::max(append_deadline - Milliseconds{1000}, append_deadline / 2);
}

ClientSettings common_settings(const KafkaOptions& options) {
  return {
      {"bootstrap.servers", options.brokers},
      {"client.id", options.client_id},
      {"allow.auto.create.topics", "false"},  // a producer's default would let brokers make what is missing
      {"socket.nagle.disable", "true"},       // off by default: Nagle would hold small requests back
      {"socket.keepalive.enable", "true"},
      {"reconnect.backoff.max.ms", "1000"},  // ten seconds would be a long time after a broker's restart
      {"log.connection.close", "false"},     // brokers close idle connections
  };
}

void append(ClientSettings& settings, ClientSettings more) {
  for (auto& setting : more) settings.push_back(std::move(setting));
}

// Said again and again while a broker is away; producer and consumer say it once (Outage).
bool is_connection_trouble(std::string_view facility) { return facility == "FAIL" || facility == "ERROR"; }

// From librdkafka's threads; the levels are syslog's.
void on_log(const rd_kafka_t*, int level, const char* facility, const char* message) noexcept {
  constexpr int kError = 3;
  constexpr int kNotice = 5;
  if (is_connection_trouble(facility) || level > kNotice)
    log::debug("kafka", {{"facility", facility}, {"message", message}});
  else if (level > kError)
    log::warn("kafka", {{"facility", facility}, {"message", message}});
  else
    log::error("kafka", {{"facility", facility}, {"message", message}});
}

}  // namespace

ClientSettings producer_settings(const KafkaOptions& options) {
  ClientSettings settings = common_settings(options);
  append(settings,
         {
             {"enable.idempotence", "true"},  // no duplicates and no reordering by its own retries
             {"acks", "all"},
             {"compression.type", "lz4"},
             {"linger.ms", text(options.linger)},
             {"message.timeout.ms", text(message_timeout(options.append_deadline))},
             {"message.max.bytes", std::to_string(kMessageBytesMax)},  // append() knows the real limit
             {"queue.buffering.max.messages", std::to_string(options.queue_records_max)},
             {"queue.buffering.max.kbytes", std::to_string(options.queue_kbytes_max)},  // default: 1 GiB
             {"partitioner", "murmur2_random"},  // as Java's clients place keys
         });
  return settings;
}

ClientSettings consumer_settings(const KafkaOptions& options, std::string_view group) {
  ClientSettings settings = common_settings(options);
  append(settings, {
                       {"group.id", std::string(group)},
                       // Eager: cooperative-sticky crashes and stalls in librdkafka 2.0.
                       {"partition.assignment.strategy", "range,roundrobin"},
                       {"session.timeout.ms", text(options.session_timeout)},
                       {"heartbeat.interval.ms", text(options.session_timeout / 5)},
                       {"enable.auto.commit", "false"},
                       {"enable.auto.offset.store", "false"},
                       {"auto.offset.reset", "earliest"},
                       {"check.crcs", "true"},
                       {"fetch.wait.max.ms", "100"},
                       {"queued.max.messages.kbytes", "16384"},  // default: 64 MiB
                   });
  if (!options.instance_id.empty()) settings.emplace_back("group.instance.id", options.instance_id);
  return settings;
}

ClientSettings reader_settings(const KafkaOptions& options) {
  ClientSettings settings = common_settings(options);
  append(settings, {
                       {"group.id", options.topic_prefix + "reader"},  // needed to assign; never joined
                       {"enable.auto.commit", "false"},
                       {"enable.auto.offset.store", "false"},
                       {"auto.offset.reset", "error"},  // a record that is gone must not become another one
                       {"enable.partition.eof", "true"},
                       {"check.crcs", "true"},
                       {"fetch.wait.max.ms", "50"},
                       {"queued.max.messages.kbytes", "2048"},
                   });
  return settings;
}

// A client whose queue is full does not fetch for a whole second, so there is room for more than is read in
// one.
ClientSettings bulk_reader_settings(const KafkaOptions& options) {
  ClientSettings settings = reader_settings(options);
  append(settings, {
                       {"fetch.wait.max.ms", "100"},
                       {"queued.min.messages", "1000000"},
                       {"queued.max.messages.kbytes", "32768"},
                       {"socket.timeout.ms", "10000"},  // a broker that hangs is given up and asked again
                   });
  return settings;
}

Result<Conf> make_conf(const ClientSettings& settings) {
  Conf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : settings) {
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK)
      return Error{ErrorCode::invalid, "kafka setting " + name + ": " + why.data()};
  }
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  return conf;
}

Result<Handle> make_handle(rd_kafka_type_t type, Conf conf) {
  std::array<char, 512> why{};
  Handle handle(rd_kafka_new(type, conf.get(), why.data(), why.size()));
  if (!handle) return Error{ErrorCode::invalid, std::string("kafka: ") + why.data()};
  (void)conf.release();  // the handle's now
  return handle;
}

void Outage::note(rd_kafka_resp_err_t code, const char* reason) noexcept {
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !away_.exchange(true))
    log::error("kafka unreachable", {{"client", who_}, {"reason", reason}});
}

void Outage::over() noexcept {
  if (away_ && away_.exchange(false)) log::info("kafka reachable again", {{"client", who_}});
}

Error error_of(rd_kafka_resp_err_t code, std::string_view doing) {
  std::string detail = std::string(doing) + ": " + rd_kafka_err2str(code);
  switch (code) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return {ErrorCode::timeout, std::move(detail)};
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return {ErrorCode::overloaded, std::move(detail)};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return {ErrorCode::invalid, std::move(detail)};
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return {ErrorCode::wrong_schema, std::move(detail)};
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      return {ErrorCode::fenced, std::move(detail)};
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
      return {ErrorCode::corrupt, std::move(detail)};
    default:  // several hundred codes, and nearly all of them mean that the cluster cannot do it now
      return {ErrorCode::unavailable, std::move(detail)};
  }
}

}  // namespace penstock::kafka
