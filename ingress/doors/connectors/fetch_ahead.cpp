#include "ingress/doors/connectors/fetch_ahead.h"

#include <algorithm>
#include <span>

namespace penstock {
namespace {

using registry::Connector;
using registry::Snapshot;
using registry::Workflow;
using registry::Workflows;

constexpr std::size_t kLine = 64;
constexpr std::size_t kBytesMax = 1024;   // of each piece
constexpr std::size_t kWorkflowsMax = 4;  // of an org that has more: more would push out what came first

void fetch(const void* memory, std::size_t bytes) noexcept {
  if (memory == nullptr) return;
  const auto* first = static_cast<const char*>(memory);
  for (std::size_t at = 0; at < std::min(bytes, kBytesMax); at += kLine) __builtin_prefetch(first + at);
}

template <class Value>
void fetch_setting(const Snapshot& settings, std::string_view org) noexcept {
  if (const auto* entry = settings.find<Value>(org)) fetch(entry->value.get(), sizeof(Value));
}

std::span<const Workflow> first_of(const Workflows* workflows) noexcept {
  if (workflows == nullptr) return {};
  return std::span(workflows->all).first(std::min(workflows->all.size(), kWorkflowsMax));
}

}  // namespace

void fetch_settings(const Snapshot& settings, std::string_view org) noexcept {
  fetch_setting<Connector>(settings, org);
  fetch_setting<Workflows>(settings, org);
}

void fetch_workflows(const Workflows* workflows) noexcept {
  const auto all = first_of(workflows);
  fetch(all.data(), all.size_bytes());
}

void fetch_patterns_and_steps(const Workflows* workflows) noexcept {
  for (const auto& workflow : first_of(workflows)) {
    fetch(workflow.event_types.data(), workflow.event_types.size() * sizeof(std::string));
    fetch(workflow.steps.text().data(), workflow.steps.text().size());
  }
}

}  // namespace penstock
