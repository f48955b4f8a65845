#include "workers/domain/ads/ads.h"

#include <algorithm>

#include "workers/domain/outbound/outbound.h"

namespace penstock {
namespace {

Ad known_or_new(const View& view, const std::string& id) {
  if (const Ad* known = view.find<Ad>(id)) return *known;
  Ad ad;
  ad.id = id;
  return ad;
}

// What all its impressions cost, whatever the budget; the greatest number there is stands for any greater
// one, and reaches every budget as that would.
std::int64_t cost_of(const Ad& ad) noexcept {
  return saturating_multiply(ad.impressions, ad.cost_per_impression.value);
}

bool costs_its_budget(const Ad& ad) noexcept { return ad.registered && cost_of(ad) >= ad.budget.value; }

// How many more impressions come to the budget; nullopt: they have, or however many never will.
std::optional<std::int64_t> impressions_left(const Ad& ad) noexcept {
  if (!ad.registered || ad.cost_per_impression.value == 0 || costs_its_budget(ad)) return std::nullopt;
  // Divided and rounded up, without a sum that could leave 64 bits: the budget is not 0 here.
  return (ad.budget.value - 1) / ad.cost_per_impression.value + 1 - ad.impressions;
}

bool is_held(const Ad& ad) noexcept { return ad.paused_reason == PauseReason::manual; }

std::optional<PauseReason> why_paused(const Ad& ad, bool held) noexcept {
  if (held) return PauseReason::manual;
  return costs_its_budget(ad) ? std::optional(PauseReason::budget) : std::nullopt;
}

void take_standing(Ad& ad, bool held, Timestamp at) {
  ad.paused_reason = why_paused(ad, held);
  ad.status = ad.paused_reason ? AdStatus::paused : AdStatus::active;
  if (ad.status == AdStatus::active)
    ad.paused_at.reset();
  else if (!ad.paused_at)
    ad.paused_at = at;
}

// The ad comes to cost its budget. A budget may be reached, raised, taken back and reached again: each time
// is told.
void enqueue_reached(Effects& effects, Ad& ad, const EventKey& event) {
  ++ad.budgets_reached;
  const std::string cause =
      "ad.paused:" + ad.id + ":" + std::to_string(ad.budget.value) + ":" + std::to_string(ad.budgets_reached);
  enqueue_outbound(effects, "ad.paused", cause, event, json::to_text(ad_view(ad)));
}

void count(Ad& ad, std::int64_t impressions) noexcept {
  ad.impressions = saturating_add(ad.impressions, impressions);
}

}  // namespace

void name_reads(const View&, const ImpressionFacts& facts, Reads& reads) { reads.want<Ad>(facts.ad); }

Result<Effects> decide(const View& view, const ImpressionFacts& facts, const Policy&) {
  Effects effects;
  effects.outcome = Outcome::applied;
  Ad ad = known_or_new(view, facts.ad);
  auto uncounted = static_cast<std::int64_t>(facts.impressions.size());
  if (const auto left = impressions_left(ad); left && *left <= uncounted) {
    const Impression& last = facts.impressions[static_cast<std::size_t>(*left - 1)];
    count(ad, *left);
    uncounted -= *left;
    take_standing(ad, is_held(ad), last.at);
    enqueue_reached(effects, ad, last.event);
  }
  count(ad, uncounted);
  effects.put(std::move(ad));
  return effects;
}

void name_reads(const View&, const AdTerms& terms, Reads& reads) { reads.want<Ad>(terms.id); }

Effects decide_terms(const View& view, const AdTerms& terms, Timestamp at, const EventKey& by) {
  Effects effects;
  const Ad before = known_or_new(view, terms.id);
  if (before.registered && before.impressions > 0 && before.currency != terms.price.currency) {
    effects.reason = kCurrencyFixed;
    return effects;
  }
  Ad after = before;
  part<AdName>(after) = terms.name;
  part<AdPrice>(after) = terms.price;
  after.registered = true;
  take_standing(after, terms.status ? *terms.status == AdStatus::paused : is_held(before), at);
  if (costs_its_budget(after) && !costs_its_budget(before)) enqueue_reached(effects, after, by);
  effects.outcome = before == after ? Outcome::duplicate : Outcome::applied;
  if (before != after) effects.put(std::move(after));
  return effects;
}

MicroUnits spend_of(const Ad& ad) noexcept { return {std::min(cost_of(ad), ad.budget.value)}; }

AdView ad_view(const Ad& row) {
  AdView view;
  view.id = row.id;
  part<AdName>(view) = row;
  part<AdCount>(view) = row;
  view.spend = spend_of(row);
  part<AdPrice>(view) = row;
  part<AdStanding>(view) = row;
  return view;
}

}  // namespace penstock
