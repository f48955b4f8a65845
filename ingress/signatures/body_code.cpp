#include "ingress/signatures/body_code.h"

#include "ingress/signatures/signature_header.h"

namespace penstock {

BodyCodeSignature::BodyCodeSignature(const BodyCode& form, std::span<const std::string> secrets)
    : form_(form), keys_({secrets.begin(), secrets.end()}, SigningKeys::Kept::bytes) {}

SignatureVerdict BodyCodeSignature::judge_head(const http::RequestHead& head, Timestamp) const {
  if (keys_.empty()) return SignatureVerdict::no_secret;
  const auto presence = judge_presence(head, form_.words.field);
  if (presence != SignatureVerdict::valid) return presence;
  if (!code_in(head)) return SignatureVerdict::signature_missing;
  const bool empty = head.content_length == 0U;
  return empty && !form_.signs_empty_bodies ? SignatureVerdict::body_empty : SignatureVerdict::valid;
}

bool BodyCodeSignature::signed_by_us(const http::RequestHead& head, std::string_view body) const {
  const auto code = code_in(head);
  return code && (form_.signs_empty_bodies || !body.empty()) && matches(*code, {body});
}

std::optional<crypto::Sha256Mac> BodyCodeSignature::code_in(const http::RequestHead& head) const {
  const auto value = head.field(form_.words.field).value_or("");
  if (!value.starts_with(form_.prefix)) return std::nullopt;
  return form_.decode(value.substr(form_.prefix.size()));
}

bool BodyCodeSignature::matches(const crypto::Sha256Mac& code,
                                std::initializer_list<std::string_view> body) const {
  return keys_.any_code(
      body, [&code](const crypto::Sha256Mac& ours) { return crypto::constant_time_equal(ours, code); });
}

std::string BodyCodeSignature::explain(SignatureVerdict verdict, const http::RequestHead& head,
                                       std::string_view body, Timestamp now) const {
  if (verdict == SignatureVerdict::signature_mismatch) return explain_mismatch(head, body);
  return explain_head(verdict, form_.words, std::nullopt, now);
}

// A line end is what editors and shells add to a body, or leave out, without being asked.
std::string BodyCodeSignature::explain_mismatch(const http::RequestHead& head, std::string_view body) const {
  const auto code = code_in(head);
  if (code && matches(*code, {body, "\n"}))
    return "body changed: the secret is right, but the line end that was signed behind the body was not sent";
  if (code && body.ends_with('\n') && matches(*code, {body.substr(0, body.size() - 1)}))
    return "body changed: the secret is right, but a line end was sent behind the body that was not signed";
  return explain_other_mismatch(form_.words);
}

}  // namespace penstock
