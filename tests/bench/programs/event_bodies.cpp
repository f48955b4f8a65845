#include "tests/bench/programs/event_bodies.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "common/crypto/crypto.h"
#include "tests/bench/programs/report.h"

namespace penstock::bench {

namespace {

constexpr std::size_t kDepositors = 1'000;
constexpr std::string_view kUserMark = "{{user}}";

void replace(std::string& text, std::string_view from, std::string_view to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
}

}  // namespace

EventBodies::EventBodies(Payer payer)
    : payer_(payer),
      salt_(crypto::to_hex(crypto::random_bytes(6))),
      session_(read("checkout.session.completed", in_pairs() ? Payer::guest : payer)),
      intent_(read("payment_intent.succeeded", payer)),
      deposit_(read("checkout.session.completed", Payer::guest_or_depositor)) {}

EventBodies::Template EventBodies::read(std::string_view type, Payer payer) {
  constexpr std::string_view kMark = "{{id}}";
  const std::string path =
      std::string(PENSTOCK_SOURCE_DIR "/tests/bench/bodies/").append(type).append(".json");
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("cannot read " + path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (payer == Payer::guest_or_depositor && type == "checkout.session.completed") {
    replace(text, R"("client_reference_id": null)", R"("client_reference_id": "{{user}}")");
    replace(text, "\"metadata\": {},\n      \"mode\"",
            "\"metadata\": {\"type\": \"wallet_deposit\"},\n      \"mode\"");
  }
  if (payer == Payer::named) {
    replace(text, R"("client_reference_id": null)", R"("client_reference_id": "user_{{id}}")");
    replace(text, R"("customer": null)", R"("customer": "cus_{{id}}")");
  }

  Template made{type, {}};
  std::size_t from = 0;
  for (auto mark = text.find(kMark); mark != std::string::npos; mark = text.find(kMark, from)) {
    made.parts.push_back(text.substr(from, mark - from));
    from = mark + kMark.size();
  }
  made.parts.push_back(text.substr(from));
  return made;
}

std::string EventBodies::fill(const Template& from, std::string_view id) {
  std::string text = from.parts.front();
  for (std::size_t i = 1; i < from.parts.size(); ++i) text.append(id).append(from.parts[i]);
  return text;
}

EventBody EventBodies::make(std::size_t n) const {
  const bool is_session = n % 2 == 0;
  const std::size_t payment = in_pairs() ? n / 2 : n;
  const bool deposits = in_pairs() && is_session && payment % 2 == 1;
  const std::string id = fmt::format("{}{:012}", salt_, payment);
  const Template& chosen = !is_session ? intent_ : deposits ? deposit_ : session_;
  EventBody event{(is_session ? "evt_s" : "evt_i") + id, chosen.type, "pi_" + id, fill(chosen, id)};
  if (deposits) replace(event.body, kUserMark, fmt::format("user_{}", payment / 2 % kDepositors));
  return event;
}

}  // namespace penstock::bench
