#include "deploy/standalone/banner.h"

#include <cstdio>

#include "deploy/standalone/shell.h"

namespace penstock {
namespace {

std::string where(const std::filesystem::path& file) { return file.empty() ? "as set" : file.string(); }

// What a shell without any of our variables would run with.
Settings defaults() {
  Environment bare;
  for (const auto& [name, value] : current_environment())
    if (name == "HOME" || name == "XDG_DATA_HOME") bare.emplace(name, value);
  return Settings::load(Program::send, std::nullopt, bare).settings;
}

// The variables that `penstock send` needs in another shell to find this program.
std::string assignments(const Settings& settings, const std::string& public_address,
                        const std::string& admin_address) {
  const Settings usual = defaults();
  std::string text;
  const auto assign = [&text](const char* variable, const std::string& value, const std::string& fallback) {
    if (value != fallback) text += std::string(variable) + "=" + shell_word(value) + " ";
  };
  assign("PENSTOCK_DATA_DIR", std::filesystem::absolute(settings.data_dir).string(), usual.data_dir);
  assign("PENSTOCK_LISTEN", public_address, to_string(usual.listen));
  assign("PENSTOCK_ADMIN_LISTEN", admin_address, to_string(usual.admin_listen));
  return text;
}

std::string this_program() {
  std::error_code ec;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", ec);
  return ec ? "penstock" : shell_word(path.string());
}

// Variables that were given here are not known in another shell.
std::string given_here(const GeneratedFiles& files) {
  std::string names;
  if (files.stripe_webhook_secret.empty()) names += "STRIPE_WEBHOOK_SECRET";
  if (files.admin_token.empty())
    names += names.empty() ? "PENSTOCK_ADMIN_TOKEN" : " and PENSTOCK_ADMIN_TOKEN";
  return names.empty() ? "" : ", with " + names + " set as here";
}

// An event of its own at every try, about objects of its own.
std::string curl_example(const GeneratedFiles& files, const std::string& public_address,
                         const std::string& admin_address) {
  std::string text;
  // Of several the first: any of them may sign.
  text += "  secret=" + shell_value(files.stripe_webhook_secret, "{STRIPE_WEBHOOK_SECRET%%,*}") +
          "; t=$(date +%s)\n";
  text +=
      "  "
      "body='{\"id\":\"evt_curl_'$t'\",\"object\":\"event\",\"type\":\"checkout.session.completed\","
      "\"created\":'$t',"
      "\"data\":{\"object\":{\"id\":\"cs_curl_'$t'\",\"object\":\"checkout.session\",\"status\":\"complete\","
      "\"payment_status\":\"paid\",\"amount_total\":2500,\"currency\":\"usd\"}}}'\n";
  text +=
      "  v1=$(printf '%s.%s' \"$t\" \"$body\" | openssl dgst -sha256 -hmac \"$secret\" | sed 's/.* //')\n";
  text +=
      "  curl -s -H \"Stripe-Signature: t=$t,v1=$v1\" -H 'Content-Type: application/json' --data-binary "
      "\"$body\" ";
  text += "http://" + public_address + "/v1/webhook/stripe; echo\n";
  text += "  curl -sf --retry 10 --retry-all-errors -H \"Authorization: Bearer " +
          shell_value(files.admin_token, "PENSTOCK_ADMIN_TOKEN") + "\" http://" + admin_address +
          "/v1/payments/cs_curl_$t; echo\n";
  return text;
}

}  // namespace

void print_banner(const Settings& settings, const GeneratedFiles& files, const std::string& public_address,
                  const std::string& admin_address) {
  std::string text = "Penstock is ready.\n\n";
  text += "  webhooks       http://" + public_address + "/v1/webhook/stripe\n";
  text += "  admin API      http://" + admin_address + "\n";
  text += "  data folder    " + settings.data_dir + "\n";
  text += "  Stripe secret  " + where(files.stripe_webhook_secret) + "\n";
  text += "  admin token    " + where(files.admin_token) + "\n";
  text += "  master key     " + where(files.master_key) + "\n\n";
  text += "Send a signed event from another terminal and see what it does" + given_here(files) + ":\n\n";
  text += "  " + assignments(settings, public_address, admin_address) + this_program() +
          " send checkout.session.completed --wait\n\n";
  text +=
      "The same by hand; the effect follows the answer by a moment, so the last line asks until it is "
      "there:\n\n";
  text += curl_example(files, public_address, admin_address) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace penstock
