// Where names lead to, and where they must not.
#include <condition_variable>
#include <map>

#include "tests/contract/http_sender/scripted_server.h"
#include "tests/contract/http_sender/sending.h"

namespace penstock::testing {
namespace {

void answer_all(Peer& peer) {
  while (!peer.request().empty()) peer.answer("ok");
}

IpAddresses addresses(std::initializer_list<const char*> texts) {
  IpAddresses list;
  for (const char* text : texts) list.push_back(parse_ip_address(text).value());
  return list;
}

// Answers look-ups as it is told, on whatever thread they come; outlives the sender's threads.
class Names {
 public:
  void lead(const std::string& name, IpAddresses to) {
    const std::scoped_lock lock(state_->mutex);
    state_->known[name] = std::move(to);
    state_->changed.notify_all();
  }
  // Look-ups of it wait until it leads somewhere.
  void hold(const std::string& name) {
    const std::scoped_lock lock(state_->mutex);
    state_->held.push_back(name);
  }
  int lookups() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->lookups;
  }
  void wait_for_lookups(int count) {
    std::unique_lock lock(state_->mutex);
    EXPECT_TRUE(state_->changed.wait_for(lock, 20s, [&] { return state_->lookups >= count; }));
  }
  NameLookup lookup() const {
    return [state = state_](const std::string& name) -> Result<IpAddresses> {
      std::unique_lock lock(state->mutex);
      ++state->lookups;
      state->changed.notify_all();
      const auto held = [&] {
        return !state->known.contains(name) &&
               std::find(state->held.begin(), state->held.end(), name) != state->held.end();
      };
      state->changed.wait(lock, [&] { return !held(); });
      const auto found = state->known.find(name);
      if (found == state->known.end()) return Error{ErrorCode::unavailable, "no such name"};
      return found->second;
    };
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, IpAddresses> known;
    std::vector<std::string> held;
    int lookups = 0;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

CurlSenderOptions with(const Names& names, AddressPolicy policy = allowing({"127.0.0.0/8"})) {
  auto options = on_loopback();
  options.policy = std::move(policy);
  options.lookup = names.lookup();
  return options;
}

TEST(SendNames, ANameThatTheSystemKnowsIsLookedUpThere) {
  ScriptedServer server(answer_all);
  const auto answer = send(*open_sender(), post("http://" + server.at("localhost")));
  ASSERT_TRUE(answer) << explained(answer);
  EXPECT_EQ(answer.value().progress.address, server.at("127.0.0.1"));
}

TEST(SendNames, ANameThatNobodyKnowsIsAnError) {
  const auto answer = send(*open_sender(), post("http://no-such-name.invalid/"));
  EXPECT_EQ(error_of(answer), "resolve_failed");
  EXPECT_THAT(explained(answer), HasSubstr("no-such-name.invalid:80"));
}

TEST(SendNames, ANameThatLeadsToALocalAddressIsRefusedWithoutAConnection) {
  ScriptedServer server(answer_all);
  Names names;
  const auto sender = open_sender(with(names, AddressPolicy()));
  for (const char* local :
       {"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"}) {
    const std::string name = "n" + std::to_string(names.lookups()) + ".example";
    names.lead(name, addresses({local}));
    auto request = post("https://" + server.at(name));
    const auto answer = send(*sender, request);
    EXPECT_EQ(error_of(answer), "address_refused") << local;
    EXPECT_THAT(explained(answer), HasSubstr(local));
  }
  EXPECT_EQ(server.accepted(), 0);
}

TEST(SendNames, LocalhostIsRefusedUnlessItIsAllowed) {
  ScriptedServer server(answer_all);
  auto options = on_loopback();
  options.policy = AddressPolicy();
  EXPECT_EQ(error_of(send(*open_sender(std::move(options)), post("http://" + server.at("localhost")))),
            "address_refused");
  EXPECT_EQ(server.accepted(), 0);
  EXPECT_TRUE(send(*open_sender(), post("http://" + server.at("localhost"))));
}

TEST(SendNames, AnAddressInTheUrlIsJudgedLikeAnyOther) {
  ScriptedServer server(answer_all);
  auto options = on_loopback();
  options.policy = allowing({"127.0.0.2"});
  const auto sender = open_sender(std::move(options));
  for (const char* host : {"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"})
    EXPECT_EQ(error_of(send(*sender, post("http://" + server.at(host)))), "address_refused") << host;
  EXPECT_EQ(server.accepted(), 0);
}

TEST(SendNames, APublicAddressIsOnlyConnectedToOverTls) {
  const auto sender = open_sender();
  const auto answer = send(*sender, post("http://1.1.1.1/"));
  EXPECT_EQ(error_of(answer), "address_refused");
  EXPECT_THAT(explained(answer), HasSubstr("only with https"));
  EXPECT_EQ(error_of(send(*sender, post("https://1.1.1.1:25/"))), "address_refused");
}

// The allowed address comes first, and would have been connected to.
TEST(SendNames, OneRefusedAddressAmongSeveralRefusesTheName) {
  ScriptedServer server(answer_all);
  Names names;
  const auto sender = open_sender(with(names));
  for (const char* other : {"10.0.0.1", "::1", "169.254.169.254"}) {
    const std::string name = "n" + std::to_string(names.lookups()) + ".example";
    names.lead(name, addresses({"127.0.0.1", other}));
    EXPECT_EQ(error_of(send(*sender, post("http://" + server.at(name)))), "address_refused") << other;
  }
  EXPECT_EQ(server.accepted(), 0);
}

TEST(SendNames, ANameThatTurnsInwardsIsRefusedFromThenOn) {
  ScriptedServer outside(answer_all, nullptr, "127.0.0.2");
  Names names;
  auto options = with(names, allowing({"127.0.0.2"}));
  options.names_kept_for = 1ms;
  const auto sender = open_sender(std::move(options));
  names.lead("rebinding.example", addresses({"127.0.0.2"}));
  const auto url = "http://" + outside.at("rebinding.example");
  ASSERT_TRUE(send(*sender, post(url)));
  names.lead("rebinding.example", addresses({"127.0.0.1"}));
  const auto until = std::chrono::steady_clock::now() + 20s;
  auto answer = send(*sender, post(url));
  while (answer && std::chrono::steady_clock::now() < until) answer = send(*sender, post(url));
  EXPECT_EQ(error_of(answer), "address_refused");
}

TEST(SendNames, TheNextAddressIsTriedWhenOneDoesNotAnswer) {
  ScriptedServer server(answer_all, nullptr, "127.0.0.3");
  Names names;
  names.lead("several.example", addresses({"127.0.0.2", "127.0.0.3"}));
  const auto answer = send(*open_sender(with(names)), post("http://" + server.at("several.example")));
  ASSERT_TRUE(answer) << explained(answer);
  EXPECT_EQ(answer.value().progress.address, server.at("127.0.0.3"));
}

TEST(SendNames, AKnownNameIsNotLookedUpAgainUntilItIsOld) {
  ScriptedServer server(answer_all);
  Names names;
  names.lead("kept.example", addresses({"127.0.0.1"}));
  const auto url = "http://" + server.at("kept.example");
  {
    const auto sender = open_sender(with(names));
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(send(*sender, post(url)));
    EXPECT_EQ(names.lookups(), 1);
  }
  auto options = with(names);
  options.names_kept_for = 0ms;
  const auto sender = open_sender(std::move(options));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(send(*sender, post(url)));
  EXPECT_EQ(names.lookups(), 11);
}

TEST(SendNames, OneLookUpServesAllWhoWaitForTheName) {
  ScriptedServer server(answer_all);
  Names names;
  names.hold("slow.example");
  const auto sender = open_sender(with(names));
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(begin(*sender, post("http://" + server.at("slow.example"))));
  names.wait_for_lookups(1);
  names.lead("slow.example", addresses({"127.0.0.1"}));
  for (auto& answer : answers) EXPECT_TRUE(wait_for(answer));
  EXPECT_EQ(names.lookups(), 1);
}

TEST(SendNames, ALookUpThatTakesLongEndsWithItsDeadlineAndHoldsUpNoOther) {
  ScriptedServer server(answer_all);
  Names names;
  names.hold("slow.example");
  names.lead("quick.example", addresses({"127.0.0.1"}));
  const auto sender = open_sender(with(names));
  auto request = post("http://" + server.at("slow.example"));
  request.deadlines.resolve = 100ms;
  auto slow = begin(*sender, request);
  EXPECT_TRUE(send(*sender, post("http://" + server.at("quick.example"))));
  const auto answer = wait_for(slow);
  EXPECT_EQ(error_of(answer), "resolve_timeout");
  EXPECT_FALSE(answer.error().progress.resolved);
  names.lead("slow.example", addresses({"127.0.0.1"}));
}

// With one thread, which the first name holds: the second is dropped with its last request, and not looked up later.
TEST(SendNames, ALookUpThatNobodyWaitsForIsNotBegun) {
  ScriptedServer server(answer_all);
  Names names;
  names.hold("slow.example");
  auto options = with(names);
  options.lookup_threads_max = 1;
  const auto sender = open_sender(std::move(options));
  auto request = post("http://" + server.at("slow.example"));
  request.deadlines.resolve = 100ms;
  auto slow = begin(*sender, request);
  names.wait_for_lookups(1);
  request.url = "http://" + server.at("behind.example");
  EXPECT_EQ(error_of(send(*sender, request)), "resolve_timeout");
  EXPECT_EQ(error_of(wait_for(slow)), "resolve_timeout");

  names.lead("slow.example", addresses({"127.0.0.1"}));
  names.lead("last.example", addresses({"127.0.0.1"}));
  EXPECT_TRUE(send(*sender, post("http://" + server.at("last.example"))));
  EXPECT_EQ(names.lookups(), 2);
}

// Whoever asks for it later waits for the look-up that runs, which so never takes a second thread.
TEST(SendNames, ALookUpThatRunsIsSharedWithThoseWhoComeLater) {
  ScriptedServer server(answer_all);
  Names names;
  names.hold("slow.example");
  const auto sender = open_sender(with(names));
  auto request = post("http://" + server.at("slow.example"));
  request.deadlines.resolve = 50ms;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(error_of(send(*sender, request)), "resolve_timeout");
  EXPECT_EQ(names.lookups(), 1);
  request.deadlines.resolve = 20s;
  auto last = begin(*sender, request);
  names.lead("slow.example", addresses({"127.0.0.1"}));
  EXPECT_TRUE(wait_for(last));
  EXPECT_EQ(names.lookups(), 1);
}

TEST(SendNames, MoreNamesThanAreKeptAreStillSentTo) {
  ScriptedServer server(answer_all);
  Names names;
  auto options = with(names);
  options.names_kept_max = 2;
  const auto sender = open_sender(std::move(options));
  for (int i = 0; i < 5; ++i) {
    const auto name = "n" + std::to_string(i) + ".example";
    names.lead(name, addresses({"127.0.0.1"}));
    EXPECT_TRUE(send(*sender, post("http://" + server.at(name))));
  }
  EXPECT_TRUE(send(*sender, post("http://" + server.at("n4.example"))));
  EXPECT_EQ(names.lookups(), 5);
  EXPECT_TRUE(send(*sender, post("http://" + server.at("n0.example"))));
  EXPECT_EQ(names.lookups(), 6);
}

TEST(SendNames, ANameWithoutAnAddressIsAnError) {
  Names names;
  names.lead("empty.example", {});
  const auto answer = send(*open_sender(with(names)), post("http://empty.example/"));
  EXPECT_EQ(error_of(answer), "resolve_failed");
  EXPECT_THAT(explained(answer), HasSubstr("no address"));
}

}  // namespace
}  // namespace penstock::testing
