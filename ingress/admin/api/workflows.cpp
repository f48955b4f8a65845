#include <algorithm>

#include "common/catalogue/catalogue.h"
#include "common/core/org.h"
#include "common/json/pointer.h"
#include "ingress/admin/api/event_patterns.h"
#include "ingress/admin/api/setting_collection.h"
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
constexpr std::int64_t kTimeoutMax = 366LL * 24 * 60 * 60;

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
    if (!is_event_type(step.type) || step.type.find('.') == std::string::npos)
      refuse("type", "must be a category, a dot and a name, of a-z 0-9 _");
    else if (is_own_type(step.type))
      refuse("type", "is one that Penstock itself tells; choose another");
    return step;
  }

  WaitStep read_wait(json::Value wait) {
    pointer_ += "/wait";
    refuse_others(wait, {"event_type", "match", "timeout_s"});
    WaitStep step{text(wait, "event_type"), text(wait, "match"), wait["timeout_s"].integer().value_or(0)};
    if (!is_event_type(step.event_type)) refuse("event_type", "must be one type, such as invoice.paid");
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
  workflow.event_types = read_patterns(in);
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
  put_item(next.all, std::move(workflow));
  TRY_STATUS(check_size(next));
  return std::optional<Values>(std::move(next));
}

}  // namespace

Result<http::Response> list_workflows(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  in.page("workflows", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(auto workflows, read_collection<Workflows>(context, request.org));
  return page_response(page_of(std::move(workflows.all), query, "workflows"), encode_workflow);
}

Result<http::Response> get_workflow(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  TRY(auto workflows, read_collection<Workflows>(context, request.org));
  const Workflow* found = find_item(workflows.all, request.parameter("id"));
  if (found == nullptr) return not_found(kWhat);
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
  return delete_item<Workflows>(context, request, kWhat);
}

}  // namespace penstock::admin
