#include "workers/sources/auth/auth.h"

#include "workers/sources/reader.h"

namespace penstock {
namespace {

EventMeta meta_of(const RawEvent& raw) {
  EventMeta meta;
  meta.key = raw.key;
  meta.id = raw.key.value;
  meta.type = raw.type;
  meta.created = raw.created;
  meta.livemode = true;
  return meta;
}

ReadEvent read(const RawEvent& raw) {
  if (raw.type != "user.signed_in") return {.facts = Facts{UnhandledFacts{meta_of(raw)}}};
  const auto document = json::Document::parse(raw.body);
  if (!document) return {document.error()};
  Reader in(document.value().root()["data"], "data");
  UserFacts facts;
  facts.meta = meta_of(raw);
  facts.id = in.id("id");
  facts.rank = 1;
  facts.identity = Identity{in.id("provider"), in.id("subject")};
  facts.said.email = in.optional_short_text("email");
  facts.said.name = in.optional_short_text("name");
  if (const auto problem = in.problem()) return {*problem};
  std::string user = facts.id;
  return {.facts = Facts{std::move(facts)}, .entity = std::move(user)};
}

}  // namespace

Source auth_source() { return {kAuth, read}; }

}  // namespace penstock
