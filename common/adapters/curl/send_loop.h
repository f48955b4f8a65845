// The thread that carries requests: it takes them in, looks names up, lets libcurl work and watches the deadlines.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/adapters/curl/deadlines.h"
#include "common/adapters/curl/handles.h"
#include "common/adapters/curl/lookup_threads.h"
#include "common/adapters/curl/name_cache.h"
#include "common/adapters/curl/options.h"
#include "common/adapters/curl/transfer.h"

namespace penstock::curl {

class SendLoop {
 public:
  // libcurl must be ready. Aborts when there is no memory for it.
  explicit SendLoop(CurlSenderOptions options);
  SendLoop(const SendLoop&) = delete;
  SendLoop& operator=(const SendLoop&) = delete;

  // From any thread. False: as many as allowed are under way, or it is closed, as `closed()` tells.
  bool take(std::unique_ptr<Transfer> transfer);
  bool closed();

  // From any thread: run() cancels what is under way, and returns.
  void close();

  // The thread's body.
  void run();

 private:
  struct FoundName {
    std::string name;
    Result<IpAddresses> addresses;
  };
  // What reaches the thread from others.
  struct Inbox {
    std::vector<std::unique_ptr<Transfer>> transfers = {};
    std::vector<FoundName> names = {};
    bool closed = false;
  };

  void wake();  // under the lock
  Multi make_multi() const;

  bool open_inbox();  // false: closed
  void begin(std::unique_ptr<Transfer> transfer);
  void await_name(Transfer& transfer);
  void name_found(const FoundName& found);
  void connect(Transfer& transfer, IpAddresses addresses);
  void collect_finished();
  void give_up_overdue();
  void stop_waiting(Transfer& transfer);
  void drop_idle_connections();
  void wait();
  void cancel_all();
  void finish_failed(Transfer& transfer, SendError error, std::string detail);
  void finish(Transfer& transfer, CURLcode code = CURLE_OK);  // the transfer is gone after it

  const CurlSenderOptions options_;

  std::mutex mutex_;
  Inbox inbox_;
  std::size_t in_flight_ = 0;  // accepted and not finished
  std::size_t in_flight_bytes_ = 0;
  Multi multi_;  // replaced under the lock; used by the thread without it

  // The thread's own.
  std::unordered_map<Transfer*, std::unique_ptr<Transfer>> transfers_;
  std::unordered_map<std::string, std::vector<Transfer*>> waiting_;  // by the name that is looked up for them
  Deadlines deadlines_;
  NameCache names_;
  std::optional<SteadyTime> idle_since_;  // there may be connections, and nobody uses one

  LookupThreads lookups_;  // last: what it calls uses the rest
};

}  // namespace penstock::curl
