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
  // Who pays: a guest, or a user and a customer, new ones for every payment; or half guests, half deposits to
  // the wallets of a thousand users.
  enum class Payer { guest, named, guest_or_depositor };

  // Reads the templates of tests/bench/bodies. Exits when they are not there.
  explicit EventBodies(Payer payer = Payer::guest);

  // checkout.session.completed for even n, payment_intent.succeeded for odd n. No two are about one payment,
  // but with depositors, where each session is followed by its intent.
  EventBody make(std::size_t n) const;

 private:
  bool in_pairs() const noexcept { return payer_ == Payer::guest_or_depositor; }

  struct Template {
    std::string_view type;
    std::vector<std::string> parts;  // the id goes between them
  };
  static Template read(std::string_view type, Payer payer);
  static std::string fill(const Template& from, std::string_view id);

  Payer payer_;
  std::string salt_;
  Template session_;
  Template intent_;
  Template deposit_;  // the session of one
};

}  // namespace penstock::bench
