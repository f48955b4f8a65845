#include "ingress/signin/login_states.h"

#include "common/crypto/crypto.h"
#include "common/json/codec.h"

namespace penstock {
namespace {

constexpr std::string_view kContext = "sign-in state";
constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kCookieBytesMax = 4096;
constexpr std::size_t kUsedMax = 65'536;

std::string random_text() { return crypto::to_base64url(crypto::random_bytes(kRandomBytes)); }

std::optional<LoginState> decode(std::string_view text) {
  const auto document = json::Document::parse(text);
  LoginState state;
  if (!document || !json::decode(document.value().root(), state)) return std::nullopt;
  return state;
}

}  // namespace

LoginState LoginStates::begin(std::string provider, std::string return_to) const {
  return {.id = random_text(),
          .provider = std::move(provider),
          .nonce = random_text(),
          .code_verifier = random_text(),
          .return_to = std::move(return_to),
          .expires_at = clock_.now() + kLoginLifetime};
}

std::string LoginStates::seal(const LoginState& state) const {
  return sealer_.seal(json::to_text(state), kContext);
}

std::variant<LoginState, StateError> LoginStates::take(std::optional<std::string_view> id,
                                                       std::optional<std::string_view> cookie) {
  if (!id || !cookie) return StateError::missing;
  if (cookie->size() > kCookieBytesMax) return StateError::forged;
  const auto text = sealer_.open(*cookie, kContext);
  if (!text) return StateError::forged;
  auto state = decode(text.value());
  if (!state || !crypto::constant_time_equal(*id, state->id)) return StateError::forged;
  if (state->expires_at <= clock_.now()) return StateError::expired;
  if (!note_used(*state)) return StateError::replayed;
  return *std::move(state);
}

bool LoginStates::note_used(const LoginState& state) {
  const std::scoped_lock lock(mutex_);
  if (!used_.insert(state.id).second) return false;
  in_order_.push_back(state.id);
  if (in_order_.size() > kUsedMax) {
    used_.erase(in_order_.front());
    in_order_.pop_front();
  }
  return true;
}

std::string code_challenge(std::string_view code_verifier) {
  const auto digest = crypto::sha256(code_verifier);
  return crypto::to_base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace penstock
