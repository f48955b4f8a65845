#include "ingress/signatures/signature.h"

namespace penstock {

std::string_view to_string(SignatureVerdict verdict) noexcept {
  switch (verdict) {
    case SignatureVerdict::valid:
      return "valid";
    case SignatureVerdict::no_secret:
      return "no_secret";
    case SignatureVerdict::header_missing:
      return "header_missing";
    case SignatureVerdict::header_repeated:
      return "header_repeated";
    case SignatureVerdict::header_oversized:
      return "header_oversized";
    case SignatureVerdict::element_malformed:
      return "element_malformed";
    case SignatureVerdict::id_missing:
      return "id_missing";
    case SignatureVerdict::timestamp_missing:
      return "timestamp_missing";
    case SignatureVerdict::timestamp_ambiguous:
      return "timestamp_ambiguous";
    case SignatureVerdict::timestamp_outside_tolerance:
      return "timestamp_outside_tolerance";
    case SignatureVerdict::signature_missing:
      return "signature_missing";
    case SignatureVerdict::body_empty:
      return "body_empty";
    case SignatureVerdict::signature_mismatch:
      return "signature_mismatch";
  }
  return "valid";
}

}  // namespace penstock
