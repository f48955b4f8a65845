// What every EventLog promises: one suite, instantiated by each adapter.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "common/ports/event_log.h"
#include "tests/contract/event_log/support.h"

namespace penstock {

struct LogLimits {
  int queue_records_max = 1000;
};

// An adapter under test: makes logs that share nothing with those of other tests.
struct LogAdapter {
  std::string name;
  std::unique_ptr<LogHarness> (*make)(LogLimits limits);
};

inline void PrintTo(const LogAdapter& adapter, std::ostream* out) { *out << adapter.name; }
inline std::string adapter_name(const testing::TestParamInfo<LogAdapter>& info) { return info.param.name; }

class EventLogContract : public testing::TestWithParam<LogAdapter> {
 protected:
  void SetUp() override { use(GetParam().make({})); }
  // The topics are made for it.
  void use(std::unique_ptr<LogHarness> harness);

  EventLog& log() { return harness_->log(); }
  LogHarness& harness() { return *harness_; }
  // A group of this test alone: others run beside it on the same cluster.
  std::string group(const std::string& name = "payments") const { return group_prefix_ + name; }
  std::unique_ptr<EventConsumer> subscribe(const std::string& name = "payments");
  std::vector<Position> append_all(int count, const std::string& key_prefix = "key");

 private:
  const std::string group_prefix_ = unique_prefix();
  std::unique_ptr<LogHarness> harness_;
};

}  // namespace penstock
