// The waits of all runs in memory: looked up for every event of a connector, changed by one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/tables/published.h"
#include "common/tables/sharded_map.h"
#include "common/workflows/waiting_run.h"

namespace penstock::waits {

// One wait of a run.
struct Place {
  std::shared_ptr<const WaitingRun> run;
  std::size_t number = 0;  // among its waits

  const Wait& wait() const noexcept { return run->waits[number]; }
};

// What a run has come to; nullopt: nothing is told of it any more.
struct Change {
  std::string run;
  std::optional<WaitingRun> waiting;
};

// All waits at one moment, those that are over included. Immutable.
class Snapshot {
 public:
  // What waits of the org for events of that type compare, and how many do; nullptr: there are none.
  const std::map<std::string, std::size_t>* pointers(std::string_view org, std::string_view type) const;
  // Those whose pointer leads to that value (match_value()); nullptr: there are none. Holds as long as the snapshot.
  const std::vector<Place>* matching(std::string_view org, std::string_view type, std::string_view pointer,
                                     std::string_view value) const;

  // Whether all waits of some moment have been told. Before that, what is not there may only not be known yet.
  bool filled() const noexcept { return filled_; }

 private:
  friend class Table;
  ShardedMap<std::map<std::string, std::size_t>> pointers_;
  ShardedMap<std::vector<Place>> places_;
  bool filled_ = false;
};

// current() may be called from any thread; all else by one at a time.
class Table {
 public:
  // As Published::current().
  const Snapshot& current() const { return published_.current(); }

  void apply(std::vector<Change> changes);
  // Makes these all that there is.
  void replace(std::vector<Change> changes);

  // Runs that are told of.
  std::size_t size() const noexcept { return runs_.size(); }

 private:
  class Editor;
  void add(Editor& editor, Change change);

  std::map<std::string, std::shared_ptr<const WaitingRun>> runs_;
  Published<Snapshot> published_;
};

}  // namespace penstock::waits
