#include "workers/domain/decide.h"

namespace penstock {
namespace {

Effects ignored(std::string_view reason) {
  Effects effects;
  effects.outcome = Outcome::ignored;
  effects.reason = std::string(reason);
  return effects;
}

void name_reads(const View&, const UnhandledFacts&, Reads&) {}
Result<Effects> decide(const View&, const UnhandledFacts& facts, const Policy&) {
  return ignored(facts.reason);
}

}  // namespace

void name_reads(const View& view, const Facts& facts, Reads& reads) {
  std::visit([&](const auto& known) { name_reads(view, known, reads); }, facts);
}

Result<Effects> decide(const View& view, const Facts& facts, const Policy& policy) {
  return std::visit([&](const auto& known) { return decide(view, known, policy); }, facts);
}

}  // namespace penstock
