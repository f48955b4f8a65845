// A door on the real server, before a log that answers when the test says so.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "common/http/server/server.h"
#include "common/observe/metrics.h"
#include "ingress/intake/intake.h"
#include "tests/contract/http/echo_server.h"
#include "tests/fakes/held_event_log.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/raw_client.h"

namespace penstock {

using fakes::body_of;
using fakes::HeldEventLog;
using fakes::RawClient;
using fakes::status_of;

class DoorTest : public ::testing::Test {
 protected:
  // What was appended, and what was said once it was durable.
  struct Accepted {
    Record record;
    std::string body;
  };

  DoorTest() = default;
  explicit DoorTest(Timestamp now) : clock_(now) {}
  void TearDown() override {
    if (server_) server_->stop(std::chrono::seconds{5});
  }

  // Instead of what is served so far. All that the door knows must be a member, since it is served until TearDown().
  void serve(Door door, std::vector<http::Route> more_routes = {}) {
    auto routes = intake_->routes(std::move(door));
    for (auto& route : more_routes) routes.push_back(std::move(route));
    serve_routes(std::move(routes));
  }
  void serve_routes(std::vector<http::Route> routes) {
    server_.emplace(http::ServerOptions{}, std::move(routes), metrics_);
    EXPECT_TRUE(server_->start());
  }

  std::string ask(const std::string& request, const std::string& from = "127.0.0.1") {
    RawClient client(server_->bound_address(), from);
    client.send(request);
    return client.answer();
  }

  // Posts what must be answered 200, and not before the log has it.
  Accepted accept(const std::string& request) {
    RawClient client(server_->bound_address());
    client.send(request);
    auto held = log_.take();
    if (!held) {
      ADD_FAILURE() << "not taken: " << client.answer();
      return {};
    }
    EXPECT_EQ(client.answer(std::chrono::milliseconds{20}), "") << "not yet durable";
    held->done(Position{held->record.topic, Partition{0}, Offset{7}});
    const auto answer = client.answer();
    EXPECT_EQ(status_of(answer), 200);
    return {held->record, std::string(body_of(answer))};
  }
  // Likewise, of a door that says no more than that.
  Record accepted(const std::string& request) {
    auto accepted = accept(request);
    EXPECT_EQ(accepted.body, R"({"received": true})");
    return std::move(accepted.record);
  }

  HeldEventLog log_;
  ManualClock clock_;
  Metrics metrics_;
  std::optional<Intake> intake_{std::in_place, IntakeOptions{}, log_, clock_, metrics_};
  std::optional<http::HttpServer> server_;
};

}  // namespace penstock
