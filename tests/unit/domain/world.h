// The domain with a store in memory: runs events in batches through understand, name_reads, decide and apply,
// with rows that leave and enter it only as cells, guarded as the store guards them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/domain/event_builder.h"
#include "workers/domain/decide.h"
#include "workers/sources/stripe/readers.h"

namespace penstock::testing {

// An event of any source, as that has read it.
struct SaidEvent {
  EventKey key;
  Result<Facts> facts;
};

class World {
 public:
  explicit World(Policy policy = {}) : policy_(std::move(policy)) {}

  // As a restart with other settings.
  void set_policy(Policy policy) { policy_ = std::move(policy); }
  const Policy& policy() const { return policy_; }

  // One batch of one event, or of several. An event key that is known already
  // is a duplicate, as in the inbox.
  Outcome run(const Event& event) { return run_batch({event}).front(); }
  Outcome run(const EventSpec& spec) { return run(build_event(spec)); }
  std::vector<Outcome> run_batch(const std::vector<Event>& events);
  Outcome run(const SaidEvent& event) { return run_said({event}).front(); }
  std::vector<Outcome> run_said(const std::vector<SaidEvent>& events);

  // Makes a decision that no event of the log asks for, as an operator's request does.
  Result<Effects> carry_out(const EventKey& by, const std::function<void(const View&, Reads&)>& name_reads,
                            const std::function<Result<Effects>(const View&)>& decide);

  // What became of the event that ran last.
  const std::optional<std::string>& reason() const { return reason_; }  // of its outcome
  const std::string& error() const { return error_; }                   // why it was parked
  const std::vector<TouchedRow>& touched() const { return touched_; }

  // The platform's live row of that id, or that of another scope; rows without a scope by their keys.
  template <class R>
  std::optional<R> find(const std::string& id, const Scope& scope = {.livemode = true}) const {
    std::string key = id;
    if constexpr (requires(R row) { row.key; }) key = scope.key(id);
    const auto table = tables_.find(std::string(table_of<R>().name));
    if (table == tables_.end() || !table->second.contains(key)) return std::nullopt;
    return from_cells<R>(table->second.at(key).cells);
  }
  template <class R>
  std::vector<R> all() const {
    std::vector<R> rows;
    const auto table = tables_.find(std::string(table_of<R>().name));
    if (table != tables_.end())
      for (const auto& [key, row] : table->second) rows.push_back(*from_cells<R>(row.cells));
    return rows;
  }

  // A view with everything loaded that `name_reads` asks for: for what is computed on reading.
  View view_of(const std::function<void(const View&, Reads&)>& name_reads) const;

  // Everything that must be the same for every order of arrival: table/key to what the row says. Leaves out
  // history (ledger entries, outbox, alerts, who waits), event keys, and wallets that hold no deposit.
  std::map<std::string, std::string> state() const;
  // All rows with all that they say, history too.
  std::map<std::string, std::string> rows() const;

  // All rows as cells.
  std::vector<std::pair<const Table*, Row>> stored() const;

  // Fails the test unless each posting sums to zero and each wallet is the sum of its entries.
  void expect_balanced() const;

 private:
  using Rows = std::map<std::string, Row>;

  void load_closure(View& view, const std::function<void(Reads&)>& name_reads) const;
  Outcome decide_one(View& view, const SaidEvent& event);
  void write(View view);
  void write(const TableRows& table);

  Policy policy_;
  std::map<std::string, Rows> tables_;
  std::map<std::string, const Table*> table_by_name_;
  std::map<EventKey, Outcome> inbox_;
  std::optional<std::string> reason_;
  std::string error_;
  std::vector<TouchedRow> touched_;
};

// The seed of this run's random tests: PENSTOCK_TEST_SEED, or a new one. Printed once.
std::uint64_t test_seed();

}  // namespace penstock::testing
