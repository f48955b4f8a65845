#include "workers/runtime/lookup_sweeper.h"

#include <algorithm>

#include "workers/domain/payments/confirmations.h"
#include "workers/runtime/batch.h"
#include "workers/runtime/dead_letters.h"
#include "workers/runtime/due_rows.h"

namespace penstock {
namespace {

constexpr Table kAwaitedByDueTime = by_due_time<AwaitedPayment>("next_at");
constexpr std::string_view kPool = "payments";
constexpr int kConflictTriesMax = 10;

// An event that is to be parked: its inbox row as it stands, and its dead letter.
struct Parking {
  InboxRow row;
  std::int64_t rev = 0;
  RowStamp stamp;
  Incoming letter;
};

// What a record that the log has lost must have said.
StoredRecord stand_in(const InboxRow& row, const std::string& payment) {
  StoredRecord record;
  record.position = {row.topic, Partition{static_cast<std::int32_t>(row.partition)}, Offset{row.offset}};
  record.appended_at = row.received_at;
  record.key = payment;
  json::Writer body;
  body.begin_object().key("payment_id").string(payment).end_object();
  record.value = std::move(body).text();
  record.headers = {{"ce_specversion", "1.0"},
                    {"ce_id", row.key.value.substr(row.source.size() + 1)},
                    {"ce_type", row.type},
                    {"ce_source", row.source},
                    {"ps_receivedat", to_rfc3339(row.received_at)}};
  return record;
}

class LookUpOfOne {
 public:
  LookUpOfOne(const LookupPorts& ports, std::string awaited) : ports_(ports), awaited_(std::move(awaited)) {}

  Status run() {
    auto done = run_once();
    for (int tries = 1; !done && done.error().code == ErrorCode::conflict && tries < kConflictTriesMax;
         ++tries)
      done = run_once();
    return done;
  }

 private:
  Status run_once() {
    TRY(auto transaction, ports_.store.begin());
    View view;
    TRY_STATUS(
        load_closure(*transaction, view, [&](Reads& reads) { name_lookup_reads(view, awaited_, reads); }));
    LookUp found = decide_lookup(view, awaited_, ports_.clock.now(), ports_.policy);
    view.apply(std::move(found.effects), make_event_key("timer", "payment.lookup:" + awaited_));
    const auto* awaited = view.find<AwaitedPayment>(awaited_);
    const std::string payment = awaited != nullptr ? awaited->payment : std::string();
    TRY(auto parkings, prepare(*transaction, found.given_up, payment));
    TRY_STATUS(park(parkings));
    TRY_STATUS(write_changes(*transaction, std::move(view), ports_.clock.now()));
    TRY_STATUS(transaction->write(inbox_changes(parkings)));
    TRY_STATUS(transaction->commit());
    for (const auto& each : parkings) log_parked(kPool, each.letter);
    ports_.metrics.events_done(std::string(kPool), Outcome::parked, parkings.size());
    return ok();
  }

  // An event that the inbox has forgotten is forgotten.
  Result<std::vector<Parking>> prepare(StoreBatch& transaction, const std::vector<GivenUp>& given_up,
                                       const std::string& payment) const {
    if (given_up.empty()) return std::vector<Parking>{};
    TableKeys wanted{&table_of<InboxRow>(), {}};
    for (const auto& each : given_up) wanted.keys.push_back(each.event.value);
    TRY(const auto answered, transaction.load(std::span(&wanted, 1)));
    std::vector<Parking> parkings;
    for (const auto& stored : answered.front().rows) {
      Parking parking;
      TRY(parking.row, from_row<InboxRow>(stored));
      parking.rev = stored.rev;
      parking.stamp = stored.stamp;
      const auto given = std::find_if(given_up.begin(), given_up.end(),
                                      [&](const GivenUp& each) { return each.event == parking.row.key; });
      TRY(auto record, read_record(ports_.source, parking.row));
      parking.letter = identify(record ? *std::move(record) : stand_in(parking.row, payment));
      parking.letter.rejected = rejection_of(given->why);
      parking.letter.attempts = given->lookups;
      parking.row.outcome = Outcome::parked;
      parking.row.attempts = given->lookups;
      take_reason(parking.row, *parking.letter.rejected);
      parkings.push_back(std::move(parking));
    }
    return parkings;
  }

  Status park(std::vector<Parking>& parkings) const {
    std::vector<Incoming*> letters;
    for (auto& each : parkings) letters.push_back(&each.letter);
    return append_dead_letters(ports_.sink, letters, ports_.park_deadline);
  }

  TableRows inbox_changes(const std::vector<Parking>& parkings) const {
    TableRows changes{&table_of<InboxRow>(), {}};
    for (const auto& each : parkings)
      changes.rows.push_back(
          {to_cells(each.row), each.rev, {each.stamp.created_at, ports_.clock.now(), each.stamp.updated_by}});
    return changes;
  }

  const LookupPorts& ports_;
  const std::string awaited_;
};

}  // namespace

Result<int> sweep_due_lookups(const LookupPorts& ports) {
  return take_up_due(ports.store, kAwaitedByDueTime, {}, ports.clock.now(), [&](const Row& row) {
    return LookUpOfOne(ports, std::get<std::string>(row.cells.front())).run();
  });
}

}  // namespace penstock
