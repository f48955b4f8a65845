// Owners of libcurl's C handles, and its error codes as ours.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <new>
#include <string>

#include "common/ports/http_sender.h"

namespace penstock::curl {

template <auto destroy>
struct Destroy {
  template <class T>
  void operator()(T* handle) const noexcept {
    destroy(handle);
  }
};

using Easy = std::unique_ptr<CURL, Destroy<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, Destroy<curl_multi_cleanup>>;

// A list of strings that grows at its end.
class List {
 public:
  void add(const std::string& text) {
    curl_slist* longer = curl_slist_append(list_.get(), text.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)list_.release();
    list_.reset(longer);
  }
  curl_slist* get() const noexcept { return list_.get(); }

 private:
  std::unique_ptr<curl_slist, Destroy<curl_slist_free_all>> list_;
};

// What a failed transfer failed of. A time-out has a class of its own by phase, which the transfer knows.
SendError error_of(CURLcode code) noexcept;

// Once a process; safe from any thread.
bool library_is_ready() noexcept;

}  // namespace penstock::curl
