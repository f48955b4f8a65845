#include "tests/bench/programs/outgoing.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

#include "common/adapters/postgres/store.h"
#include "common/adapters/sqlite/store.h"
#include "tests/bench/programs/report.h"

namespace penstock::bench {
namespace {

constexpr std::size_t kConfigsOfAnOrg = 100;
constexpr std::size_t kEventsOfATransaction = 500;
constexpr std::size_t kDataBytes = 1024;
constexpr registry::Revision kFirst{1};

registry::WebhookConfig make_config(std::size_t n, const std::string& url) {
  registry::WebhookConfig config;
  config.id = "endpoint-" + std::to_string(n);
  config.url = url;
  config.event_types = {endpoint_type(n)};
  config.secrets = {{kOutgoingSecret, std::nullopt}};
  return config;
}

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{120, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("cannot connect to the sink");
  return socket;
}

std::string ask(std::uint16_t port, const std::string& request) {
  const int socket = connect_to(port);
  ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  std::array<char, 64 * 1024> buffer;
  const auto is_whole = [&] {
    const auto head_end = answer.find("\r\n\r\n");
    constexpr std::string_view kLength = "Content-Length: ";
    if (head_end == std::string::npos) return false;
    return answer.size() == head_end + 4 + std::stoull(answer.substr(answer.find(kLength) + kLength.size()));
  };
  while (!is_whole()) {
    const auto got = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (got <= 0) fail("the events have not all arrived within two minutes");
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(socket);
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

}  // namespace

const std::string kOutgoingSecret = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";

std::unique_ptr<StoreAdapter> open_migrated_store(const std::string& address) {
  constexpr std::string_view kSqlite = "sqlite:";
  auto store = address.starts_with(kSqlite) ? open_sqlite_store({.file = address.substr(kSqlite.size())})
                                            : make_postgres_store({.url = address});
  if (!store || !store.value()->migrate() || !store.value()->ready()) fail("the store is not ready");
  return std::move(store).value();
}

std::string endpoint_org(std::size_t n) { return "org-" + std::to_string(n / kConfigsOfAnOrg); }

std::string endpoint_type(std::size_t n) { return "reward.granted_" + std::to_string(n % kConfigsOfAnOrg); }

std::vector<registry::Change> make_endpoints(const std::vector<std::string>& urls) {
  std::vector<registry::Change> changes;
  for (std::size_t n = 0; n < urls.size();) {
    registry::WebhookConfigs configs{endpoint_org(n), {}};
    do configs.all.push_back(make_config(n, urls[n]));
    while (++n < urls.size() && n % kConfigsOfAnOrg != 0);
    const auto key = registry::make_key<registry::WebhookConfigs>(configs.org);
    changes.push_back({key, registry::State::there, {kFirst, std::move(configs)}});
  }
  return changes;
}

OutboxRow make_outbound_event(std::size_t n, std::string org, std::string type) {
  std::string data = fmt::format(R"({{"n":{},"note":")", n);
  data.append(kDataBytes - data.size() - 2, 'x').append("\"}");
  return {fmt::format("018f0000-0000-7000-8000-{:012}", n),
          std::move(type),
          std::move(org),
          {"bench:event"},
          std::move(data),
          {},
          {},
          false};
}

void write_events(Store& store, const Clock& clock, std::vector<OutboxRow> events) {
  TableRows rows{&table_of<OutboxRow>(), {}};
  const Timestamp now = clock.now();
  for (auto& event : events) rows.rows.push_back({to_cells(std::move(event)), 0, {now, {}, {}}});
  auto transaction = store.begin();
  if (!transaction || !transaction.value()->commit(std::span(&rows, 1))) fail("events cannot be written");
}

void write_all_events(Store& store, const Clock& clock, std::vector<OutboxRow> events) {
  for (std::size_t at = 0; at < events.size(); at += kEventsOfATransaction) {
    const auto first = events.begin() + static_cast<std::ptrdiff_t>(at);
    const auto last =
        events.begin() + static_cast<std::ptrdiff_t>(std::min(at + kEventsOfATransaction, events.size()));
    write_events(store, clock, {std::make_move_iterator(first), std::make_move_iterator(last)});
  }
}

std::vector<Arrival> wait_for_arrivals(std::uint16_t port, std::size_t count) {
  const std::string lines = ask(port, fmt::format("GET /arrivals/{} HTTP/1.1\r\n\r\n", count));
  std::vector<Arrival> arrivals;
  const char* const end = lines.data() + lines.size();
  for (const char* at = lines.data(); at < end; ++at) {
    Arrival arrival{};
    at = std::from_chars(at, end, arrival.event).ptr + 1;
    at = std::from_chars(at, end, arrival.at_ns).ptr;
    arrivals.push_back(arrival);
  }
  return arrivals;
}

}  // namespace penstock::bench
