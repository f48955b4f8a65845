// What the command line of `penstock send` asks for, checked before anything is sent.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/config/command_line.h"
#include "deploy/standalone/send/edit.h"
#include "deploy/standalone/send/http_client.h"

namespace penstock::send {

struct Secret {
  std::string value;
  std::string source;  // as a message names it
};

struct Order {
  std::string what;
  std::optional<std::string> file;  // its content; nullopt: a built-in event
  std::vector<Change> changes;
  std::string scheme = "stripe";  // one of scheme_names()
  std::string partner;            // empty: none's
  std::string org;                // whose Stripe account it is; empty: the platform's
  HttpUrl to;
  Secret secret;
  int count = 1;
  bool repeat = false;

  bool wants_new_ids() const { return count > 1 && !repeat; }
  // What keys of events that are sent there begin with: "stripe", "partner/NAME", "org/NAME"; empty: not known here.
  std::string scope() const;
};

Subcommand subcommand();
// A mistake of whoever called; says what to do.
Error bad_usage(std::string why);
bool asks_for_list(const Invocation& invocation);
bool asks_to_wait(const Invocation& invocation);

// Reads the files that it names; blocks for that. Errors are `invalid` and say what to do.
Result<Order> read_order(const Invocation& invocation);

// The first line of a file, never empty. Errors are `invalid` and name the file.
Result<std::string> read_secret_file(const std::string& path);

std::string in_data_dir(const Settings& settings, const char* name);

}  // namespace penstock::send
