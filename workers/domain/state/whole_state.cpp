#include "workers/domain/state/whole_state.h"

#include <array>
#include <bit>
#include <charconv>
#include <optional>

namespace penstock {
namespace {

// FNV-1a, 64 bits; mix() is the finaliser of MurmurHash3, which spreads what FNV leaves in the low bits.
constexpr std::uint64_t kFnvOffset = 0xcbf29ce484222325;
constexpr std::uint64_t kFnvPrime = 0x100000001b3;

constexpr std::uint64_t fnv1a(std::uint64_t state, std::string_view bytes) noexcept {
  for (const char c : bytes) state = (state ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return state;
}

constexpr std::uint64_t mix(std::uint64_t hash) noexcept {
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

// The kind goes in first, so that "1" and 1 differ.
constexpr std::uint64_t hash_of(char kind, std::string_view text) noexcept {
  return mix(fnv1a(fnv1a(kFnvOffset, {&kind, 1}), text));
}

constexpr std::uint64_t kNull = hash_of('0', {});
// Stands for an object that has members; they follow under paths of their own.
constexpr std::uint64_t kNested = hash_of('{', {});

std::uint64_t hash_of(json::Value value) {
  switch (value.kind()) {
    case json::Kind::absent:
    case json::Kind::null:
      return kNull;
    case json::Kind::boolean:
      return hash_of('b', *value.boolean() ? "true" : "false");
    case json::Kind::number:
      return hash_of('n', value.number_text());
    case json::Kind::string:
      return hash_of('s', *value.string());
    case json::Kind::array:
    case json::Kind::object:
      return hash_of('j', json::canonical(value));
  }
  return kNull;
}

// Keys hold no NUL, so it separates them.
constexpr std::uint64_t child_path(std::uint64_t parent, std::string_view key) noexcept {
  return fnv1a(fnv1a(parent, std::string_view("\0", 1)), key);
}

constexpr std::size_t kHexDigits = 16;

void append_hex(std::string& out, std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(number >> shift) & 0xf];
}

std::optional<std::uint64_t> parse_hex(std::string_view digits) noexcept {
  std::uint64_t number = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (ec != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

bool follows(const ContenderView& later, const ContenderView& earlier) noexcept {
  return !later.previous->empty() && later.previous->holds_in(*earlier.state);
}

// One bit a contender.
using Members = std::uint32_t;

constexpr Members bit(std::size_t index) noexcept { return Members{1} << index; }

// For each contender those that it follows.
std::vector<Members> followed_by_each(const std::vector<ContenderView>& contenders) {
  std::vector<Members> followed(contenders.size(), 0);
  for (std::size_t later = 0; later < contenders.size(); ++later)
    for (std::size_t earlier = 0; earlier < contenders.size(); ++earlier)
      if (later != earlier && follows(contenders[later], contenders[earlier]))
        followed[later] |= bit(earlier);
  return followed;
}

// The ends of the chains through one set of contenders.
struct ChainEnds {
  std::uint16_t any = 0;      // at least one chain ends in this contender
  std::uint16_t several = 0;  // more than one does
};

ChainEnds extend_chains(const std::vector<ChainEnds>& ends, const std::vector<Members>& followed,
                        Members set) {
  ChainEnds here;
  for (Members left = set; left != 0; left &= left - 1) {
    const auto last = static_cast<std::size_t>(std::countr_zero(left));
    const ChainEnds& before = ends[set & ~bit(last)];
    const Members from = before.any & followed[last];  // chains through the others that `last` can continue
    if (from == 0) continue;
    here.any = static_cast<std::uint16_t>(here.any | bit(last));
    if (std::popcount(from) > 1 || (from & before.several) != 0)
      here.several = static_cast<std::uint16_t>(here.several | bit(last));
  }
  return here;
}

// The end of the chain through all contenders, when there is exactly one such chain. Counts the chains (none,
// one, several) by the sets they run through, smaller sets first: 2^16 steps at most.
std::optional<std::size_t> end_of_only_chain(const std::vector<ContenderView>& contenders) {
  if (contenders.size() > kContendersMax) return std::nullopt;  // 2^n sets
  const auto followed = followed_by_each(contenders);
  // Two that follow nothing cannot both be the beginning. The common case of no previous attributes ends here.
  if (std::count(followed.begin(), followed.end(), Members{0}) > 1) return std::nullopt;

  std::vector<ChainEnds> ends(std::size_t{1} << contenders.size());
  for (Members set = 1; set < ends.size(); ++set) {
    if (std::has_single_bit(set))
      ends[set].any = static_cast<std::uint16_t>(set);
    else
      ends[set] = extend_chains(ends, followed, set);
  }
  const ChainEnds& all = ends.back();
  if (!std::has_single_bit(all.any) || all.several != 0) return std::nullopt;
  return static_cast<std::size_t>(std::countr_zero(all.any));
}

bool stands_before(const ContenderView& a, const ContenderView& b) noexcept {
  return std::tie(a.lifecycle, a.event) < std::tie(b.lifecycle, b.event);
}

}  // namespace

AttributeDigest::AttributeDigest(json::Value object) {
  add_members(object, kFnvOffset);
  std::sort(pairs_.begin(), pairs_.end());
}

void AttributeDigest::add_members(json::Value object, std::uint64_t path) {
  if (!object.is_object()) return;
  for (json::Value v = object.first(); !v.absent(); v = object.next(v)) {
    const std::uint64_t here = child_path(path, v.key());
    const bool nested = v.is_object() && v.size() != 0;
    // The object's own pair keeps {"a": {…}} and {"a": null} apart.
    pairs_.push_back({mix(here), nested ? kNested : hash_of(v)});
    if (nested) add_members(v, here);
  }
}

bool AttributeDigest::holds_in(const AttributeDigest& state) const noexcept {
  auto known = state.pairs_.begin();
  for (const Pair& mine : pairs_) {
    if (mine.value == kNested) continue;  // its members stand under paths of their own
    known = std::lower_bound(known, state.pairs_.end(), mine.path,
                             [](const Pair& pair, std::uint64_t path) { return pair.path < path; });
    const bool present = known != state.pairs_.end() && known->path == mine.path;
    if (present ? known->value != mine.value : mine.value != kNull) return false;
  }
  return true;
}

std::string AttributeDigest::to_hex() const {
  std::string text;
  text.reserve(pairs_.size() * 2 * kHexDigits);
  for (const Pair& pair : pairs_) {
    append_hex(text, pair.path);
    append_hex(text, pair.value);
  }
  return text;
}

bool AttributeDigest::from_hex(std::string_view text, AttributeDigest& out) {
  if (text.size() % (2 * kHexDigits) != 0) return false;
  std::vector<Pair> pairs;
  pairs.reserve(text.size() / (2 * kHexDigits));
  for (std::size_t at = 0; at < text.size(); at += 2 * kHexDigits) {
    const auto path = parse_hex(text.substr(at, kHexDigits));
    const auto value = parse_hex(text.substr(at + kHexDigits, kHexDigits));
    if (!path || !value) return false;
    pairs.push_back({*path, *value});
  }
  if (!std::is_sorted(pairs.begin(), pairs.end())) return false;
  out.pairs_ = std::move(pairs);
  return true;
}

std::size_t pick_winner(const std::vector<ContenderView>& contenders) {
  CHECK(!contenders.empty());
  if (const auto end = end_of_only_chain(contenders)) return *end;
  const auto greatest = std::max_element(contenders.begin(), contenders.end(), stands_before);
  return static_cast<std::size_t>(greatest - contenders.begin());
}

}  // namespace penstock
