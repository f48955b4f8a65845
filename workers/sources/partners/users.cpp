#include "workers/sources/partners/readers.h"
#include "workers/sources/reader.h"

namespace penstock::partners {

Result<UserFacts> read_user(const Event& event) {
  Reader in(event.data(), "data");
  UserFacts facts;
  const bool is_deleted = event.meta.type == "user.deleted";
  facts.meta = event.meta;
  facts.id = in.id("id");
  facts.rank = is_deleted ? 2 : 0;
  facts.status = is_deleted ? UserStatus::deleted : UserStatus::active;
  facts.said.email = in.optional_short_text("email");
  facts.said.name = in.optional_short_text("name");
  if (const auto problem = in.problem()) return *problem;
  return facts;
}

}  // namespace penstock::partners
