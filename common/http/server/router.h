// Finds the route of a method and a path. Pure once built.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/http/server/server.h"

namespace penstock::http {

class Router {
 public:
  explicit Router(std::vector<Route> routes);

  struct Match {
    std::size_t route = 0;  // index into routes()
    NamedTexts parameters;
  };
  struct NotFound {};
  struct MethodNotAllowed {
    std::string allow;  // the value of the Allow field
  };
  struct BadEncoding {};

  std::variant<Match, NotFound, MethodNotAllowed, BadEncoding> find(std::string_view method,
                                                                    std::string_view path) const;

  const std::vector<Route>& routes() const noexcept { return routes_; }

 private:
  struct Segment {
    std::string text;  // a literal, or the parameter's name
    bool is_parameter = false;
  };
  using Pattern = std::vector<Segment>;
  using Segments = std::span<const std::string_view>;

  static bool matches(const Pattern& pattern, Segments path);
  static NamedTexts parameters(const Pattern& pattern, Segments path);
  std::variant<Match, NotFound, MethodNotAllowed, BadEncoding> find_decoded(std::string_view method,
                                                                            Segments path) const;

  std::vector<Route> routes_;      // the more literal ones first
  std::vector<Pattern> patterns_;  // beside routes_
};

}  // namespace penstock::http
