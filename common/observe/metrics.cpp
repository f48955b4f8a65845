#include "common/observe/metrics.h"

#include <prometheus/gauge.h>
#include <prometheus/text_serializer.h>

#include <iterator>

namespace penstock {
namespace {

constexpr const char* kCompiler =
#if defined(__clang__)
    "clang " __clang_version__;
#else
    "gcc " __VERSION__;
#endif

}  // namespace

Metrics::Metrics() : registry_(std::make_shared<prometheus::Registry>()) {
  prometheus::BuildGauge()
      .Name("penstock_build_info")
      .Help("Always 1; the labels say which build this is")
      .Register(*registry_)
      .Add({{"version", PENSTOCK_VERSION}, {"compiler", kCompiler}, {"build_type", PENSTOCK_BUILD_TYPE}})
      .Set(1);
}

std::string Metrics::exposition() const {
  auto families = registry_->Collect();
  auto process = process_.Collect();
  std::move(process.begin(), process.end(), std::back_inserter(families));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace penstock
