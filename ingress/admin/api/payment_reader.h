// Payments put together from the rows of the store, one or many at a time. Every
// resource shows them through this.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/ports/store.h"
#include "workers/domain/payments/linked_reads.h"
#include "workers/domain/payments/payment.h"

namespace penstock::admin {

struct FoundPayment {
  Payment payment;
  RowStamp stamp;
};

// Keeps what it has read: one reader sees a row once. Not for several threads at once.
class PaymentReader {
 public:
  // Borrows the store.
  explicit PaymentReader(Store& store) : store_(store) {}

  // Loads every row that `name_reads(view, reads)` names, again and again until it names no more. Blocks;
  // errors are the store's, and corrupt.
  template <class NameReads>
  Status load(NameReads name_reads) {
    for (;;) {
      Reads reads(view_);
      name_reads(view_, reads);
      if (reads.empty()) return ok();
      TRY_STATUS(read(std::move(reads).by_table()));
    }
  }

  Draft rows_of(const Scope& scope) const { return {view_, scope}; }

  // The rows must be loaded.
  FoundPayment payment_of(const PaymentRows& rows, const Scope& scope) const;

 private:
  Status read(const std::vector<TableKeys>& wanted);
  const RowStamp* stamp_of(const Table& table, const std::string& key) const;

  Store& store_;
  View view_;
  std::map<const Table*, std::unordered_map<std::string, RowStamp>> stamps_;
};

}  // namespace penstock::admin
