#include "deploy/standalone/banner.h"

#include <cstdio>

namespace penstock {
namespace {

// What puts a secret into a shell variable: the file it is in, or the variable it was set by.
std::string shell_value(const std::filesystem::path& file, const char* variable) {
  return file.empty() ? "$" + std::string(variable) : "$(cat " + file.string() + ")";
}

std::string where(const std::filesystem::path& file) { return file.empty() ? "as set" : file.string(); }

}  // namespace

void print_banner(const Settings& settings, const GeneratedFiles& files, const std::string& public_address,
                  const std::string& admin_address) {
  std::string text = "Penstock is ready.\n\n";
  text += "  webhooks       http://" + public_address + "/v1/webhook/stripe\n";
  text += "  admin API      http://" + admin_address + "\n";
  text += "  data folder    " + settings.data_dir + "\n";
  text += "  Stripe secret  " + where(files.stripe_webhook_secret) + "\n";
  text += "  admin token    " + where(files.admin_token) + "\n\n";
  text += "Send a signed event and read what it did:\n\n";
  text += "  secret=" + shell_value(files.stripe_webhook_secret, "STRIPE_WEBHOOK_SECRET") +
          "; token=" + shell_value(files.admin_token, "PENSTOCK_ADMIN_TOKEN") + "; t=$(date +%s)\n";
  text +=
      "  "
      "body='{\"id\":\"evt_1\",\"object\":\"event\",\"type\":\"checkout.session.completed\",\"created\":"
      "1753463561,"
      "\"data\":{\"object\":{\"id\":\"cs_1\",\"object\":\"checkout.session\",\"status\":\"complete\","
      "\"payment_status\":\"paid\",\"amount_total\":2500,\"currency\":\"usd\"}}}'\n";
  text +=
      "  v1=$(printf '%s.%s' \"$t\" \"$body\" | openssl dgst -sha256 -hmac \"$secret\" | sed 's/.* //')\n"
      "  curl -H \"Stripe-Signature: t=$t,v1=$v1\" -H 'Content-Type: application/json' -d \"$body\" http://" +
      public_address + "/v1/webhook/stripe\n";
  text += "  curl -H \"Authorization: Bearer $token\" http://" + admin_address + "/v1/payments/cs_1\n\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace penstock
