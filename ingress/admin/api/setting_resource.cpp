#include "ingress/admin/api/setting_resource.h"

#include <algorithm>

#include "common/observe/log.h"

namespace penstock::admin {
namespace {

constexpr std::ptrdiff_t kSecretLengthMin = 16;

bool begins_visible(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool goes_on = (byte & 0xc0) == 0x80;  // a character of UTF-8
  return !goes_on && byte != ' ' && (byte < '\t' || byte > '\r');
}

}  // namespace

void judge_secret(BodyReader& in, std::string_view field, std::string_view secret) {
  if (std::count_if(secret.begin(), secret.end(), begins_visible) < kSecretLengthMin)
    in.refuse(field, "must be of 16 characters or more, white space not counted, or it can be guessed");
}

Result<std::optional<http::Response>> change_setting(const Context& context, const SettingChange& change,
                                                     const NextValue& next) {
  TRY(const auto revision, store_setting(context.settings, change, next));
  if (const auto published = publish_setting(context.settings, change.key); !published) {
    log::warn("setting stored and not published yet", {{"setting", change.key},
                                                       {"code", to_string(published.error().code)},
                                                       {"detail", published.error().detail}});
    auto answer = try_again(context.log_address, ErrorCode::unavailable);
    answer.problem->message += "; the change is stored and takes effect when the log answers";
    return std::optional(std::move(answer));
  }
  if (!context.settings.table.wait_for(change.key, revision, context.settings.apply_deadline))
    log::warn("setting published and not read back in time", {{"setting", change.key}});
  return std::optional<http::Response>();
}

Result<http::Response> delete_setting(const Context& context, const SettingChange& change,
                                      std::string_view what) {
  bool is_there = true;
  auto changed = change_setting(
      context, change,
      [&](const std::optional<registry::Values>& now) -> Result<std::optional<registry::Values>> {
        is_there = now.has_value();
        if (!is_there) return Error{ErrorCode::not_found, {}};
        return std::optional<registry::Values>();
      });
  if (!is_there) return not_found(what);
  if (!changed) return changed.error();
  if (changed.value()) return *std::move(changed).value();
  return http::Response{.status = 204};
}

}  // namespace penstock::admin
