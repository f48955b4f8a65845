#include "workers/runtime/batch.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace penstock {
namespace {

constexpr int kConflictTriesMax = 10;
constexpr int kReadWavesMax = 100;

Status load_into(StoreBatch& batch, View& view, const std::vector<TableKeys>& wanted) {
  TRY(auto answered, batch.load(wanted));
  if (!view.take(wanted, answered))
    return Error{ErrorCode::corrupt, Retry::never, "a stored row cannot be read"};
  return ok();
}

// The state of one apply_batch: what is known already, and what the inbox will say.
class BatchRun {
 public:
  BatchRun(const BatchContext& context, std::vector<Incoming>& batch) : context_(context), batch_(batch) {}

  Result<std::vector<Outcome>> run() {
    TRY(auto transaction, context_.store.begin());
    transaction_ = std::move(transaction);
    TRY_STATUS(load());
    outcomes_.reserve(batch_.size());
    for (auto& incoming : batch_) {
      TRY(const Outcome outcome, decide_one(incoming));
      outcomes_.push_back(outcome);
    }
    if (!to_park_.empty()) {
      TRY_STATUS(context_.park(to_park_));
    }
    TRY_STATUS(commit());
    return std::move(outcomes_);
  }

 private:
  // One round trip for the inbox and for the rows that the events themselves name, then what those rows name.
  Status load() {
    const Stopwatch watch;
    TableKeys inbox{&table_of<InboxRow>(), {}};
    for (const auto& incoming : batch_) inbox.keys.push_back(incoming.key.value);
    std::sort(inbox.keys.begin(), inbox.keys.end());
    inbox.keys.erase(std::unique(inbox.keys.begin(), inbox.keys.end()), inbox.keys.end());

    Reads reads(view_);
    name_all(reads);
    std::vector<TableKeys> wanted = reads.by_table();
    wanted.push_back(std::move(inbox));
    TRY(auto answered, transaction_->load(wanted));
    const TableKeys* inbox_keys = &wanted.back();
    for (const auto& rows : answered)
      if (rows.table == inbox_keys->table) remember(rows);
    if (!view_.take(wanted, answered))
      return Error{ErrorCode::corrupt, Retry::never, "a stored row cannot be read"};
    TRY_STATUS(load_closure(*transaction_, view_, [this](Reads& more) { name_all(more); }));
    context_.metrics.store_call("load", watch.elapsed());
    return ok();
  }

  void name_all(Reads& reads) const {
    for (const auto& incoming : batch_)
      if (!incoming.rejected) name_reads(view_, incoming.facts, reads);
  }

  void remember(const TableRows& inbox) {
    for (const auto& row : inbox.rows) known_.insert(std::get<std::string>(row.cells[0]));
  }

  Result<Outcome> decide_one(Incoming& incoming) {
    incoming.refused.reset();
    if (!known_.insert(incoming.key.value).second) return Outcome::duplicate;
    if (incoming.rejected) return park(incoming);
    // An earlier event of this batch may have linked rows that the first loading could not know of.
    TRY_STATUS(
        load_closure(*transaction_, view_, [&](Reads& more) { name_reads(view_, incoming.facts, more); }));
    auto effects = decide(view_, incoming.facts, context_.policy);
    if (!effects) {
      incoming.refused = rejection_of(effects.error());
      return park(incoming);
    }
    view_.apply(effects.value(), incoming.key);
    InboxRow row = inbox_row(incoming, effects.value().outcome);
    row.reason = effects.value().reason;
    row.touched = std::move(effects.value().touched);
    add(row);
    return row.outcome;
  }

  Outcome park(Incoming& incoming) {
    if (!incoming.dead_letter_durable) to_park_.push_back(&incoming);
    add(inbox_row(incoming, Outcome::parked));
    return Outcome::parked;
  }

  void add(const InboxRow& row) {
    const Timestamp now = context_.clock.now();
    inbox_.rows.push_back(Row{to_cells(row), 0, {now, now, row.key.value}});
  }

  Status commit() {
    const Stopwatch watch;
    std::vector<TableRows> changes = view_.changes(context_.clock.now());
    if (!inbox_.rows.empty()) changes.push_back(std::move(inbox_));
    TRY_STATUS(transaction_->commit(changes));
    context_.metrics.store_call("commit", watch.elapsed());
    return ok();
  }

  const BatchContext& context_;
  std::vector<Incoming>& batch_;
  std::unique_ptr<StoreBatch> transaction_;
  View view_;
  std::unordered_set<std::string> known_;
  TableRows inbox_{&table_of<InboxRow>(), {}};
  std::vector<Incoming*> to_park_;
  std::vector<Outcome> outcomes_;
};

Result<Effects> carry_out_once(Store& store, const Clock& clock, const Decision& decision) {
  TRY(auto transaction, store.begin());
  View view;
  TRY_STATUS(load_closure(*transaction, view, [&](Reads& reads) { decision.name_reads(view, reads); }));
  TRY(auto effects, decision.decide(view));
  view.apply(effects, decision.by);
  TRY_STATUS(transaction->commit(view.changes(clock.now())));
  return effects;
}

}  // namespace

Status load_closure(StoreBatch& batch, View& view, const std::function<void(Reads&)>& name_reads) {
  for (int wave = 0; wave < kReadWavesMax; ++wave) {
    Reads reads(view);
    name_reads(reads);
    if (reads.empty()) return ok();
    TRY_STATUS(load_into(batch, view, reads.by_table()));
  }
  return Error{ErrorCode::invalid, Retry::never, "rows_entangled: rows name one another without end"};
}

Result<Effects> carry_out(Store& store, const Clock& clock, const Decision& decision) {
  auto effects = carry_out_once(store, clock, decision);
  for (int tries = 1; !effects && effects.error().code == ErrorCode::conflict && tries < kConflictTriesMax;
       ++tries)
    effects = carry_out_once(store, clock, decision);
  return effects;
}

Result<std::vector<Outcome>> apply_batch(const BatchContext& context, std::vector<Incoming>& batch) {
  return BatchRun(context, batch).run();
}

}  // namespace penstock
