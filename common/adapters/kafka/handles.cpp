#include "common/adapters/kafka/handles.h"

#include <chrono>
#include <future>
#include <system_error>
#include <thread>

#include "common/observe/log.h"

namespace penstock::kafka {
namespace {

constexpr std::chrono::seconds kPatience{5};

}  // namespace

void destroy_unclosed(rd_kafka_t* handle) noexcept {
  std::promise<void> ended;
  auto end = ended.get_future();
  try {
    std::thread([handle, ended = std::move(ended)]() mutable {
      rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
      ended.set_value();
    }).detach();
  } catch (const std::system_error&) {  // no thread is to be had: then without a bound
    return rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
  if (end.wait_for(kPatience) != std::future_status::ready)
    log::warn("a kafka client does not end and is left behind", {});
}

}  // namespace penstock::kafka
