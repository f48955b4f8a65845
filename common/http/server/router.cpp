#include "common/http/server/router.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>

#include "common/core/check.h"
#include "common/http/server/uri.h"

namespace penstock::http {
namespace {

template <class Visit>
void for_each_segment(std::string_view path, Visit visit) {
  CHECK(!path.empty() && path.front() == '/');
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    visit(segment);
    path.remove_prefix(segment.size());
  }
}

// The segments of a path, decoded. Most paths have nothing to decode: these segments point into the path itself.
class DecodedPath {
 public:
  // The path must outlive it.
  explicit DecodedPath(std::string_view path) {
    if (path.find('%') == std::string_view::npos) {
      well_encoded_ = is_decoded(path);
      for_each_segment(path, [this](std::string_view segment) { segments_.push_back(segment); });
      return;
    }
    for_each_segment(path, [this](std::string_view segment) {
      auto text = percent_decode(segment);
      well_encoded_ &= text.has_value();
      texts_.push_back(std::move(text).value_or(std::string()));
    });
    segments_.assign(texts_.begin(), texts_.end());
  }
  DecodedPath(const DecodedPath&) = delete;
  DecodedPath& operator=(const DecodedPath&) = delete;

  bool well_encoded() const noexcept { return well_encoded_; }
  std::span<const std::string_view> segments() const noexcept { return segments_; }

 private:
  std::vector<std::string> texts_;
  boost::container::small_vector<std::string_view, 8> segments_;
  bool well_encoded_ = true;
};

bool answers(const Route& route, std::string_view method) noexcept {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

void allow(std::string& list, std::string_view method) {
  if (!list.empty()) list += ", ";
  list += method;
}

std::size_t parameter_count(const Route& route) noexcept {
  return static_cast<std::size_t>(std::count(route.pattern.begin(), route.pattern.end(), '{'));
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  std::stable_sort(routes_.begin(), routes_.end(),
                   [](const Route& a, const Route& b) { return parameter_count(a) < parameter_count(b); });
  for (const auto& route : routes_) {
    Pattern pattern;
    for_each_segment(route.pattern, [&pattern](std::string_view segment) {
      const bool is_parameter = segment.starts_with('{') && segment.ends_with('}');
      if (is_parameter) segment = segment.substr(1, segment.size() - 2);
      pattern.push_back({std::string(segment), is_parameter});
    });
    patterns_.push_back(std::move(pattern));
  }
}

std::variant<Router::Match, Router::NotFound, Router::MethodNotAllowed, Router::BadEncoding> Router::find(
    std::string_view method, std::string_view path) const {
  for (std::size_t i = 0; i < routes_.size(); ++i)
    if (routes_[i].pattern == path && answers(routes_[i], method)) return Match{i, {}};
  const DecodedPath decoded(path);
  if (!decoded.well_encoded()) return BadEncoding{};
  return find_decoded(method, decoded.segments());
}

std::variant<Router::Match, Router::NotFound, Router::MethodNotAllowed, Router::BadEncoding>
Router::find_decoded(std::string_view method, Segments path) const {
  std::string allowed;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    if (!matches(patterns_[i], path)) continue;
    if (answers(routes_[i], method)) return Match{i, parameters(patterns_[i], path)};
    allow(allowed, routes_[i].method);
    if (routes_[i].method == "GET") allow(allowed, "HEAD");
  }
  if (allowed.empty()) return NotFound{};
  return MethodNotAllowed{std::move(allowed)};
}

bool Router::matches(const Pattern& pattern, Segments path) {
  return std::equal(pattern.begin(), pattern.end(), path.begin(), path.end(),
                    [](const Segment& expected, std::string_view segment) {
                      return expected.is_parameter ? !segment.empty() : expected.text == segment;
                    });
}

NamedTexts Router::parameters(const Pattern& pattern, Segments path) {
  NamedTexts found;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (pattern[i].is_parameter) found.emplace_back(pattern[i].text, std::string(path[i]));
  return found;
}

}  // namespace penstock::http
