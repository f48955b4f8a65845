// The schemes whose one header carries the code of the body and nothing else: no time, so a copy of a request verifies
// for ever, and only the event's id tells that it is one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ingress/signatures/explain.h"
#include "ingress/signatures/signature.h"
#include "ingress/signatures/signing_keys.h"

namespace penstock {

// How one of them writes it.
struct BodyCode {
  SchemeWords words;
  std::string_view prefix = {};  // of the header's value, before the code
  std::optional<crypto::Sha256Mac> (*decode)(std::string_view code) = nullptr;
  bool signs_empty_bodies = true;
};

// HMAC-SHA256 over the body alone, with each secret as it stands for a key. Takes about 260 bytes with two secrets of 32
// characters.
class BodyCodeSignature final : public SignatureScheme {
 public:
  // `form` must outlive it: a constant.
  BodyCodeSignature(const BodyCode& form, std::span<const std::string> secrets);

  SignatureVerdict judge_head(const http::RequestHead& head, Timestamp now) const override;
  bool signed_by_us(const http::RequestHead& head, std::string_view body) const override;
  std::string explain(SignatureVerdict verdict, const http::RequestHead& head, std::string_view body,
                      Timestamp now) const override;

 private:
  std::optional<crypto::Sha256Mac> code_in(const http::RequestHead& head) const;
  bool matches(const crypto::Sha256Mac& code, std::initializer_list<std::string_view> body) const;
  std::string explain_mismatch(const http::RequestHead& head, std::string_view body) const;

  const BodyCode& form_;
  SigningKeys keys_;
};

}  // namespace penstock
