// The built-in events of `penstock send`: one of every type that has a handler (workers/domain/decide.cpp).
//
// examples/*.json hold an object each, and the event types that are about it: what `set` changes in the
// object, and the event's previous_attributes. Of their texts, {{id}} stands for what all ids of one event
// have in common, and "{{now-60}}" for a time in seconds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"

namespace penstock::send {

// In the order of the files: an object's events stand together.
std::vector<std::string> example_types();

// An event of that type about objects of its own, whose ids all end in `id`, created at `now`
// (Unix seconds). Error: not_found.
Result<json::Document> make_example(std::string_view type, std::string_view id, std::int64_t now);

}  // namespace penstock::send
