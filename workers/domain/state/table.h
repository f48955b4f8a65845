// Described structs as store rows: the columns of a table, and a struct to its cells and back.
//
// string, described enums and EventKey become text; int64 and amounts integer; bool boolean; Timestamp
// timestamp; vectors, maps and described structs json. optional<T> is nullable. The first field is the key.
#pragma once

#include <array>
#include <string>
#include <type_traits>
#include <utility>

#include "common/core/check.h"
#include "common/core/describe.h"
#include "common/json/codec.h"
#include "common/ports/store.h"

namespace penstock {

// Specialised beside each row struct: `name`, and optionally mode, newest_first, partitioned_by, resource,
// indexes. `resource` is the name of the admin resource that shows the row; empty for inner rows.
struct TableTraits {
  std::string_view name;
  WriteMode mode = WriteMode::guarded;
  std::string_view resource = {};
  std::string_view newest_first = "created_at";
  std::string_view partitioned_by = {};
  std::span<const ListIndex> indexes = {};
  bool shared = false;
};

template <class R>
struct TableName;  // static constexpr TableTraits traits{…};

// The first field is the key.
template <class R>
const std::string& row_key(const R& row) {
  return row.*(boost::mp11::mp_front<Members<R>>::pointer);
}

namespace detail {

template <class T>
struct Unwrapped {
  using Type = T;
};
template <class T>
struct Unwrapped<std::optional<T>> {
  using Type = T;
};
template <class T>
inline constexpr bool kIsAmount = std::is_same_v<T, MinorUnits> || std::is_same_v<T, MicroUnits>;
template <class T>
inline constexpr bool kIsOptional = !std::is_same_v<T, typename Unwrapped<T>::Type>;

template <class T>
constexpr ColumnType column_type() {
  using Plain = typename Unwrapped<T>::Type;
  if constexpr (std::is_same_v<Plain, bool>)
    return ColumnType::boolean;
  else if constexpr (std::is_same_v<Plain, std::int64_t> || kIsAmount<Plain>)
    return ColumnType::integer;
  else if constexpr (std::is_same_v<Plain, Timestamp>)
    return ColumnType::timestamp;
  else if constexpr (std::is_same_v<Plain, std::string> || std::is_same_v<Plain, EventKey> ||
                     DescribedEnum<Plain>)
    return ColumnType::text;
  else
    return ColumnType::json;
}

template <class T>
Cell to_cell(T value) {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string> || std::is_same_v<T, std::int64_t>)
    return value;
  else if constexpr (kIsAmount<T> || std::is_same_v<T, EventKey>)
    return std::move(value.value);
  else if constexpr (std::is_same_v<T, Timestamp>)
    return to_unix_ms(value);
  else if constexpr (DescribedEnum<T>)
    return std::string(penstock::to_string(value));
  else
    return json::to_text(value);
}
template <class T>
Cell to_cell(std::optional<T> value) {
  return value ? to_cell(*std::move(value)) : Cell{};
}

template <class T>
bool from_cell(const Cell& cell, T& out) {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string> ||
                std::is_same_v<T, std::int64_t>) {
    const auto* value = std::get_if<T>(&cell);
    if (value != nullptr) out = *value;
    return value != nullptr;
  } else if constexpr (kIsAmount<T> || std::is_same_v<T, EventKey>) {
    return from_cell(cell, out.value);
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    const auto* ms = std::get_if<std::int64_t>(&cell);
    if (ms != nullptr) out = timestamp_from_unix_ms(*ms);
    return ms != nullptr;
  } else {
    const auto* text = std::get_if<std::string>(&cell);
    if (text == nullptr) return false;
    if constexpr (DescribedEnum<T>) {
      return from_string(*text, out);
    } else {
      const auto document = json::Document::parse(*text, json::kOwnLimits);
      return document && json::decode(document.value().root(), out);
    }
  }
}
template <class T>
bool from_cell(const Cell& cell, std::optional<T>& out) {
  out.reset();
  return std::holds_alternative<std::monostate>(cell) || from_cell(cell, out.emplace());
}

template <class R, template <class...> class List, class... Member>
constexpr auto make_columns(List<Member...>) {
  return std::array{
      Column{Member::name, column_type<MemberType<R, Member>>(), kIsOptional<MemberType<R, Member>>}...};
}

template <class R>
inline constexpr auto kColumns = make_columns<R>(Members<R>{});

template <class R>
inline constexpr Table kTable{TableName<R>::traits.name,           kColumns<R>,
                              TableName<R>::traits.mode,           TableName<R>::traits.newest_first,
                              TableName<R>::traits.partitioned_by, TableName<R>::traits.indexes,
                              TableName<R>::traits.shared};

}  // namespace detail

template <class R>
constexpr const Table& table_of() noexcept {
  return detail::kTable<R>;
}

template <class R>
std::vector<Cell> to_cells(R row) {
  std::vector<Cell> cells;
  cells.reserve(table_of<R>().columns.size());
  for_each_member<R>([&](auto each) { cells.push_back(detail::to_cell(std::move(row.*each.pointer))); });
  return cells;
}

// nullopt when a cell does not fit its member: the stored row is corrupt, or of another schema.
template <class R>
std::optional<R> from_cells(const std::vector<Cell>& cells) {
  CHECK(cells.size() == table_of<R>().columns.size());
  R row;
  bool good = true;
  std::size_t at = 0;
  for_each_member<R>([&](auto each) { good = good && detail::from_cell(cells[at++], row.*each.pointer); });
  return good ? std::optional<R>(std::move(row)) : std::nullopt;
}

// The row of a stored one. Errors: corrupt, naming the row, as from_cells.
template <class R>
Result<R> from_row(const Row& stored) {
  if (auto row = from_cells<R>(stored.cells)) return *std::move(row);
  const auto* key = std::get_if<std::string>(&stored.cells.front());
  return Error{ErrorCode::corrupt, "row " + (key != nullptr ? *key : "?") + " of table " +
                                       std::string(table_of<R>().name) + " cannot be read"};
}

}  // namespace penstock
