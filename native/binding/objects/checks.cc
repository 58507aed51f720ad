#include <atomic>
#include <string_view>

#include "binding/call.h"
#include "binding/exports.h"
#include "runtime/check_log.h"

namespace nodecuda {
namespace {

constexpr std::string_view kKinds[] = {"memory", "race", "init", "sync", "leak"};

napi_value ToPlace(napi_env env, const CheckPlace& place) {
  Object object(env);
  object.Set("kernel", std::string_view(place.kernel));
  object.Set("source", std::string_view(place.source));
  object.Set("ptxLine", place.line);
  object.Set("mnemonic", std::string_view(place.mnemonic));
  object.Set("block", place.block);
  object.Set("thread", place.thread);
  return object.value();
}

napi_value ToFinding(napi_env env, const CheckFinding& finding) {
  Object object(env);
  object.Set("kind", kKinds[static_cast<std::size_t>(finding.kind)]);
  object.Set("isAdvice", finding.is_advice);
  object.Set("message", std::string_view(finding.message));
  object.Set("at", ToPlace(env, finding.at));
  if (finding.other) object.Set("other", ToPlace(env, *finding.other));
  // Addresses of the host's memory fit a number.
  if (finding.address) object.Set("address", *finding.address);
  if (finding.allocation) {
    Object allocation(env);
    allocation.Set("address", finding.allocation->address);
    allocation.Set("bytes", finding.allocation->bytes);
    allocation.Set("site", finding.allocation->site);
    allocation.Set("freed", finding.allocation->freed);
    object.Set("allocation", allocation.value());
  }
  object.Set("count", finding.count);
  return object.value();
}

napi_value Open(Call& call) {
  const auto checks = static_cast<unsigned>(call.Integer(0, 1, kAllChecks));
  return call.FromNumber(call.environment().check_logs.Add(std::make_shared<CheckLog>(checks)));
}

napi_value SetSite(Call& call) {
  call.environment()
      .check_logs.Get(call.Number(0))
      ->SetSite(static_cast<std::uint32_t>(call.Integer(1, 0, 1 << 30)));
  return call.Undefined();
}

napi_value FindLeaks(Call& call) {
  call.environment().check_logs.Get(call.Number(0))->FindLeaks();
  return call.Undefined();
}

napi_value Findings(Call& call) {
  auto& logs = call.environment().check_logs;
  const std::shared_ptr<CheckLog> log = logs.Get(call.Number(0));
  // The table and `log`: the device is closed, and what was launched there has ended. Asked before
  // the findings are taken, so that nothing comes in between.
  const bool is_over = log.use_count() == 2;
  std::atomic_thread_fence(std::memory_order_acquire);
  Array findings(call.env());
  for (const CheckFinding& finding : log->Findings()) findings.Add(ToFinding(call.env(), finding));
  Object answer(call.env());
  answer.Set("findings", findings.value());
  answer.Set("dropped", log->dropped());
  answer.Set("isOver", is_over);
  if (is_over) logs.Remove(call.Number(0));
  return answer.value();
}

}  // namespace

void ExportChecks(napi_env env, napi_value exports, Environment& environment) {
  const auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("openChecks", EntryPoint<Open>);
  add("setAllocationSite", EntryPoint<SetSite>);
  add("findLeaks", EntryPoint<FindLeaks>);
  add("checkFindings", EntryPoint<Findings>);
}

}  // namespace nodecuda
