#include "workers/domain/users/users.h"

#include <algorithm>

#include "workers/domain/outbound/outbound.h"

namespace penstock {
namespace {

// Of all that are ever added the first in order stay, whatever order they come in.
void add_identity(std::vector<Identity>& identities, const Identity& identity) {
  const auto place = std::lower_bound(identities.begin(), identities.end(), identity);
  if (place != identities.end() && *place == identity) return;
  identities.insert(place, identity);
  if (identities.size() > kIdentitiesMax) identities.pop_back();
}

void enqueue_status(Effects& effects, const User* before, const User& after, const EventKey& event) {
  if (before != nullptr && before->status == after.status) return;
  const std::string type = after.status == UserStatus::deleted ? "user.deleted" : "user.created";
  const Scope scope = scope_of(after);
  enqueue_outbound(effects, scope, type, type + ":" + cause_of(scope, after.id), event,
                   json::to_text(user_view(after)));
}

}  // namespace

void name_reads(const View&, const UserFacts& facts, Reads& reads) {
  reads.want<User>(facts.meta.scope(), facts.id);
}

Result<Effects> decide(const View& view, const UserFacts& facts, const Policy&) {
  const Scope scope = facts.meta.scope();
  const User* before = view.find<User>(scope, facts.id);
  auto after = view.get_or_new<User>(scope, facts.id);
  take_newest(part<UserAttributes>(after), after.versions, facts.said, facts.version());
  after.status = std::max(after.status, facts.status);
  if (facts.identity) add_identity(after.identities, *facts.identity);

  Effects effects;
  const bool is_stale = facts.status < after.status || knows_newer(after.versions, facts.version());
  effects.outcome = is_stale ? Outcome::stale : Outcome::duplicate;
  if (before != nullptr && *before == after) return effects;
  if (before == nullptr || user_view(*before) != user_view(after)) effects.outcome = Outcome::applied;
  enqueue_status(effects, before, after, facts.meta.key);
  effects.put(std::move(after));
  return effects;
}

UserView user_view(const User& row) {
  UserView view;
  view.id = row.id;
  part<UserAttributes>(view) = row;
  part<UserStanding>(view) = row;
  return view;
}

}  // namespace penstock
