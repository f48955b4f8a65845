#include "common/adapters/kafka/producer.h"

#include <array>
#include <cstring>
#include <utility>

#include "common/observe/log.h"

namespace penstock::kafka {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kServeMs = 100;

rd_kafka_vu_t make_vu(rd_kafka_vtype_t type) {
  rd_kafka_vu_t vu;
  std::memset(&vu, 0, sizeof vu);
  vu.vtype = type;
  return vu;
}

rd_kafka_vu_t bytes_vu(rd_kafka_vtype_t type, std::string& bytes) {
  rd_kafka_vu_t vu = make_vu(type);
  vu.u.mem = {bytes.data(), bytes.size()};
  return vu;
}

HeaderList headers_of(const Record& record) {
  HeaderList headers(rd_kafka_headers_new(record.headers.size()));
  for (const auto& [name, value] : record.headers)
    rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  return headers;
}

// Only an offset shows that the record is in the log. librdkafka takes a batch for delivered when a later one of
// its partition is, but a broker that knows nothing of this producer yet takes a later batch although it has
// refused the first.
Result<Position> answer_of(const rd_kafka_message_t& report, std::string topic) {
  if (report.err != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(report.err, "kafka append");
  if (report.offset < 0)
    return Error{ErrorCode::unavailable, "kafka append: reported without an offset, so it may be lost"};
  return Position{std::move(topic), Partition{report.partition}, Offset{report.offset}};
}

std::size_t bytes_of(const Record& record) {
  std::size_t bytes = record.key.size() + record.value.size();
  for (const auto& [name, value] : record.headers) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace

struct Producer::Pending {
  Record record;
  AppendDone done;
};

Result<std::unique_ptr<Producer>> Producer::open(const KafkaOptions& options) {
  std::unique_ptr<Producer> producer(new Producer(options));
  TRY(Handle instance, producer->make_instance());
  producer->instance_ = std::move(instance);
  producer->thread_ = std::thread([self = producer.get()] { self->serve(); });
  return producer;
}

Producer::~Producer() {
  if (!thread_.joinable()) return;
  (void)flush(options_.append_deadline);
  stopping_ = true;
  thread_.join();
  give_up(instance_.get());
}

Result<Handle> Producer::make_instance() {
  TRY(Conf conf, make_conf(producer_settings(options_)));
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  rd_kafka_conf_set_opaque(conf.get(), this);
  return make_handle(RD_KAFKA_PRODUCER, std::move(conf));
}

// A dead letter is as large as what a topic took, whatever this process believes topics to take.
bool Producer::fits(const Record& record) const {
  return record.topic == options_.parked_topic ||
         bytes_of(record) <= static_cast<std::size_t>(options_.record_bytes_max);
}

Status Producer::append(Record record, AppendDone done) {
  if (!fits(record)) return Error{ErrorCode::invalid, "the record is larger than the log takes"};
  // A broker would refuse it with all that it was sent with.
  if (is_compacted(record.topic) && record.key.empty())
    return Error{ErrorCode::invalid, "topic " + record.topic + " is compacted: a record needs a key"};
  auto pending = std::make_unique<Pending>(Pending{std::move(record), std::move(done)});
  Record& sent = pending->record;
  const std::string topic = options_.topic_prefix + sent.topic;
  std::vector<rd_kafka_vu_t> fields;
  fields.reserve(5);
  fields.push_back(make_vu(RD_KAFKA_VTYPE_TOPIC));
  fields.back().u.cstr = topic.c_str();
  if (!sent.deletion) fields.push_back(bytes_vu(RD_KAFKA_VTYPE_VALUE, sent.value));
  // An absent key is spread over the partitions; an empty one would always meet the same.
  if (!sent.key.empty()) fields.push_back(bytes_vu(RD_KAFKA_VTYPE_KEY, sent.key));
  fields.push_back(make_vu(RD_KAFKA_VTYPE_OPAQUE));
  fields.back().u.ptr = pending.get();
  // As one list, which stays ours when the call fails: librdkafka 2.0 frees headers that it was given one by
  // one twice when it refuses a record at once, for a topic that is gone or may not be written.
  HeaderList headers = headers_of(sent);
  fields.push_back(make_vu(RD_KAFKA_VTYPE_HEADERS));
  fields.back().u.headers = headers.get();

  ++unanswered_;
  const std::shared_lock lock(instance_mutex_);
  const CallError error(rd_kafka_produceva(instance_.get(), fields.data(), fields.size()));
  if (!error) {
    (void)pending.release();  // on_delivery() owns it
    (void)headers.release();  // librdkafka's now
    return ok();
  }
  answered();
  Error refused = error_of(rd_kafka_error_code(error.get()), "kafka append");
  return refused;
}

void Producer::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* producer) noexcept {
  auto* self = static_cast<Producer*>(producer);
  const std::unique_ptr<Pending> pending(static_cast<Pending*>(message->_private));
  pending->done(answer_of(*message, std::move(pending->record.topic)));
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) self->outage_.over();
  self->answered();
}

void Producer::on_error(rd_kafka_t*, int code, const char* reason, void* producer) noexcept {
  static_cast<Producer*>(producer)->outage_.note(static_cast<rd_kafka_resp_err_t>(code), reason);
}

void Producer::answered() noexcept {
  if (--unanswered_ != 0) return;
  const std::scoped_lock lock(answered_mutex_);
  all_answered_.notify_all();
}

Status Producer::flush(Milliseconds deadline) {
  std::unique_lock lock(answered_mutex_);
  if (all_answered_.wait_for(lock, deadline, [&] { return unanswered_ == 0; })) return ok();
  return Error{ErrorCode::timeout, "kafka flush: appends are still unanswered"};
}

std::shared_ptr<rd_kafka_t> Producer::client() {
  const std::shared_lock lock(instance_mutex_);
  return instance_;
}

void Producer::serve() {
  while (!stopping_) {
    rd_kafka_poll(instance_.get(), kServeMs);
    std::array<char, 512> why{};
    const auto fatal = rd_kafka_fatal_error(instance_.get(), why.data(), why.size());
    if (fatal == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    log::error("kafka producer failed for good", {{"error", why.data()}});
    replace_instance();
  }
}

void Producer::replace_instance() {
  Result<Handle> fresh = make_instance();
  if (!fresh) {
    log::error("kafka producer cannot be replaced", {{"error", fresh.error().detail}});
    return;
  }
  std::shared_ptr<rd_kafka_t> old = std::move(fresh.value());
  {
    const std::unique_lock lock(instance_mutex_);
    std::swap(instance_, old);
  }
  give_up(old.get());
  log::warn("kafka producer replaced");
  if (options_.on_producer_replaced) options_.on_producer_replaced();
}

void Producer::give_up(rd_kafka_t* handle) {
  rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  const auto until = SteadyClock::now() + options_.append_deadline;
  while (rd_kafka_outq_len(handle) > 0 && SteadyClock::now() < until) rd_kafka_poll(handle, kServeMs);
}

}  // namespace penstock::kafka
