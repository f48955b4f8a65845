// Keeps a table of settings up to date with the topic `settings`, and a copy of it on disk.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/crypto/sealer.h"
#include "common/observe/metrics.h"
#include "common/ports/clock.h"
#include "common/ports/event_record.h"
#include "common/ports/log_reader.h"
#include "common/registry/copy.h"
#include "common/registry/sealed.h"
#include "common/registry/table.h"

namespace prometheus {
class Gauge;
}

namespace penstock::registry {

struct FollowerOptions {
  std::filesystem::path copy;  // the file; empty: none is kept
  std::string origin;          // of the copy: whose settings it has
  Milliseconds poll_wait{200};
  Milliseconds copy_interval{1'000};  // at least, between the ends and beginnings of two writings of the copy
};

// On a thread of its own from construction to destruction, which waits for a poll and a writing of the copy at most. What is known of the
// settings is never forgotten because the log is away: the table stays as it is until the log says otherwise. All
// that it is given must outlive it.
class Follower {
 public:
  // Reads the copy first, so that the table is filled when this returns, if there is one. Blocks for that. A copy that is
  // cut off, damaged or another deployment's is passed over, said, and written anew.
  Follower(FollowerOptions options, LogReader& log, const crypto::Sealer& sealer, Table& table,
           const Clock& clock, Metrics& metrics);
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Unavailable until the table is filled, by the copy or the log. Any thread; does not block.
  Status ready() const;

  // How many settings cannot be opened now: damaged, or sealed under a key that this process does not have. No reason not
  // to serve: each is somebody's alone. Any thread.
  std::size_t unreadable() const;

 private:
  void read_copy();
  void run(const std::stop_token& stop);
  void take(const TailBatch& batch);
  void replace_all(Draft settings);
  Change change_of(const StoredRecord& record);
  Change opened(const std::string& key, std::string_view sealed);
  void note_unreadable(const std::string& key, const Error* error);
  void say_unreadable();
  void note_contact(const Status& answered);
  void keep_copy(bool even_now);
  void show() const;

  const FollowerOptions options_;
  LogReader& log_;
  const crypto::Sealer& sealer_;
  Table& table_;
  const Clock& clock_;
  struct Gauges {
    explicit Gauges(Metrics& metrics);
    prometheus::Gauge& age;
    prometheus::Gauge& settings;
    prometheus::Gauge& unreadable;
  } gauges_;

  mutable std::mutex mutex_;
  std::map<std::string, Error> unreadable_;  // by key; under mutex_

  // Of the thread.
  std::set<std::string> said_unreadable_;
  std::optional<Draft> anew_;               // what has been told since the topic's start
  std::optional<Milliseconds> changed_at_;  // and the copy does not have it yet
  Milliseconds copied_at_{0};
  Milliseconds contact_at_{0};
  bool answers_ = true, copies_ = true;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace penstock::registry
