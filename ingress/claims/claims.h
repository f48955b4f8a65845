// Claims on idempotency keys: of all requests with one key, at whichever ingress, the first in the log wins, and each of
// them is answered from what that one has claimed.
//
// A claim is a record of the topic `claims`. Its key names the principal and the idempotency key, and it holds all that
// the request's event is made of. Whoever finds no claim appends one, waits until it has read its own back, and then goes
// by the one that holds: its own, or an earlier one that it had not read yet. The event is appended only then, by whoever
// goes by the claim and as the claim says, each time anew: an ingress that dies between claim and event leaves the
// event to the client's next try, and the inbox, which knows it by its id, applies it once.
//
// Why all agree. A key's records are in one partition, so every ingress reads them in one order, the log's. A record
// holds unless one of its key that holds came less than `kept` before it, by the times in the log. That is a function of the
// records alone: no ingress' clock, no start and no order of answers changes it. Reading them again from the start changes
// nothing either, since a record does not displace one of its key that is as late or later. The topic is not compacted,
// which would keep the last of a key and not the first, but ages out, and much later (kClaimsKept) than a claim ceases
// to hold: what is missing at its start holds for nobody. An ingress' clock only decides whether it still answers from a claim
// or appends another one, of which the log then says whether it holds; and when it lets go of the old one, ten minutes later, which is
// more than clocks of ingresses may differ.
//
// What bounds them: an ingress keeps `bytes_max` of them, and beyond that drops the oldest; a request whose claim was
// dropped is a new one.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"
#include "common/observe/metrics.h"
#include "common/ports/clock.h"
#include "common/ports/log_tail.h"

namespace penstock {

struct ClaimsOptions {
  Milliseconds kept = std::chrono::hours{24};  // for how long a claim holds
  std::size_t bytes_max = 64 << 20;            // of claims in memory
  std::size_t waiting_max = 10'000;            // requests that wait for their claims; beyond: overloaded
  Milliseconds patience{5'000};                // how long one waits for its claim to be read back
};

using Claim = std::shared_ptr<const StoredRecord>;

// All methods may be called from any thread, and hold a lock for a moment only.
class Claims {
 public:
  // The clock and the metrics must outlive it.
  Claims(ClaimsOptions options, const Clock& clock, Metrics& metrics);
  ~Claims();
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;

  // Unavailable until everything that stood in the topic at the start has been read: until then a request whose key is
  // claimed waits for that, and no longer than its patience. While the log is away that makes nobody unready:
  // others have no need of it. Does not block.
  Status ready() const;
  // Whether the log answers who reads it.
  void note_contact(bool answers) noexcept { log_answers_ = answers; }

  // The claim of that key that holds now, as far as the topic has been read; nullptr: none.
  Claim find(std::string_view key) const;

  // Calls `decided` once with the claim that holds for the key when the topic has been read up to `appended`, where the
  // caller's own claim is: at once, or from the thread that calls take(). Errors: timeout, overloaded, unavailable (it was
  // dropped again for want of room). One that still waits at the end is not called.
  using Decided = std::function<void(Result<Claim>)>;
  void decide(std::string key, const Position& appended, Decided decided);

  // Takes what the log's tail tells, in its order.
  void take(const TailBatch& batch);

  // Answers those who have waited for too long, and drops what has ceased to hold. Whoever owns this calls it often.
  void let_go_of_late();

 private:
  struct Table;
  struct Waiting {
    std::string key;
    Milliseconds until;
    Decided decided;
  };
  using Place = std::pair<Partition, Offset>;
  // What is to be called when the lock is released.
  struct Call {
    Decided decided;
    Result<Claim> with;
  };

  Result<Claim> held(std::string_view key) const;
  void read(const StoredRecord& record);
  std::vector<Call> take_decided();
  std::vector<Call> take_late();
  static void make(std::vector<Call> calls);

  const ClaimsOptions options_;
  const Clock& clock_;

  std::atomic<bool> is_whole_{false};
  std::atomic<bool> log_answers_{true};
  mutable std::mutex mutex_;  // of all that follows
  std::unique_ptr<Table> table_;
  std::map<Partition, Offset> next_;  // up to where each partition has been read
  std::map<Place, Waiting> waiting_;
};

}  // namespace penstock
