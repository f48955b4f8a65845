#include "deploy/standalone/send/send.h"

#include <cstdio>
#include <cstdlib>

#include "common/adapters/system_clock/system_clock.h"
#include "deploy/standalone/send/body.h"
#include "deploy/standalone/send/effect.h"
#include "deploy/standalone/send/examples.h"
#include "deploy/standalone/send/http_client.h"
#include "deploy/standalone/send/signing.h"

namespace penstock::send {
namespace {

constexpr Milliseconds kAnswerDeadline{30'000};

// At once, so that it stands in its place among what stderr says.
void say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}
void complain(const std::string& text) { std::fprintf(stderr, "penstock send: %s\n", text.c_str()); }

Result<HttpAnswer> post(const Order& order, const std::string& body, Timestamp now) {
  const Named named = names_in(body);
  auto headers = sign(order.scheme, order.secret.value, {named.event, body, now});
  headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  return fetch({"POST", order.to, std::move(headers), body}, kAnswerDeadline);
}

// The start of a text that others wrote, on one line; "-" for none.
std::string excerpt(const std::string& text) {
  constexpr std::size_t kBytesMax = 400;
  std::string line = text.empty() ? "-" : text.substr(0, kBytesMax);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  return line;
}

bool is_success(const HttpAnswer& answer) { return answer.status >= 200 && answer.status < 300; }

void advise(const Order& order, const HttpAnswer& answer) {
  if (answer.status == 401)
    complain("the signature was made with the secret of " + order.secret.source +
             "; the program it was sent to verifies with another one. --secret-file FILE names it");
  if (answer.status == 404 && !order.partner.empty())
    complain(to_string(order.to.address) + " has no partner " + order.partner + ", or it is disabled");
  else if (answer.status == 404)
    complain(to_string(order.to.address) + " has no " + order.to.target + "; see --to");
}

struct Sent {
  std::vector<Named> accepted;  // each event once
  bool all_accepted = true;
};

// Stops at the first request that gets no answer.
Result<Sent> send_all(const Order& order) {
  const SystemClock clock;
  Sent sent;
  std::string body;
  for (int i = 0; i < order.count; ++i) {
    const bool again = order.repeat && i > 0;
    if (!again) {
      TRY(body, make_body(order, clock.now()));
    }
    TRY(const auto answer, post(order, body, clock.now()));
    Named named = names_in(body);
    named.scope = order.scope();
    say(excerpt(named.event) + "  " + excerpt(named.type) + "  " + excerpt(named.object_id) + "  " +
        std::to_string(answer.status) + " " + excerpt(answer.body));
    if (!is_success(answer)) {
      if (sent.all_accepted) advise(order, answer);
      sent.all_accepted = false;
    } else if (sent.accepted.empty() || sent.accepted.back().event != named.event) {
      sent.accepted.push_back(std::move(named));
    }
  }
  return sent;
}

void say_how_to_read(const Settings& settings, const Named& sent) {
  say("\nThe effect follows the answer by a moment; --wait waits for it and shows it. Or read it:");
  for (const auto& command : reading_commands(settings, sent)) say("  " + command);
}

Status show_effects(const Admin& admin, const std::vector<Named>& accepted) {
  if (!accepted.empty()) say("");
  for (const Named& each : accepted) {
    TRY_STATUS(admin.show_effect(each));
  }
  return ok();
}

int fail(const Error& error) {
  complain(error.detail);
  if (error.code == ErrorCode::invalid) return kExitUsage;
  if (error.code == ErrorCode::unavailable)
    complain(
        "is Penstock running there? ./deploy/up starts it; --to URL or PENSTOCK_LISTEN says where it is");
  return EXIT_FAILURE;
}

int send_and_show(const Settings& settings, const Order& order, const std::optional<Admin>& admin) {
  const auto sent = send_all(order);
  if (!sent) return fail(sent.error());
  const auto& [accepted, all_accepted] = sent.value();
  if (!admin && !accepted.empty()) say_how_to_read(settings, accepted.back());
  if (admin) {
    if (const auto shown = show_effects(*admin, accepted); !shown) {
      complain(shown.error().detail);
      return EXIT_FAILURE;
    }
  }
  return all_accepted ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int run(const Invocation& invocation) {
  if (asks_for_list(invocation)) {
    for (const auto& type : example_types()) say(type);
    return EXIT_SUCCESS;
  }
  const auto order = read_order(invocation);
  if (!order) return fail(order.error());
  if (!asks_to_wait(invocation)) return send_and_show(invocation.settings, order.value(), std::nullopt);
  const auto admin = Admin::open(invocation.settings);
  if (!admin) return fail(admin.error());
  return send_and_show(invocation.settings, order.value(), admin.value());
}

}  // namespace penstock::send
