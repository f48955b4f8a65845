#include "common/http/probes/readiness.h"

#include "common/core/check.h"
#include "common/core/utf8.h"
#include "common/observe/log.h"

namespace penstock {
namespace {

std::string joined(const std::vector<NotReady>& away, std::string NotReady::*member,
                   std::string_view separator) {
  std::string text;
  for (const auto& each : away) {
    if (!text.empty()) text += separator;
    text += each.*member;
  }
  return text;
}

std::string_view failure_phrase(ErrorCode code) {
  switch (code) {
    case ErrorCode::unavailable:
      return " is unavailable";
    case ErrorCode::timeout:
      return " did not answer in time";
    case ErrorCode::overloaded:
      return " is overloaded";
    case ErrorCode::wrong_schema:
      return " is not prepared for this program, run penstock-admin migrate";
    case ErrorCode::conflict:
    case ErrorCode::invalid:
    case ErrorCode::not_found:
    case ErrorCode::fenced:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return " fails";
  }
  CHECK(false);
}

std::string cause(const std::string& address, const Error& error) {
  const std::string detail = is_utf8(error.detail) ? error.detail : std::string(to_string(error.code));
  if (address.empty()) return detail;
  return failure_text(address, error.code) + ": " + detail;
}

}  // namespace

Readiness::Readiness(std::vector<ReadinessCheck> checks, ReadinessOptions options) : options_(options) {
  for (auto& check : checks) parts_.emplace_back(std::move(check));
  for (auto& part : parts_)
    threads_.emplace_back([this, &part](const std::stop_token& stop) { run(part, stop); });
}

void Readiness::run(Part& part, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (asked_.wait(lock, stop, [&] { return part.asked_at.has_value(); })) {
    lock.unlock();
    Status result = part.check.check();
    lock.lock();
    part.result = std::move(result);
    part.checked_at = std::chrono::steady_clock::now();
    part.asked_at.reset();
    ++part.checks;
    checked_.notify_all();
  }
}

std::vector<NotReady> Readiness::look() {
  std::unique_lock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  for (auto& part : parts_) ask(part, now);
  asked_.notify_all();
  for (const auto& part : parts_) wait_for(part, lock);
  std::vector<NotReady> away;
  for (const auto& part : parts_)
    if (auto problem = verdict(part)) away.push_back(*std::move(problem));
  note(away);
  return away;
}

void Readiness::ask(Part& part, SteadyTime now) const {
  const bool fresh = part.checked_at && now - *part.checked_at <= options_.age_max;
  if (!fresh && !part.asked_at) part.asked_at = now;
}

// Who comes while a check hangs does not wait for it all over again.
void Readiness::wait_for(const Part& part, std::unique_lock<std::mutex>& lock) {
  if (!part.asked_at) return;
  checked_.wait_until(lock, *part.asked_at + options_.answer_deadline,
                      [&part, before = part.checks] { return part.checks != before; });
}

std::optional<NotReady> Readiness::verdict(const Part& part) const {
  const auto& [name, address, check] = part.check;
  if (part.asked_at && std::chrono::steady_clock::now() - *part.asked_at >= options_.answer_deadline)
    return NotReady{name, (address.empty() ? name : address) + " does not answer"};
  if (!part.result) return NotReady{name, cause(address, part.result.error())};
  return std::nullopt;
}

// The causes change from one look to the next while the trouble stays the same, so only the parts count.
void Readiness::note(const std::vector<NotReady>& away) {
  std::string parts = parts_of(away);
  if (parts == parts_away_) return;
  if (away.empty())
    log::info("ready");
  else
    log::warn("not ready", {{"away", parts}, {"detail", causes_of(away)}});
  parts_away_ = std::move(parts);
}

std::string parts_of(const std::vector<NotReady>& away) { return joined(away, &NotReady::part, ", "); }
std::string causes_of(const std::vector<NotReady>& away) { return joined(away, &NotReady::why, "; "); }

std::string failure_text(std::string_view address, ErrorCode code) {
  return std::string(address).append(failure_phrase(code));
}

}  // namespace penstock
