#include "common/observe/metrics.h"

#include <prometheus/text_serializer.h>

namespace penstock {

Metrics::Metrics() : registry_(std::make_shared<prometheus::Registry>()) {}

std::string Metrics::exposition() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace penstock
