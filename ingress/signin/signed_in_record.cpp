#include "ingress/signin/signed_in_record.h"

#include "common/crypto/crypto.h"
#include "common/json/codec.h"

namespace penstock {
namespace {

constexpr std::string_view kSource = "auth";
constexpr std::string_view kType = "user.signed_in";
// Of all users who have signed in: part of what is stored.
constexpr std::string_view kUsers = "6e5a3c0e-7d0b-5f0c-9a55-0f4be1f4b1c7";

std::string body(const SignedIn& signed_in, Timestamp at) {
  json::Writer out;
  out.begin_object();
  out.key("id").string(signed_in.event).key("type").string(kType).key("created").string(to_rfc3339(at));
  out.key("data").begin_object();
  out.key("id").string(signed_in.user);
  out.key("provider").string(signed_in.provider).key("subject").string(signed_in.identity.subject);
  json::encode(out.key("email"), signed_in.identity.email);
  json::encode(out.key("name"), signed_in.identity.name);
  out.end_object().end_object();
  return std::move(out).text();
}

}  // namespace

std::string account_name(std::string_view provider, std::string_view subject) {
  return std::string(provider).append("/").append(subject);
}

std::string user_id(std::string_view provider, std::string_view subject) {
  return crypto::uuid_v5(kUsers, account_name(provider, subject));
}

Record signed_in_record(const SignedIn& signed_in, const Catalogue& catalogue, Timestamp at) {
  Record record;
  record.topic = catalogue.route(kSource, kType).topic;
  record.key = signed_in.user;
  record.value = body(signed_in, at);
  record.headers.reserve(7);
  record.headers.emplace_back("ce_specversion", "1.0");
  record.headers.emplace_back("ce_id", signed_in.event);
  record.headers.emplace_back("ce_type", kType);
  record.headers.emplace_back("ce_source", kSource);
  record.headers.emplace_back("ce_time", to_rfc3339(at));
  record.headers.emplace_back("content-type", "application/json");
  record.headers.emplace_back("ps_receivedat", to_rfc3339(at));
  return record;
}

}  // namespace penstock
