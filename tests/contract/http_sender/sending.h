// A sender for a test, and a call that waits for the answer.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "common/adapters/curl/http_sender.h"

namespace penstock::testing {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

using Answer = SendResult<OutgoingAnswer>;

inline AddressPolicy allowing(std::initializer_list<const char*> ranges) {
  std::vector<IpRange> allowed;
  for (const char* range : ranges) allowed.push_back(parse_ip_range(range).value());
  return AddressPolicy(std::move(allowed));
}

// Loopback may be connected to, as PENSTOCK_ALLOW_HOSTS=127.0.0.0/8 says.
inline CurlSenderOptions on_loopback() {
  CurlSenderOptions options;
  options.policy = allowing({"127.0.0.0/8"});
  options.user_agent = "Penstock/test";
  return options;
}

inline std::unique_ptr<CurlHttpSender> open_sender(CurlSenderOptions options = on_loopback()) {
  auto sender = CurlHttpSender::open(std::move(options));
  if (!sender) ADD_FAILURE() << sender.error().detail;
  return std::move(sender).value();
}

inline OutgoingRequest post(const std::string& url, std::string body = "{}") {
  OutgoingRequest request;
  request.url = url;
  request.body = std::move(body);
  request.cleartext_allowed = true;
  return request;
}

inline OutgoingRequest get(const std::string& url) {
  auto request = post(url, "");
  request.method = OutgoingMethod::get;
  return request;
}

inline std::future<Answer> begin(HttpSender& sender, OutgoingRequest request) {
  auto promise = std::make_shared<std::promise<Answer>>();
  auto future = promise->get_future();
  auto sent =
      sender.send(std::move(request), [promise](Answer answer) { promise->set_value(std::move(answer)); });
  if (!sent) promise->set_value(std::move(sent).error());
  return future;
}

inline Answer wait_for(std::future<Answer>& future) {
  if (future.wait_for(30s) == std::future_status::ready) return future.get();
  ADD_FAILURE() << "no answer, and no error either";
  return SendFailure{};
}

inline Answer send(HttpSender& sender, OutgoingRequest request) {
  auto future = begin(sender, std::move(request));
  return wait_for(future);
}

// Of a failure its class; of an answer none.
inline std::string error_of(const Answer& answer) {
  return answer ? "" : std::string(to_string(answer.error().error));
}

inline std::string explained(const Answer& answer) {
  return answer ? "answered " + std::to_string(answer.value().status) : answer.error().detail;
}

}  // namespace penstock::testing
