// The webhook-id, webhook-timestamp and webhook-signature headers of Standard Webhooks.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ingress/signatures/signature.h"
#include "ingress/signatures/signing_keys.h"

namespace penstock {

// HMAC-SHA256 over "<id>.<timestamp>.<body>"; the signature header is a list of "<version>,<base64>" separated by blanks,
// of which v1 counts (github.com/standard-webhooks/standard-webhooks). Takes about 340 bytes with two secrets
// of 32 characters.
class StandardWebhooksSignature final : public SignatureScheme {
 public:
  // Any one of the secrets may have signed. Those that are no key, as crypto::standard_webhooks_keys() has it, are left out.
  // Without a tolerance (or with 0) the age of a signature is not checked.
  StandardWebhooksSignature(std::span<const std::string> secrets,
                            std::optional<std::chrono::seconds> tolerance);

  SignatureVerdict judge_head(const http::RequestHead& head, Timestamp now) const override;
  bool signed_by_us(const http::RequestHead& head, std::string_view body) const override;
  std::string explain(SignatureVerdict verdict, const http::RequestHead& head, std::string_view body,
                      Timestamp now) const override;

 private:
  SigningKeys keys_;
  std::optional<std::chrono::seconds> tolerance_;
};

}  // namespace penstock
