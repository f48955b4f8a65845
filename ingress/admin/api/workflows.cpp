#include <algorithm>

#include "common/catalogue/catalogue.h"
#include "common/core/org.h"
#include "common/json/pointer.h"
#include "ingress/admin/api/setting_resource.h"
#include "ingress/fields/body_reader.h"

namespace penstock::admin {
namespace {

using registry::Values;
using registry::Workflow;
using registry::Workflows;

constexpr std::string_view kWhat = "workflow";
// What an event starts travels with it.
constexpr std::size_t kWorkflowsMax = 64;
constexpr std::size_t kStepsMax = 32;
constexpr std::size_t kAllStepsBytesMax = 32 * 1024;
constexpr std::size_t kTypesMax = 64;
constexpr std::size_t kTypeBytesMax = 128;
constexpr std::int64_t kTimeoutMax = 366LL * 24 * 60 * 60;

bool is_type(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789_.";
  return !text.empty() && text.size() <= kTypeBytesMax &&
         text.find_first_not_of(kAllowed) == std::string_view::npos && text.front() != '.' &&
         text.back() != '.' && text.find("..") == std::string_view::npos;
}

bool is_pattern(std::string_view text) {
  if (text == "*") return true;
  return is_type(text.ends_with(".*") ? text.substr(0, text.size() - 2) : text);
}

// Penstock's own words are not for workflows to say.
bool is_own_type(std::string_view type) {
  const auto& types = Catalogue::builtin().types();
  return std::any_of(types.begin(), types.end(), [type](const EventType& each) {
    return each.direction == Direction::outbound && each.type == type;
  });
}

// Reads one step; problems are named by its place.
class StepReader {
 public:
  StepReader(BodyReader& in, json::Value step, std::size_t number)
      : in_(in), step_(step), pointer_("/steps/" + std::to_string(number)) {}

  Step read() {
    Step step;
    const auto emit = step_["emit"], wait = step_["wait"];
    if (emit.missing() == wait.missing() || step_.size() != 1)
      in_.refuse_at(pointer_, "must have either emit or wait, and nothing else");
    else if (wait.missing())
      step.emit = read_emit(emit);
    else
      step.wait = read_wait(wait);
    return step;
  }

 private:
  EmitStep read_emit(json::Value emit) {
    pointer_ += "/emit";
    refuse_others(emit, {"type"});
    EmitStep step{text(emit, "type")};
    if (!is_type(step.type) || step.type.find('.') == std::string::npos)
      refuse("type", "must be a category, a dot and a name, of a-z 0-9 _");
    else if (is_own_type(step.type))
      refuse("type", "is one that Penstock itself tells; choose another");
    return step;
  }

  WaitStep read_wait(json::Value wait) {
    pointer_ += "/wait";
    refuse_others(wait, {"event_type", "match", "timeout_s"});
    WaitStep step{text(wait, "event_type"), text(wait, "match"), wait["timeout_s"].integer().value_or(0)};
    if (!is_type(step.event_type)) refuse("event_type", "must be one type, such as invoice.paid");
    const auto names = json::parse_pointer(step.match);
    if (step.match.empty() || step.match.size() > kIdBytesMax || !names)
      refuse("match", "must be a JSON pointer, such as /data/object/customer");
    if (step.timeout_s < 1 || step.timeout_s > kTimeoutMax)
      refuse("timeout_s", "must be a whole number of seconds from 1 to " + std::to_string(kTimeoutMax));
    return step;
  }

  static std::string text(json::Value object, std::string_view name) {
    return std::string(object[name].string().value_or(""));
  }

  void refuse_others(json::Value object, std::initializer_list<std::string_view> known) {
    for (auto each = object.first(); object.is_object() && !each.absent(); each = object.next(each))
      if (std::find(known.begin(), known.end(), each.key()) == known.end())
        in_.refuse_at(pointer_, "has a member that is no field of it");
  }

  void refuse(std::string_view name, std::string_view why) {
    in_.refuse_at(pointer_ + "/" + std::string(name), why);
  }

  BodyReader& in_;
  json::Value step_;
  std::string pointer_;
};

Workflow read_workflow(const Request& request, BodyReader& in) {
  Workflow workflow;
  workflow.id = request.parameter("id");
  if (!is_org_name(workflow.id)) in.refuse("id", kOrgNameRule);
  workflow.enabled = in.optional_boolean("enabled").value_or(true);
  if (auto types = in.optional_texts("event_types", kTypesMax, kTypeBytesMax))
    workflow.event_types = *std::move(types);
  else
    in.refuse("event_types", "is required");
  if (!std::all_of(workflow.event_types.begin(), workflow.event_types.end(), is_pattern))
    in.refuse("event_types", "must each be a type such as invoice.paid, a pattern such as charge.*, or *");
  const auto steps = in.objects("steps", kStepsMax);
  std::vector<Step> read;
  for (auto each = steps.first(); !each.absent(); each = steps.next(each))
    read.push_back(StepReader(in, each, read.size()).read());
  workflow.steps = read;
  return workflow;
}

void encode_step(json::Writer& out, const Step& step) {
  out.begin_object();
  if (step.emit) json::encode(out.key("emit"), *step.emit);
  if (step.wait) json::encode(out.key("wait"), *step.wait);
  out.end_object();
}

void encode_terms(json::Writer& out, const Workflow& workflow) {
  out.key("id").string(workflow.id).key("enabled").boolean(workflow.enabled);
  json::encode(out.key("event_types"), workflow.event_types);
  out.key("steps").begin_array();
  for (const auto& step : workflow.steps.list()) encode_step(out, step);
  out.end_array();
}

void encode_workflow(json::Writer& out, const Workflow& workflow) {
  out.begin_object();
  encode_terms(out, workflow);
  encode_stamp(out, {workflow.created_at, workflow.updated_at, workflow.updated_by});
  out.end_object();
}

// Those of the org, by id; none where it has none.
Result<Workflows> read_workflows(const Context& context, const Request& request) {
  TRY(const auto stored, read_setting(context.settings, registry::make_key<Workflows>(request.org)));
  return stored ? std::get<Workflows>(stored->value) : Workflows{request.org, {}};
}

auto place_of(std::vector<Workflow>& workflows, std::string_view id) {
  return std::lower_bound(workflows.begin(), workflows.end(), id,
                          [](const Workflow& each, std::string_view wanted) { return each.id < wanted; });
}

// Errors: invalid, with what is too much.
Status check_size(const Workflows& workflows) {
  if (workflows.all.size() > kWorkflowsMax)
    return Error{ErrorCode::invalid,
                 "an org has no more than " + std::to_string(kWorkflowsMax) + " workflows; delete one first"};
  std::size_t bytes = 0;
  for (const auto& workflow : workflows.all) bytes += workflow.steps.text().size();
  if (bytes > kAllStepsBytesMax)
    return Error{ErrorCode::invalid, "with the org's other workflows come to more than " +
                                         std::to_string(kAllStepsBytesMax) + " bytes of steps"};
  return ok();
}

Result<std::optional<Values>> with(const std::optional<Values>& now, const Request& request,
                                   Workflow workflow) {
  Workflows next = now ? std::get<Workflows>(*now) : Workflows{request.org, {}};
  const auto place = place_of(next.all, workflow.id);
  if (place != next.all.end() && place->id == workflow.id) {
    workflow.created_at = place->created_at;
    *place = std::move(workflow);
  } else {
    next.all.insert(place, std::move(workflow));
  }
  TRY_STATUS(check_size(next));
  return std::optional<Values>(std::move(next));
}

Result<std::optional<Values>> without(const std::optional<Values>& now, std::string_view id) {
  if (!now) return Error{ErrorCode::not_found, {}};
  Workflows next = std::get<Workflows>(*now);
  const auto place = place_of(next.all, id);
  if (place == next.all.end() || place->id != id) return Error{ErrorCode::not_found, {}};
  next.all.erase(place);
  return next.all.empty() ? std::optional<Values>() : std::optional<Values>(std::move(next));
}

ListQuery::After listed_at(const Workflow& workflow) { return {workflow.created_at, workflow.id}; }

// The page that the query asks for: an org's workflows are few, and read as a whole.
Page<Workflow> page_of(std::vector<Workflow> all, const ListQuery& query) {
  const auto place = [](const ListQuery::After& at) { return std::tie(at.at, at.key); };
  const bool ascending = query.order == ListOrder::oldest_first;
  const auto before = [&](const ListQuery::After& a, const ListQuery::After& b) {
    return ascending ? place(a) < place(b) : place(b) < place(a);
  };
  std::sort(all.begin(), all.end(),
            [&](const Workflow& a, const Workflow& b) { return before(listed_at(a), listed_at(b)); });
  if (query.after)
    std::erase_if(all, [&](const Workflow& each) { return !before(*query.after, listed_at(each)); });
  Page<Workflow> page;
  const bool ends = all.size() <= query.limit;
  if (!ends) all.resize(query.limit);
  if (!ends) page.next_cursor = make_cursor("workflows", query.order, {listed_at(all.back())});
  page.rows = std::move(all);
  return page;
}

}  // namespace

Result<http::Response> list_workflows(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  in.page("workflows", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(auto workflows, read_workflows(context, request));
  return page_response(page_of(std::move(workflows.all), query), encode_workflow);
}

Result<http::Response> get_workflow(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  TRY(auto workflows, read_workflows(context, request));
  const auto id = request.parameter("id");
  const auto found = place_of(workflows.all, id);
  if (found == workflows.all.end() || found->id != id) return not_found(kWhat);
  json::Writer out;
  encode_workflow(out, *found);
  return json_response(std::move(out));
}

Result<http::Response> put_workflow(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  BodyReader in(request);
  Workflow given = read_workflow(request, in);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  given.created_at = given.updated_at = context.clock.now();
  given.updated_by = request.principal.name;
  json::Writer detail;
  detail.begin_object();
  encode_terms(detail, given);
  detail.end_object();
  bool too_much = false;
  auto changed =
      change_setting(context, change_of<Workflows>(request, request.org, "put", std::move(detail).text()),
                     [&](const std::optional<Values>& now) {
                       auto next = with(now, request, given);
                       too_much = !next;
                       return next;
                     });
  if (too_much) return refusal_of("/steps", changed.error().detail);
  if (!changed) return changed.error();
  if (changed.value()) return *std::move(changed).value();
  return get_workflow(context, request);
}

Result<http::Response> delete_workflow(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  bool is_there = true;
  auto changed = change_setting(context, change_of<Workflows>(request, request.org, "delete"),
                                [&](const std::optional<Values>& now) {
                                  auto next = without(now, request.parameter("id"));
                                  is_there = next.has_value();
                                  return next;
                                });
  if (!is_there) return not_found(kWhat);
  if (!changed) return changed.error();
  if (changed.value()) return *std::move(changed).value();
  return http::Response{.status = 204};
}

}  // namespace penstock::admin
