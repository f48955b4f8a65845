// Looks names up on a few threads of its own: the system's resolver can only block, and for as long as a stranger's name
// server likes.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "common/adapters/curl/options.h"

namespace penstock::curl {

// All methods may be called from any thread.
class LookupThreads {
 public:
  // From one of the threads. Must not block or throw.
  using Done = std::function<void(std::string name, Result<IpAddresses> found)>;

  LookupThreads(NameLookup lookup, std::size_t threads_max, Done done);
  // `done` is not called after it. Does not wait for look-ups that run: their threads end when these do.
  ~LookupThreads();
  LookupThreads(const LookupThreads&) = delete;
  LookupThreads& operator=(const LookupThreads&) = delete;

  // Looks the name up when a thread is free, in order of arrival. Does not block.
  void begin(std::string name);

  // Drops a look-up that no thread has begun; false when there is none, and then `done` is called or was.
  bool drop(const std::string& name);

 private:
  struct State;
  const std::shared_ptr<State> state_;  // shared with the threads, which may outlive this
};

}  // namespace penstock::curl
