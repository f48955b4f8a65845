// Stripe events of real shape and size, each about objects of its own: what the benchmarks send and apply.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::bench {

struct EventBody {
  std::string id;  // evt_…
  std::string_view type;
  std::string payment_intent;  // pi_…: what the record is keyed by
  std::string body;
};

// Immutable; any thread may use it. Two instances never make the same ids.
class EventBodies {
 public:
  // Who pays: a guest, or a user and a customer, new ones for every payment.
  enum class Payer { guest, named };

  // Reads the templates of tests/bench/bodies. Exits when they are not there.
  explicit EventBodies(Payer payer = Payer::guest);

  // checkout.session.completed for even n, payment_intent.succeeded for odd n; no two are about one payment.
  EventBody make(std::size_t n) const;

 private:
  struct Template {
    std::string_view type;
    std::vector<std::string> parts;  // the id goes between them
  };
  static Template read(std::string_view type, Payer payer);
  static std::string fill(const Template& from, std::string_view id);

  std::string salt_;
  Template session_;
  Template intent_;
};

}  // namespace penstock::bench
