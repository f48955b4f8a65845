#include "common/adapters/sqlite/event_log.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "common/adapters/sqlite/sqlite.h"

namespace penstock {
namespace {

using sqlite::Connection;
using sqlite::Statement;
using sqlite::Transaction;

// A record's id is its place: partition id, then offset. So one B-tree holds everything, each partition grows
// at the end of its own range, and a read by position needs no index.
constexpr int kOffsetBits = 44;
constexpr std::int64_t kOffsetsMax = std::int64_t{1} << kOffsetBits;

// What each version of the file adds to the one before.
constexpr std::array kSchema = {
    R"(
CREATE TABLE partitions (
  id INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  number INTEGER NOT NULL,
  next_offset INTEGER NOT NULL DEFAULT 0,
  UNIQUE (topic, number)
);
CREATE TABLE records (
  place INTEGER PRIMARY KEY,
  appended_at INTEGER NOT NULL,
  key BLOB NOT NULL,
  value BLOB NOT NULL,
  headers BLOB NOT NULL
);
CREATE TABLE group_offsets (
  consumer_group TEXT NOT NULL,
  partition_id INTEGER NOT NULL REFERENCES partitions (id),
  next_offset INTEGER,
  PRIMARY KEY (consumer_group, partition_id)
) WITHOUT ROWID;
PRAGMA user_version = 1;
)",
    // Of compacted topics: the newest record of each key, and the records that are to go. `due` is when a
    // deletion was appended, and 0 for what a newer record has replaced.
    R"(
ALTER TABLE records ADD COLUMN deletion INTEGER NOT NULL DEFAULT 0;
CREATE TABLE newest (
  partition_id INTEGER NOT NULL,
  key BLOB NOT NULL,
  place INTEGER NOT NULL,
  PRIMARY KEY (partition_id, key)
) WITHOUT ROWID;
CREATE TABLE to_drop (
  due INTEGER NOT NULL,
  place INTEGER NOT NULL,
  PRIMARY KEY (due, place)
) WITHOUT ROWID;
PRAGMA user_version = 2;
)"};
constexpr std::int64_t kSchemaVersion = kSchema.size();

// Headers are stored as name and value in turn, each behind its length in four bytes, little-endian.
void append_string(std::string& out, std::string_view text) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(text.size() >> shift & 0xff));
  out.append(text);
}

std::string encode(const Headers& headers) {
  std::string out;
  for (const auto& [name, value] : headers) {
    append_string(out, name);
    append_string(out, value);
  }
  return out;
}

std::optional<std::string> take_string(std::string_view& rest) {
  if (rest.size() < 4) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size |= std::size_t{static_cast<unsigned char>(rest[i])} << (8 * i);
  if (rest.size() - 4 < size) return std::nullopt;
  std::string text(rest.substr(4, size));
  rest.remove_prefix(4 + size);
  return text;
}

Result<Headers> decode_headers(std::string_view bytes) {
  Headers headers;
  while (!bytes.empty()) {
    std::optional<std::string> name = take_string(bytes);
    std::optional<std::string> value = name ? take_string(bytes) : std::nullopt;
    if (!value) return Error{ErrorCode::corrupt, "the log holds headers that cannot be read"};
    headers.emplace_back(std::move(*name), std::move(*value));
  }
  return headers;
}

struct Statements {
  Statement insert_record;
  Statement set_end;
  Statement set_committed;
  Statement fetch;
  Statement first_place;
  Statement committed;
  Statement oldest;
  Statement drop;
  Statement replace;
  Statement set_newest;
  Statement drop_later;
  Statement due;
  Statement forget_newest;
  Statement forget_due;
};

Result<Statements> prepare_all(Connection& db) {
  TRY(Statement insert_record,
      db.prepare("INSERT INTO records (place, appended_at, key, value, headers, deletion) "
                 "VALUES (?, ?, ?, ?, ?, ?)"));
  TRY(Statement set_end, db.prepare("UPDATE partitions SET next_offset = ? WHERE id = ?"));
  TRY(Statement set_committed,
      db.prepare(
          "INSERT INTO group_offsets (consumer_group, partition_id, next_offset) VALUES (?, ?, ?) "
          "ON CONFLICT DO UPDATE SET next_offset = max(coalesce(next_offset, 0), excluded.next_offset)"));
  TRY(Statement fetch, db.prepare("SELECT place, appended_at, key, value, headers, deletion FROM records "
                                  "WHERE place BETWEEN ? AND ? ORDER BY place LIMIT ?"));
  TRY(Statement first_place, db.prepare("SELECT min(place) FROM records WHERE place BETWEEN ? AND ?"));
  TRY(Statement committed,
      db.prepare("SELECT next_offset FROM group_offsets WHERE consumer_group = ? AND partition_id = ?"));
  TRY(Statement oldest, db.prepare("SELECT place, appended_at, length(key) + length(value) + length(headers) "
                                   "FROM records WHERE place >= ? AND place < ? ORDER BY place LIMIT 1"));
  TRY(Statement drop, db.prepare("DELETE FROM records WHERE place = ?"));
  TRY(Statement replace, db.prepare("INSERT INTO to_drop (due, place) "
                                    "SELECT 0, place FROM newest WHERE partition_id = ? AND key = ?"));
  TRY(Statement set_newest, db.prepare("INSERT INTO newest (partition_id, key, place) VALUES (?, ?, ?) "
                                       "ON CONFLICT DO UPDATE SET place = excluded.place"));
  TRY(Statement drop_later, db.prepare("INSERT INTO to_drop (due, place) VALUES (?, ?)"));
  TRY(Statement due,
      db.prepare("SELECT due, to_drop.place, key, length(key) + length(value) + length(headers) "
                 "FROM to_drop LEFT JOIN records ON records.place = to_drop.place "
                 "WHERE due < ? ORDER BY due, to_drop.place LIMIT 1"));
  TRY(Statement forget_newest,
      db.prepare("DELETE FROM newest WHERE partition_id = ? AND key = ? AND place = ?"));
  TRY(Statement forget_due, db.prepare("DELETE FROM to_drop WHERE due = ? AND place = ?"));
  return Statements{std::move(insert_record), std::move(set_end),     std::move(set_committed),
                    std::move(fetch),         std::move(first_place), std::move(committed),
                    std::move(oldest),        std::move(drop),        std::move(replace),
                    std::move(set_newest),    std::move(drop_later),  std::move(due),
                    std::move(forget_newest), std::move(forget_due)};
}

// What is left of a piece.
class Piece {
 public:
  explicit Piece(const PieceLimits& limits)
      : records_(limits.records_max),
        bytes_(limits.bytes_max),
        until_(std::chrono::steady_clock::now() + limits.time_max) {}

  void take(std::size_t bytes) {
    --records_;
    bytes_ -= std::min(bytes_, bytes);
    if (bytes_ == 0 || std::chrono::steady_clock::now() >= until_) records_ = 0;
  }
  bool spent() const { return records_ == 0; }

 private:
  std::size_t records_;
  std::size_t bytes_;
  std::chrono::steady_clock::time_point until_;
};

class SqliteLogStorage final : public LogStorage {
 public:
  static Result<std::unique_ptr<SqliteLogStorage>> open(const std::filesystem::path& file);

  Result<std::map<TopicPartition, Offset>> ends() override;
  Status create_topics(std::span<const std::string> topics, std::int32_t partitions) override;
  Status write(std::span<const NewRecord> records, std::span<const GroupOffset> offsets) override;
  Status probe(std::size_t bytes) override;
  Result<std::vector<StoredRecord>> fetch(const TopicPartition& partition, Offset from,
                                          FetchLimits limits) override;
  Result<Offset> start(const TopicPartition& partition) override;
  Status add_group(const std::string& group, std::span<const std::string> topics) override;
  Result<std::optional<Offset>> committed(const std::string& group, const TopicPartition& partition) override;
  Result<bool> prune(Timestamp older_than, const IsSpared& is_spared, const PieceLimits& limits) override;
  Result<bool> compact(Timestamp deletions_before, const PieceLimits& limits) override;
  Status drop(std::span<const Position> records) override;
  Result<bool> shrink(const PieceLimits& limits) override;

 private:
  struct KnownPartition {
    std::int64_t id = 0;
    Offset end;
  };
  using KnownPartitions = std::map<TopicPartition, KnownPartition>;
  // Records of one partition.
  struct PlaceRange {
    std::int64_t first = 0;
    std::int64_t end = 0;
  };

  SqliteLogStorage(Connection db, Statements statements)
      : db_(std::move(db)), statements_(std::move(statements)) {}

  std::int64_t id_of(const TopicPartition& partition) const { return partitions_.at(partition).id; }
  std::int64_t place_of(const TopicPartition& partition, Offset offset) const {
    return (id_of(partition) << kOffsetBits) + offset.value;
  }
  std::int64_t last_place_of(const TopicPartition& partition) const {
    return place_of(partition, Offset{kOffsetsMax - 1});
  }

  Status load_partitions();
  Status write_transaction(std::span<const NewRecord> records, std::span<const GroupOffset> offsets);
  Status insert(const NewRecord& record);
  Status note_newest(const NewRecord& record);
  Status commit_offset(const GroupOffset& offset);
  // The row that fetch() comes to next; nullopt when there is none.
  Result<std::optional<StoredRecord>> next_fetched(const TopicPartition& partition);
  Result<StoredRecord> row_to_record(const TopicPartition& partition) const;
  Result<std::vector<PlaceRange>> consumed_by_all(const IsSpared& is_spared);
  Status prune(const PlaceRange& consumed, Timestamp older_than, Piece& piece);
  Status drop_replaced(std::int64_t place, const std::string& key);
  Status drop(std::int64_t place);

  Connection db_;
  Statements statements_;
  KnownPartitions partitions_;  // `end` is what the file says
  bool last_write_failed_ = false;
};

Status prepare_schema(Connection& db, const std::filesystem::path& file) {
  TRY(const std::int64_t version, db.single_integer("PRAGMA user_version"));
  if (version == kSchemaVersion) return ok();
  if (version < 0 || version > kSchemaVersion)
    return Error{ErrorCode::wrong_schema, file.string() + " is the log of another version of Penstock (" +
                                              std::to_string(version) + ", this one knows " +
                                              std::to_string(kSchemaVersion) +
                                              "): start the version that wrote it, or a newer one"};
  TRY(Transaction transaction, Transaction::begin(db));
  for (auto step = kSchema.begin() + version; step != kSchema.end(); ++step) {
    TRY_STATUS(db.execute(*step));
  }
  return transaction.commit();
}

Result<std::unique_ptr<SqliteLogStorage>> SqliteLogStorage::open(const std::filesystem::path& file) {
  TRY(Connection db, Connection::open(file));
  TRY_STATUS(prepare_schema(db, file));
  auto statements = prepare_all(db);
  if (!statements) return db.at_file(statements.error());
  std::unique_ptr<SqliteLogStorage> storage(
      new SqliteLogStorage(std::move(db), std::move(statements).value()));
  if (const auto loaded = storage->load_partitions(); !loaded) return storage->db_.at_file(loaded.error());
  return storage;
}

Status SqliteLogStorage::load_partitions() {
  TRY(Statement statement, db_.prepare("SELECT id, topic, number, next_offset FROM partitions"));
  while (true) {
    TRY(const bool row, statement.step());
    if (!row) return ok();
    const Partition number{static_cast<std::int32_t>(statement.integer(2))};
    partitions_[{std::string(statement.text(1)), number}] = {statement.integer(0),
                                                             Offset{statement.integer(3)}};
  }
}

Result<std::map<TopicPartition, Offset>> SqliteLogStorage::ends() {
  std::map<TopicPartition, Offset> ends;
  for (const auto& [partition, known] : partitions_) ends[partition] = known.end;
  return ends;
}

Status SqliteLogStorage::create_topics(std::span<const std::string> topics, std::int32_t partitions) {
  TRY(Transaction transaction, Transaction::begin(db_));
  TRY(Statement statement,
      db_.prepare("INSERT INTO partitions (topic, number) VALUES (?, ?) ON CONFLICT DO NOTHING"));
  for (const std::string& topic : topics) {
    for (std::int32_t number = 0; number < partitions; ++number) {
      statement.bind_text(1, topic);
      statement.bind(2, number);
      TRY_STATUS(statement.run());
    }
  }
  TRY_STATUS(transaction.commit());
  return load_partitions();
}

Status SqliteLogStorage::write(std::span<const NewRecord> records, std::span<const GroupOffset> offsets) {
  const Status written = write_transaction(records, offsets);
  last_write_failed_ = !written;
  if (!written) return db_.at_file(written.error());
  return ok();
}

Status SqliteLogStorage::write_transaction(std::span<const NewRecord> records,
                                           std::span<const GroupOffset> offsets) {
  TRY(Transaction transaction, Transaction::begin(db_));
  std::map<TopicPartition, Offset> ends;
  for (const NewRecord& record : records) {
    TRY_STATUS(insert(record));
    ends[{record.position.topic, record.position.partition}] = Offset{record.position.offset.value + 1};
  }
  for (const auto& [partition, end] : ends) {
    statements_.set_end.bind(1, end.value);
    statements_.set_end.bind(2, id_of(partition));
    TRY_STATUS(statements_.set_end.run());
  }
  for (const GroupOffset& offset : offsets) {
    TRY_STATUS(commit_offset(offset));
  }
  TRY_STATUS(transaction.commit());
  for (const auto& [partition, end] : ends) partitions_.at(partition).end = end;
  return ok();
}

Status SqliteLogStorage::insert(const NewRecord& record) {
  const TopicPartition partition{record.position.topic, record.position.partition};
  const std::string headers = encode(record.record->headers);
  Statement& statement = statements_.insert_record;
  statement.bind(1, place_of(partition, record.position.offset));
  statement.bind(2, to_unix_ms(record.appended_at));
  statement.bind_blob(3, record.record->key);
  statement.bind_blob(4, record.record->value);
  statement.bind_blob(5, headers);
  statement.bind(6, record.record->deletion ? 1 : 0);
  TRY_STATUS(statement.run());
  return record.compacted ? note_newest(record) : Status(ok());
}

Status SqliteLogStorage::note_newest(const NewRecord& record) {
  const TopicPartition partition{record.position.topic, record.position.partition};
  const std::int64_t place = place_of(partition, record.position.offset);
  statements_.replace.bind(1, id_of(partition));
  statements_.replace.bind_blob(2, record.record->key);
  TRY_STATUS(statements_.replace.run());
  statements_.set_newest.bind(1, id_of(partition));
  statements_.set_newest.bind_blob(2, record.record->key);
  statements_.set_newest.bind(3, place);
  TRY_STATUS(statements_.set_newest.run());
  if (!record.record->deletion) return ok();
  statements_.drop_later.bind(1, to_unix_ms(record.appended_at));
  statements_.drop_later.bind(2, place);
  return statements_.drop_later.run();
}

Status SqliteLogStorage::commit_offset(const GroupOffset& offset) {
  Statement& statement = statements_.set_committed;
  statement.bind_text(1, offset.group);
  statement.bind(2, id_of(offset.partition));
  statement.bind(3, offset.next.value);
  return statement.run();
}

Status SqliteLogStorage::probe(std::size_t bytes) {
  TRY_STATUS(db_.check_disk(bytes));
  if (!last_write_failed_) return ok();
  return db_.try_room(bytes);
}

Result<std::vector<StoredRecord>> SqliteLogStorage::fetch(const TopicPartition& partition, Offset from,
                                                          FetchLimits limits) {
  std::vector<StoredRecord> records;
  if (!partitions_.contains(partition) || from.value < 0 || from.value >= kOffsetsMax) return records;
  Statement& statement = statements_.fetch;
  statement.bind(1, place_of(partition, from));
  statement.bind(2, last_place_of(partition));
  statement.bind(3, static_cast<std::int64_t>(limits.records_max));
  for (std::size_t bytes = 0; bytes < limits.bytes_max;) {
    Result<std::optional<StoredRecord>> record = next_fetched(partition);
    if (!record || !record.value()) {
      statement.reset();
      // What cannot be read is met again at the head of the next answer, so what stands before it is not lost.
      if (!record && records.empty()) return record.error();
      return records;
    }
    bytes += record.value()->value.size() + 1;
    records.push_back(std::move(*record.value()));
  }
  statement.reset();
  return records;
}

Result<std::optional<StoredRecord>> SqliteLogStorage::next_fetched(const TopicPartition& partition) {
  TRY(const bool row, statements_.fetch.step());
  if (!row) return std::nullopt;
  TRY(StoredRecord record, row_to_record(partition));
  return record;
}

Result<StoredRecord> SqliteLogStorage::row_to_record(const TopicPartition& partition) const {
  const Statement& row = statements_.fetch;
  TRY(Headers headers, decode_headers(row.blob(4)));
  const Offset offset{row.integer(0) - place_of(partition, Offset{0})};
  return StoredRecord{.position = {partition.topic, partition.partition, offset},
                      .appended_at = timestamp_from_unix_ms(row.integer(1)),
                      .key = std::string(row.blob(2)),
                      .value = std::string(row.blob(3)),
                      .headers = std::move(headers),
                      .deletion = row.integer(5) != 0};
}

Result<Offset> SqliteLogStorage::start(const TopicPartition& partition) {
  Statement& statement = statements_.first_place;
  statement.bind(1, place_of(partition, Offset{0}));
  statement.bind(2, last_place_of(partition));
  TRY_STATUS(statement.step());
  const Offset start = statement.is_null(0) ? partitions_.at(partition).end
                                            : Offset{statement.integer(0) - place_of(partition, Offset{0})};
  statement.reset();
  return start;
}

Status SqliteLogStorage::add_group(const std::string& group, std::span<const std::string> topics) {
  TRY(Transaction transaction, Transaction::begin(db_));
  TRY(Statement statement,
      db_.prepare("INSERT INTO group_offsets (consumer_group, partition_id) "
                  "SELECT ?, id FROM partitions WHERE topic = ? ON CONFLICT DO NOTHING"));
  for (const std::string& topic : topics) {
    statement.bind_text(1, group);
    statement.bind_text(2, topic);
    TRY_STATUS(statement.run());
  }
  return transaction.commit();
}

Result<std::optional<Offset>> SqliteLogStorage::committed(const std::string& group,
                                                          const TopicPartition& partition) {
  Statement& statement = statements_.committed;
  statement.bind_text(1, group);
  statement.bind(2, id_of(partition));
  TRY(const bool row, statement.step());
  std::optional<Offset> committed;
  if (row && !statement.is_null(0)) committed = Offset{statement.integer(0)};
  statement.reset();
  return committed;
}

// What every group is done with, a range a partition.
Result<std::vector<SqliteLogStorage::PlaceRange>> SqliteLogStorage::consumed_by_all(
    const IsSpared& is_spared) {
  TRY(Statement statement,
      db_.prepare(
          "SELECT partition_id, min(coalesce(group_offsets.next_offset, 0)), topic FROM group_offsets "
          "JOIN partitions ON partitions.id = partition_id GROUP BY partition_id"));
  std::vector<PlaceRange> consumed;
  while (true) {
    TRY(const bool row, statement.step());
    if (!row) return consumed;
    if (is_spared(std::string(statement.text(2)))) continue;
    const std::int64_t first = statement.integer(0) << kOffsetBits;
    consumed.push_back({first, first + statement.integer(1)});
  }
}

Result<bool> SqliteLogStorage::prune(Timestamp older_than, const IsSpared& is_spared,
                                     const PieceLimits& limits) {
  TRY(const auto consumed, consumed_by_all(is_spared));
  TRY(Transaction transaction, Transaction::begin(db_));
  Piece piece(limits);
  for (const PlaceRange& range : consumed) {
    TRY_STATUS(prune(range, older_than, piece));
  }
  TRY_STATUS(transaction.commit());
  return piece.spent();
}

// Records of one partition are appended in time order but for a clock that was set back: what follows such a
// record is kept longer.
Status SqliteLogStorage::prune(const PlaceRange& consumed, Timestamp older_than, Piece& piece) {
  Statement& oldest = statements_.oldest;
  while (!piece.spent()) {
    oldest.bind(1, consumed.first);
    oldest.bind(2, consumed.end);
    TRY(const bool row, oldest.step());
    if (!row) return ok();
    const std::int64_t place = oldest.integer(0);
    const bool young = oldest.integer(1) >= to_unix_ms(older_than);
    const auto bytes = static_cast<std::size_t>(oldest.integer(2));
    oldest.reset();
    if (young) return ok();
    TRY_STATUS(drop(place));
    piece.take(bytes);
  }
  return ok();
}

Result<bool> SqliteLogStorage::compact(Timestamp deletions_before, const PieceLimits& limits) {
  TRY(Transaction transaction, Transaction::begin(db_));
  Piece piece(limits);
  while (!piece.spent()) {
    Statement& due = statements_.due;
    due.bind(1, std::max<std::int64_t>(1, to_unix_ms(deletions_before)));
    TRY(const bool row, due.step());
    if (!row) break;
    const std::int64_t at = due.integer(0);
    const std::int64_t place = due.integer(1);
    const std::string key(due.blob(2));
    const auto bytes = static_cast<std::size_t>(due.integer(3));
    due.reset();
    TRY_STATUS(drop_replaced(place, key));
    statements_.forget_due.bind(1, at);
    statements_.forget_due.bind(2, place);
    TRY_STATUS(statements_.forget_due.run());
    piece.take(bytes);
  }
  TRY_STATUS(transaction.commit());
  return piece.spent();
}

// A deletion that nothing has replaced is the newest of its key, and takes the key with it.
Status SqliteLogStorage::drop_replaced(std::int64_t place, const std::string& key) {
  statements_.forget_newest.bind(1, place >> kOffsetBits);
  statements_.forget_newest.bind_blob(2, key);
  statements_.forget_newest.bind(3, place);
  TRY_STATUS(statements_.forget_newest.run());
  return drop(place);
}

Status SqliteLogStorage::drop(std::int64_t place) {
  statements_.drop.bind(1, place);
  return statements_.drop.run();
}

Status SqliteLogStorage::drop(std::span<const Position> records) {
  TRY(Transaction transaction, Transaction::begin(db_));
  for (const Position& position : records) {
    const TopicPartition partition{position.topic, position.partition};
    if (!partitions_.contains(partition)) continue;
    TRY_STATUS(drop(place_of(partition, position.offset)));
  }
  return transaction.commit();
}

Result<bool> SqliteLogStorage::shrink(const PieceLimits& limits) {
  return db_.give_room_back(limits.time_max);
}

}  // namespace

Result<std::unique_ptr<EmbeddedEventLog>> open_sqlite_log(const SqliteLogOptions& options,
                                                          const Clock& clock) {
  TRY(std::unique_ptr<SqliteLogStorage> storage, SqliteLogStorage::open(options.file));
  return EmbeddedEventLog::open(options.log, std::move(storage), clock);
}

}  // namespace penstock
