// How the effect of an event is read: by the admin API.
#pragma once

#include <string>
#include <vector>

#include "common/config/settings.h"
#include "deploy/standalone/send/body.h"

namespace penstock::send {

class Admin {
 public:
  // Where the settings say, with their token or the data folder's. Errors are `invalid`.
  static Result<Admin> open(const Settings& settings);

  // Waits until the event has an outcome (30 s at most) and says it on stdout, with every row that the event
  // touched. Errors: the admin API cannot be reached or does not take the token, or there is no outcome yet.
  Status show_effect(const Named& sent) const;

 private:
  Admin(const Settings& settings, std::string token);

  Result<HttpAnswer> get(const std::string& path) const;
  Result<json::Document> wait_for_outcome(const Named& sent) const;
  void show_rows(json::Value touched, const Named& sent) const;

  Address address_;
  std::string token_;
};

// The commands that read it, for whoever does not wait.
std::vector<std::string> reading_commands(const Settings& settings, const Named& sent);

}  // namespace penstock::send
