#include "workers/sources/sources.h"

#include <algorithm>
#include <utility>

namespace penstock {

Sources::Sources(std::vector<Source> sources) : sources_(std::move(sources)) {}

ReadEvent Sources::read(const RawEvent& event) const {
  const std::string_view name = event.source.substr(0, event.source.find('/'));
  const auto found = std::find_if(sources_.begin(), sources_.end(),
                                  [name](const Source& source) { return source.name == name; });
  if (found != sources_.end()) return found->read(event);
  return {Error{ErrorCode::invalid, "unknown_source: nobody here reads events of this source"}};
}

}  // namespace penstock
