#include "workers/runtime/batch.h"

#include <algorithm>
#include <unordered_map>

#include "workers/domain/connectors/runs.h"
#include "workers/domain/outbound/outbound.h"
#include "workers/runtime/counting.h"

namespace penstock {
namespace {

constexpr int kConflictTriesMax = 10;
constexpr int kReadWavesMax = 100;

Status load_into(StoreBatch& batch, View& view, std::vector<TableKeys> wanted) {
  TRY(const auto answered, batch.load(wanted));
  return view.take(std::move(wanted), answered);
}

// The inbox as one batch sees and changes it. Row and key are the same text.
class Inbox {
 public:
  Status take(const std::vector<Row>& stored) {
    for (const auto& each : stored) {
      TRY(auto row, from_row<InboxRow>(each));
      std::string key = row.key.value;
      entries_.insert_or_assign(std::move(key), Entry{std::move(row), each.rev, each.stamp, false});
    }
    return ok();
  }

  bool knows(const EventKey& key) const { return entries_.contains(key.value); }

  void add(InboxRow row, Timestamp now) {
    std::string key = row.key.value;
    entries_.insert_or_assign(key, Entry{std::move(row), 0, {now, now, key}, true});
  }

  // The record is another delivery of a known event, unless it is the one that was recorded, or was counted
  // before: records of one key stand in one partition, in the order of their arrival.
  Position count_delivery(const EventKey& key, const Position& record) {
    Entry& entry = entries_.at(key.value);
    Position applied_by = position_of(entry.row);
    const Position last = last_counted(entry.row);
    const bool same_partition = record.topic == last.topic && record.partition == last.partition;
    if (record != applied_by && (!same_partition || record.offset > last.offset)) {
      ++entry.row.deliveries;
      entry.row.last_delivery = to_text(record);
      entry.changed = true;
    }
    return applied_by;
  }

  // They are taken out.
  TableRows changes() && {
    TableRows changed{&table_of<InboxRow>(), {}};
    for (auto& [key, entry] : entries_)
      if (entry.changed)
        changed.rows.push_back({to_cells(std::move(entry.row)), entry.rev, std::move(entry.stamp)});
    return changed;
  }

 private:
  struct Entry {
    InboxRow row;
    std::int64_t rev = 0;
    RowStamp stamp;
    bool changed = false;
  };

  static Position position_of(const InboxRow& row) {
    return {row.topic, Partition{static_cast<std::int32_t>(row.partition)}, Offset{row.offset}};
  }
  static Position last_counted(const InboxRow& row) {
    return row.last_delivery ? parse_position(*row.last_delivery).value_or(position_of(row))
                             : position_of(row);
  }

  std::unordered_map<std::string, Entry> entries_;
};

// The state of one apply_batch: what is known already, and what the inbox will say.
class BatchRun {
 public:
  BatchRun(const BatchContext& context, std::vector<Incoming>& batch) : context_(context), batch_(batch) {}

  Result<std::vector<Settled>> run() {
    TRY(auto transaction, context_.store.begin());
    transaction_ = std::move(transaction);
    TRY_STATUS(load());
    settled_.reserve(batch_.size());
    for (auto& incoming : batch_) {
      if (is_counted(incoming)) {
        settled_.push_back(count(incoming));
        continue;
      }
      TRY_STATUS(apply_counted());  // each event sees what the ones before it have changed
      TRY(auto settled, settle(incoming));
      settled_.push_back(std::move(settled));
    }
    TRY_STATUS(apply_counted());
    for (const auto& mark : counting_.marks()) view_.apply(mark.effects, mark.by);
    if (!to_park_.empty()) {
      TRY_STATUS(context_.park(to_park_));
    }
    TRY_STATUS(commit());
    return std::move(settled_);
  }

 private:
  // One round trip for the inbox and for the rows that the events themselves name, then what those rows name,
  // and what events name whose bodies turn out to be needed.
  Status load() {
    const Stopwatch watch;
    for (auto& incoming : batch_)
      if (!incoming.has_id) read_body(incoming, context_.sources);
    Reads reads(view_);
    name_all(reads);
    std::vector<TableKeys> wanted = std::move(reads).by_table();
    wanted.push_back({&table_of<InboxRow>(), inbox_keys()});
    TRY(const auto answered, transaction_->load(wanted));
    for (const auto& rows : answered) {
      if (rows.table != &table_of<InboxRow>()) continue;
      TRY_STATUS(inbox_.take(rows.rows));
    }
    TRY_STATUS(view_.take(std::move(wanted), answered));
    for (auto& incoming : batch_)
      if (!inbox_.knows(incoming.key)) read_body(incoming, context_.sources);
    TRY_STATUS(load_closure(*transaction_, view_, [this](Reads& more) { name_all(more); }));
    context_.metrics.store_call("load", watch.elapsed());
    return ok();
  }

  std::vector<std::string> inbox_keys() const {
    std::vector<std::string> keys;
    for (const auto& incoming : batch_)
      if (!is_counted(incoming) || incoming.rejected) keys.push_back(incoming.key.value);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
  }

  void name_all(Reads& reads) {
    for (const auto& incoming : batch_)
      if (is_counted(incoming)) Counting::name_reads(incoming, reads);
    looks_.resize(batch_.size());
    for (std::size_t at = 0; at < batch_.size(); ++at) {
      const Incoming& incoming = batch_[at];
      if (!incoming.body_read || incoming.rejected || inbox_.knows(incoming.key)) continue;
      looks_[at].clear();
      view_.note_looks(&looks_[at]);
      name_reads(view_, incoming.facts, reads);
    }
    view_.note_looks(nullptr);
  }

  Result<Settled> settle(Incoming& incoming) {
    const Position& record = incoming.record.position;
    incoming.refused.reset();
    if (inbox_.knows(incoming.key))
      return Settled{Outcome::duplicate, inbox_.count_delivery(incoming.key, record)};
    if (incoming.rejected) return Settled{park(incoming), record};
    TRY_STATUS(load_what_was_linked(incoming));
    auto effects = decide(view_, incoming.facts, context_.policy);
    if (!effects) {
      incoming.refused = rejection_of(effects.error());
      return Settled{park(incoming), record};
    }
    const Outcome outcome = effects.value().outcome;
    InboxRow row = inbox_row(incoming, outcome);
    row.reason = std::move(effects.value().reason);
    row.touched = std::move(effects.value().touched);
    inbox_.add(std::move(row), context_.clock.now());
    for (const auto& [status, runs] : transitions(view_, effects.value())) reached_[status] += runs;
    view_.apply(std::move(effects).value(), incoming.key);
    return Settled{outcome, record};
  }

  // An earlier event of this batch may have linked rows that the first loading could not know of.
  Status load_what_was_linked(const Incoming& incoming) {
    if (!looks_[static_cast<std::size_t>(&incoming - batch_.data())].any_changed()) return ok();
    return load_closure(*transaction_, view_, [&](Reads& more) { name_reads(view_, incoming.facts, more); });
  }

  // One that is parked is done too, so its place is passed: read again, it is not counted after all.
  Settled count(Incoming& incoming) {
    const Position& record = incoming.record.position;
    if (counting_.pass(view_, incoming) == Place::counted) return {Outcome::duplicate, record};
    if (!incoming.rejected) {
      counting_.add(incoming);
      return {Outcome::applied, record};
    }
    if (inbox_.knows(incoming.key)) return {Outcome::duplicate, inbox_.count_delivery(incoming.key, record)};
    return {park(incoming), record};
  }

  Status apply_counted() {
    for (const auto& facts : counting_.take_kept()) {
      TRY(const auto effects, decide(view_, facts, context_.policy));
      view_.apply(effects, facts.impressions.back().event);
    }
    return ok();
  }

  Outcome park(Incoming& incoming) {
    if (!incoming.dead_letter_durable) to_park_.push_back(&incoming);
    if (const Rejection* why = incoming.why_parked(); why->alert) {
      Effects effects;
      raise_alert(effects, {"event_parked", incoming.key.value, why->error_class + ": " + why->message},
                  incoming.key);
      view_.apply(std::move(effects), incoming.key);
    }
    inbox_.add(inbox_row(incoming, Outcome::parked), context_.clock.now());
    return Outcome::parked;
  }

  Status commit() {
    const Stopwatch watch;
    TRY_STATUS(write_changes(*transaction_, std::move(view_), context_.clock.now()));
    if (const auto inbox = std::move(inbox_).changes(); !inbox.rows.empty()) {
      TRY_STATUS(transaction_->write(inbox));
    }
    TRY_STATUS(transaction_->commit());
    context_.metrics.store_call("commit", watch.elapsed());
    context_.metrics.runs_reached(reached_);
    return ok();
  }

  const BatchContext& context_;
  std::vector<Incoming>& batch_;
  std::unique_ptr<StoreBatch> transaction_;
  View view_;
  std::vector<View::Looks> looks_;  // of each event, when its rows were named last
  Inbox inbox_;
  RunTransitions reached_;
  Counting counting_;
  std::vector<Incoming*> to_park_;
  std::vector<Settled> settled_;
};

Result<Effects> carry_out_once(Store& store, const Clock& clock, const Decision& decision) {
  TRY(auto transaction, store.begin());
  View view;
  TRY_STATUS(load_closure(*transaction, view, [&](Reads& reads) { decision.name_reads(view, reads); }));
  TRY(auto effects, decision.decide(view));
  view.apply(effects, decision.by);
  const Timestamp now = clock.now();
  TRY_STATUS(write_changes(*transaction, std::move(view), now));
  if (decision.audit && effects.outcome == Outcome::applied) {
    TRY_STATUS(transaction->write(added(*decision.audit)));
  }
  TRY_STATUS(transaction->commit());
  return effects;
}

}  // namespace

Status load_closure(StoreBatch& batch, View& view, const std::function<void(Reads&)>& name_reads) {
  for (int wave = 0; wave < kReadWavesMax; ++wave) {
    Reads reads(view);
    name_reads(reads);
    if (reads.empty()) return ok();
    TRY_STATUS(load_into(batch, view, std::move(reads).by_table()));
  }
  return Error{ErrorCode::invalid, "rows_entangled: rows name one another without end"};
}

Status write_changes(StoreBatch& batch, View view, Timestamp now) {
  return std::move(view).write_changes(now, [&](const TableRows& rows) { return batch.write(rows); });
}

Result<Effects> carry_out(Store& store, const Clock& clock, const Decision& decision) {
  auto effects = carry_out_once(store, clock, decision);
  for (int tries = 1; !effects && effects.error().code == ErrorCode::conflict && tries < kConflictTriesMax;
       ++tries)
    effects = carry_out_once(store, clock, decision);
  return effects;
}

Result<std::vector<Settled>> apply_batch(const BatchContext& context, std::vector<Incoming>& batch) {
  return BatchRun(context, batch).run();
}

}  // namespace penstock
