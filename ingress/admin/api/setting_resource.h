// What all resources of settings do alike: list, show, put and delete.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/describe.h"
#include "common/core/org.h"
#include "common/registry/sealed.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/stored.h"
#include "ingress/fields/body_reader.h"

namespace penstock::admin {

// Names the field when what an operator gives as a secret is one that can be guessed: fewer than 16 characters, white space not
// counted. Those that stand already were taken by whatever rule there was, and go on working.
inline constexpr std::size_t kSecretBytesMax = 512;
void judge_secret(BodyReader& in, std::string_view field, std::string_view secret);

// Writes the members of a setting as clients read it; never a secret. The id is that of registry/values.h.
template <class Value>
using ShowSetting = void(json::Writer& out, std::string_view id, const Value& value);

template <class Value>
void encode_setting(json::Writer& out, std::string_view id, const Value& value, const RowStamp& stamp,
                    ShowSetting<Value>* show) {
  out.begin_object();
  show(out, id, value);
  encode_stamp(out, stamp);
  out.end_object();
}

// The setting as it is stored now; not_found says what there is none of, and a key sees none of another org's.
template <class Value>
Result<http::Response> show_setting(const Context& context, const Request& request, std::string_view id,
                                    std::string_view what, ShowSetting<Value>* show) {
  TRY(const auto stored, read_setting(context.settings, registry::make_key<Value>(id)));
  if (!stored || (!request.principal.root && org_of({{}, stored->value}) != request.org))
    return not_found(what);
  json::Writer out;
  encode_setting(out, id, std::get<Value>(stored->value), stored->stamp, show);
  return json_response(std::move(out));
}

// A setting that a list cannot show, and why.
struct UnreadableSetting {
  std::string setting;  // its key in the store
  std::string why;
};
BOOST_DESCRIBE_STRUCT(UnreadableSetting, (), (setting, why))

// Those of the request's org, page by page. One that cannot be opened is named beside the others.
template <class Value>
Result<http::Response> list_settings(const Context& context, const Request& request,
                                     ShowSetting<Value>* show) {
  ListQuery query;
  QueryReader in(request);
  query.filters = {{"listed_under", list_name(registry::kKindName<Value>, request.org)}};
  query.only = kNotDeleted;
  in.page(registry::kKindName<Value>, query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto page, read_page<SettingRow>(context.store, registry::kKindName<Value>, query));
  std::vector<UnreadableSetting> unreadable;
  json::Writer out;
  out.begin_object().key("data").begin_array();
  for (const auto& [row, stamp] : page.rows) {
    const auto setting = registry::open_setting(context.settings.sealer, row.key, row.sealed);
    if (!setting || !setting.value().value) {
      unreadable.push_back({row.key, setting ? "is deleted" : setting.error().detail});
      continue;
    }
    const auto id = std::string_view(row.key).substr(registry::kKindName<Value>.size() + 1);
    encode_setting(out, id, std::get<Value>(*setting.value().value), stamp, show);
  }
  out.end_array();
  json::encode(out.key("next_cursor"), page.next_cursor);
  if (!unreadable.empty()) json::encode(out.key("unreadable"), unreadable);
  out.end_object();
  return json_response(std::move(out));
}

// Carries the change out: stored, told to the log, and in force in this process. Every other process has it within a second.
// nullopt: done. A response: the log does not answer; the change is stored, and takes effect when it does. Errors:
// those of `next`, and the store's.
Result<std::optional<http::Response>> change_setting(const Context& context, const SettingChange& change,
                                                     const NextValue& next);

template <class Value>
SettingChange change_of(const Request& request, std::string_view id, std::string_view action,
                        std::string detail = "{}") {
  return {registry::make_key<Value>(id), request.principal.name, std::string(action),
          std::string(request.head.path()), std::move(detail)};
}

// Deletes the setting: 204.
Result<http::Response> delete_setting(const Context& context, const SettingChange& change,
                                      std::string_view what);

}  // namespace penstock::admin
