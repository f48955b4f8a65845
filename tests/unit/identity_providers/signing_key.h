// A provider's key, as the tests sign with it.
#pragma once

#include <cjose/cjose.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace penstock {

class SigningKey {
 public:
  explicit SigningKey(std::string id)
      : id_(std::move(id)), key_(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &ignored_)) {
    EXPECT_TRUE(cjose_jwk_set_kid(key_, id_.data(), id_.size(), &ignored_));
  }
  ~SigningKey() { cjose_jwk_release(key_); }
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;

  std::string jwk() const {
    char* const text = cjose_jwk_to_json(key_, false, &ignored_);
    std::string json = text;
    std::free(text);
    return json;
  }

  std::string sign(const std::string& payload, const char* key_id = nullptr) const {
    cjose_header_t* const header = cjose_header_new(&ignored_);
    EXPECT_TRUE(cjose_header_set(header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_ES256, &ignored_) &&
                cjose_header_set(header, CJOSE_HDR_KID, key_id != nullptr ? key_id : id_.c_str(), &ignored_));
    cjose_jws_t* const token = cjose_jws_sign(
        key_, header, reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size(), &ignored_);
    const char* exported = nullptr;
    EXPECT_TRUE(cjose_jws_export(token, &exported, &ignored_));
    std::string text = exported;
    cjose_jws_release(token);
    cjose_header_release(header);
    return text;
  }

 private:
  mutable cjose_err ignored_{};
  std::string id_;
  cjose_jwk_t* key_;
};

}  // namespace penstock
