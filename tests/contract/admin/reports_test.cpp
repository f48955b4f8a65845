// Reports as moderators read and close them, on both stores.
#include <gmock/gmock.h>

#include "tests/contract/admin/admin_fixture.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReportsApi : public AdminTest, public ::testing::WithParamInterface<std::string> {
 protected:
  ReportsApi() : AdminTest(GetParam()) {}

  void report(const std::string& id, const std::string& org = "default", const std::string& type = "Post") {
    apply_record(report_record(id, org, type));
    clock_.advance(Milliseconds{1'000});
  }
  Reply patch(const std::string& target, const std::string& body) { return send("PATCH", target, body); }
  Reply set(const std::string& id, const std::string& status) {
    return patch("/v1/reports/" + id, R"({"status":")" + status + "\"}");
  }
  std::vector<std::string> members(const std::string& target, std::string_view name) {
    std::vector<std::string> found;
    const Reply reply = get(target);
    EXPECT_EQ(reply.status, 200) << target;
    for (auto each = reply.data().first(); !each.absent(); each = reply.data().next(each))
      found.push_back(text_of(each[name]));
    return found;
  }
  std::vector<std::string> listed(const std::string& query) { return members("/v1/reports" + query, "id"); }
};
PENSTOCK_EVERY_STORE(ReportsApi);

TEST_P(ReportsApi, AReportIsOpenUntilAModeratorSaysOtherwise) {
  const auto reported_at = clock_.now();
  auto record = report_record("r-1");
  clock_.advance(Milliseconds{90'000});
  EXPECT_EQ(set("r-1", "resolved").status, 404) << "not applied yet";
  apply_record(record);
  const Reply open = get("/v1/reports/r-1");
  EXPECT_EQ(text_of(open["status"]), "open");
  EXPECT_EQ(text_of(open["reporter"]), "user-1");
  EXPECT_EQ(text_of(open["created_at"]), to_rfc3339(reported_at)) << "as its reporter was told";
  EXPECT_EQ(text_of(open["updated_by"]), "api/default:r-1");
  const Reply resolved = set("r-1", "resolved");
  EXPECT_EQ(resolved.status, 200);
  EXPECT_EQ(text_of(resolved["status"]), "resolved");
  EXPECT_EQ(text_of(resolved["updated_by"]), "root");
  apply_record(record);
  EXPECT_EQ(text_of(get("/v1/reports/r-1")["status"]), "resolved") << "the event has come again";
  EXPECT_EQ(text_of(set("r-1", "open")["status"]), "open");
}

TEST_P(ReportsApi, EachChangeIsAuditedAndNothingElseIs) {
  report("r-1");
  set("r-1", "dismissed");
  set("r-1", "dismissed");
  set("nobody", "dismissed");
  patch("/v1/reports/r-1", R"({"status":"closed"})");
  EXPECT_THAT(members("/v1/audit", "subject"), ElementsAre("/v1/reports/r-1"));
  EXPECT_THAT(members("/v1/audit", "who"), ElementsAre("root"));
  const Reply audit = get("/v1/audit");
  EXPECT_EQ(text_of(audit.data().first()["detail"]["status"]), "dismissed");
}

TEST_P(ReportsApi, OnlyAStatusIsTaken) {
  report("r-1");
  for (const char* body : {"", "{}", "[]", R"({"status":null})", R"({"status":"closed"})", R"({"status":1})",
                           R"({"status":"open","reason":"x"})"})
    EXPECT_EQ(patch("/v1/reports/r-1", body).status, 400) << body;
  EXPECT_EQ(patch("/v1/reports/r-1?status=open", R"({"status":"open"})").status, 400);
  EXPECT_EQ(text_of(get("/v1/reports/r-1")["updated_by"]), "api/default:r-1");
}

TEST_P(ReportsApi, ListsAreOfOneOrgByStatusAndType) {
  report("r-1");
  report("r-2", "default", "User");
  report("r-3", "acme");
  report("r-4");
  report("r-4", "acme", "User");
  set("r-1", "resolved");
  set("r-2", "resolved");
  EXPECT_THAT(listed(""), ElementsAre("r-4", "r-2", "r-1"));
  EXPECT_THAT(listed("?order=asc"), ElementsAre("r-1", "r-2", "r-4"));
  EXPECT_THAT(listed("?status=open"), ElementsAre("r-4"));
  EXPECT_THAT(listed("?type=Post"), ElementsAre("r-4", "r-1"));
  EXPECT_THAT(listed("?status=resolved&type=User"), ElementsAre("r-2"));
  EXPECT_THAT(listed("?status=dismissed"), IsEmpty());
  EXPECT_THAT(listed("?org=acme"), ElementsAre("r-4", "r-3"));
  EXPECT_THAT(listed("?org=acme&type=User"), ElementsAre("r-4"));
  const Reply page = get("/v1/reports?limit=2");
  EXPECT_THAT(listed("?limit=2&cursor=" + text_of(page["next_cursor"])), ElementsAre("r-1"));
  EXPECT_EQ(get("/v1/reports?status=closed").status, 400);
  EXPECT_EQ(get("/v1/reports?kind=Post").status, 400);
}

TEST_P(ReportsApi, AnotherOrgsReportIsNotThere) {
  report("r-1", "acme");
  EXPECT_EQ(get("/v1/reports/r-1").status, 404);
  EXPECT_EQ(set("r-1", "resolved").status, 404);
  EXPECT_EQ(get("/v1/reports/r-1?org=acme").status, 200);
  EXPECT_EQ(text_of(patch("/v1/reports/r-1?org=acme", R"({"status":"resolved"})")["status"]), "resolved");
}

}  // namespace
}  // namespace penstock
