#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "binding/call.h"
#include "binding/exports.h"
#include "simulator/exec/debug/inspect.h"
#include "simulator/exec/debug/launch_debugger.h"
#include "simulator/exec/debug/registers.h"

// The debugger of simulated devices.
namespace nodecuda {
namespace {

using simulator::BlockRunner;
using simulator::Breakpoint;
using simulator::CodePlace;
using simulator::DebugSession;
using simulator::LaneGroup;
using simulator::Stop;

constexpr std::string_view kReasons[] = {"breakpoint", "step", "pause", "fault", "deadlock"};
constexpr std::size_t kMostBytes = std::size_t{1} << 20;

const std::shared_ptr<DebugSession>& SessionOf(Call& call) {
  return call.environment().debuggers.Get(call.Number(0));
}

const Stop& RequireStop(const DebugSession::Held& held) {
  if (held.stop() == nullptr)
    throw Failure(Failure::Kind::kUnsupported, "no kernel is stopped in the debugger");
  return *held.stop();
}

BlockRunner& BlockOf(Call& call, std::size_t index, const Stop& stop) {
  BlockRunner* block = simulator::FindBlock(stop, call.Size(index));
  if (block == nullptr)
    throw Failure(Failure::Kind::kArgumentRange, "that block does not run at the moment");
  return *block;
}

std::uint32_t ThreadOf(Call& call, std::size_t index, const BlockRunner& block) {
  return static_cast<std::uint32_t>(call.Integer(index, 0, static_cast<int>(block.threads()) - 1));
}

void SetPlace(Object* object, const CodePlace& place) {
  object->Set("function", place.function);
  object->Set("source", std::string_view(place.source));
  object->Set("ptxLine", place.line);
  object->Set("mnemonic", place.mnemonic);
}

napi_value Open(Call& call) {
  std::shared_ptr<DebugSession> session = DebugSession::Open();
  if (session == nullptr)
    throw Failure(Failure::Kind::kUnsupported, "the process has a debugger already");
  return call.FromNumber(call.environment().debuggers.Add(std::move(session)));
}

napi_value Close(Call& call) {
  const std::shared_ptr<DebugSession> session = call.environment().debuggers.Remove(call.Number(0));
  if (session != nullptr) session->Close(call.Boolean(1));
  return call.Undefined();
}

std::optional<Dim3> IndexAt(const std::int32_t* numbers) {
  if (numbers[0] < 0) return std::nullopt;
  return Dim3{static_cast<std::uint32_t>(numbers[0]), static_cast<std::uint32_t>(numbers[1]),
              static_cast<std::uint32_t>(numbers[2])};
}

// (handle, kind, name, line, Int32Array of block and thread, register, operator, value, asks)
napi_value Add(Call& call) {
  Breakpoint breakpoint;
  breakpoint.kind = static_cast<Breakpoint::Kind>(call.Integer(1, 0, 2));
  breakpoint.name = call.Text(2);
  breakpoint.line = static_cast<std::uint32_t>(call.Integer(3, 0, 1 << 30));
  const ViewBytes who = call.View(4);
  std::int32_t numbers[6];
  if (who.bytes != sizeof numbers)
    throw Failure(Failure::Kind::kArgumentRange, "expected six numbers for a block and a thread");
  std::memcpy(numbers, who.data, sizeof numbers);
  breakpoint.block = IndexAt(numbers);
  breakpoint.thread = IndexAt(numbers + 3);
  breakpoint.asks = call.Boolean(8);
  if (std::string name = call.Text(5); !name.empty()) {
    simulator::Condition& when = breakpoint.when.emplace();
    when.name = std::move(name);
    when.compare = static_cast<simulator::Condition::Operator>(call.Integer(6, 0, 5));
    const std::string value = call.Text(7);
    when.number = std::strtod(value.c_str(), nullptr);
    when.is_integer = value.find_first_not_of("-0123456789") == std::string::npos;
    when.is_negative = value.starts_with('-');
    when.magnitude = std::strtoull(value.c_str() + (when.is_negative ? 1 : 0), nullptr, 10);
  }
  return call.FromNumber(SessionOf(call)->Add(std::move(breakpoint)));
}

napi_value Remove(Call& call) {
  return call.FromBoolean(SessionOf(call)->Remove(call.Integer(1, 0, 1 << 30)));
}

// 0: no launch had code for it yet; 1: but not its block or thread; 2: all.
napi_value Match(Call& call) {
  const auto match = SessionOf(call)->MatchOf(call.Integer(1, 0, 1 << 30));
  return call.FromNumber(static_cast<double>(match));
}

napi_value Pause(Call& call) {
  SessionOf(call)->Pause();
  return call.Undefined();
}

// (handle, pace, block, thread): the thread counts for steps. False: nothing is stopped.
napi_value Resume(Call& call) {
  simulator::Resumption how;
  how.pace = static_cast<simulator::Pace>(call.Integer(1, 0, 4));
  DebugSession::Held held = SessionOf(call)->Hold();
  if (held.stop() == nullptr) return call.FromBoolean(false);
  if (how.pace != simulator::Pace::kContinue) {
    const BlockRunner& block = BlockOf(call, 2, *held.stop());
    const std::uint32_t thread = ThreadOf(call, 3, block);
    how.block = &block;
    how.warp = static_cast<int>(thread / simulator::kWarpSize);
    how.lane = static_cast<int>(thread % simulator::kWarpSize);
  }
  held.Resume(how);
  return call.FromBoolean(true);
}

// (handle, lane, message): whether a stop that asks is one, of that lane; -1: it is none. False:
// none asks.
napi_value Judge(Call& call) {
  const int lane = call.Integer(1, -1, simulator::kWarpSize - 1);
  DebugSession::Held held = SessionOf(call)->Hold();
  if (held.stop() == nullptr || held.stop()->asked == 0) return call.FromBoolean(false);
  if (lane < 0)
    held.Resume({.rejected = true});
  else if ((held.stop()->asked >> lane & 1) != 0)
    held.Confirm(lane, call.Text(2));
  else
    throw Failure(Failure::Kind::kArgumentRange, "that lane is not asked for");
  return call.FromBoolean(true);
}

// A promise for true at the next stop, for false once the debugger is closed.
napi_value Stopped(Call& call) {
  const auto session = SessionOf(call);
  const auto found = std::make_shared<bool>(false);
  return call.environment().MakePromise(
      [session, found](const std::atomic<bool>& stop) { *found = session->WaitForStop(stop); },
      [found](napi_env env) { return ToValue(env, *found); });
}

// Undefined where nothing is stopped.
napi_value Current(Call& call) {
  const DebugSession::Held held = SessionOf(call)->Hold();
  if (held.stop() == nullptr) return call.Undefined();
  const Stop& stop = *held.stop();
  const simulator::Grid& grid = stop.block->grid();
  Object object(call.env());
  object.Set("reason", kReasons[static_cast<std::size_t>(stop.reason)]);
  object.Set("breakpoint", stop.breakpoint);
  object.Set("message", std::string_view(stop.message));
  object.Set("asked", stop.asked);
  object.Set("kernel", std::string_view(grid.kernel().name));
  object.Set("module", std::string_view(std::to_string(grid.kernel().function_window)));
  object.Set("gridSize", grid.shape().grid);
  object.Set("blockSize", grid.shape().block);
  object.Set("block", grid.IndexOf(stop.block->index()));
  object.Set("thread", simulator::ThreadAt(grid.shape().block, stop.warp, stop.lane));
  SetPlace(&object, simulator::PlaceOf(grid.kernel(), stop.pc));
  return object.value();
}

napi_value Warps(Call& call) {
  const DebugSession::Held held = SessionOf(call)->Hold();
  const Stop& stop = RequireStop(held);
  const BlockRunner& block = BlockOf(call, 1, stop);
  Array groups(call.env());
  for (const LaneGroup& group :
       simulator::GroupsOf(block, stop.block == &block ? &stop : nullptr)) {
    Object object(call.env());
    object.Set("warp", group.warp);
    object.Set("lanes", group.mask);
    object.Set("state", group.state);
    SetPlace(&object, simulator::PlaceOf(stop.launch->kernel(), group.pc));
    groups.Add(object.value());
  }
  return groups.value();
}

napi_value Frames(Call& call) {
  const DebugSession::Held held = SessionOf(call)->Hold();
  const Stop& stop = RequireStop(held);
  const BlockRunner& block = BlockOf(call, 1, stop);
  Array frames(call.env());
  for (const CodePlace& place : simulator::FramesOf(stop, block, ThreadOf(call, 2, block))) {
    Object object(call.env());
    SetPlace(&object, place);
    frames.Add(object.value());
  }
  return frames.value();
}

napi_value DescribeRegister(Call& call, std::string_view name, ptx::Type type,
                            const simulator::RegisterBits& bits) {
  char text[40];
  std::snprintf(text, sizeof text, "0x%016" PRIx64 "%016" PRIx64, bits.high, bits.low);
  Object object(call.env());
  object.Set("name", name);
  object.Set("type", ptx::TypeName(type));
  object.Set("bits", text);
  return object.value();
}

// (handle, block, thread, name): one of them, or a special one. Undefined where there is none.
napi_value Register(Call& call) {
  const DebugSession::Held held = SessionOf(call)->Hold();
  const Stop& stop = RequireStop(held);
  BlockRunner& block = BlockOf(call, 1, stop);
  const std::uint32_t thread = ThreadOf(call, 2, block);
  const auto group = simulator::FindThread(stop, block, thread);
  if (!group) return call.Undefined();
  const std::string name = call.Text(3);
  const auto found = simulator::ReadNamed(block, group->pc, group->warp,
                                          static_cast<int>(thread % simulator::kWarpSize), name);
  return found ? DescribeRegister(call, name, found->type, found->bits) : call.Undefined();
}

// Empty where the thread has ended.
napi_value Registers(Call& call) {
  const DebugSession::Held held = SessionOf(call)->Hold();
  const Stop& stop = RequireStop(held);
  BlockRunner& block = BlockOf(call, 1, stop);
  const std::uint32_t thread = ThreadOf(call, 2, block);
  Array registers(call.env());
  const auto group = simulator::FindThread(stop, block, thread);
  if (!group) return registers.value();
  for (const simulator::RegisterNote* note :
       simulator::RegistersAt(stop.launch->kernel(), group->pc)) {
    const auto [low, high] = simulator::ReadRegister(
        *note, block.FileOf(group->warp), static_cast<int>(thread % simulator::kWarpSize));
    registers.Add(DescribeRegister(call, note->name, note->type, {low, high}));
  }
  return registers.value();
}

constexpr ptx::Space kSpaces[] = {ptx::Space::kGlobal, ptx::Space::kShared, ptx::Space::kLocal,
                                  ptx::Space::kParam, ptx::Space::kNone};

constexpr char kNotThere[] =
    "not all of these bytes are in an allocation, or in that memory, or may be written";

// In digits, as numbers of JavaScript are too short.
std::uint64_t WideNumber(Call& call, std::size_t index) {
  const std::string digits = call.Text(index);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size())
    throw Failure(Failure::Kind::kArgumentType, "expected a number of 64 bits, in digits");
  return number;
}

// (handle, block, thread, name). Undefined where there is none.
napi_value Variable(Call& call) {
  const DebugSession::Held held = SessionOf(call)->Hold();
  const Stop& stop = RequireStop(held);
  BlockRunner& block = BlockOf(call, 1, stop);
  const auto place = simulator::FindVariable(stop, block, ThreadOf(call, 2, block), call.Text(3));
  if (!place) return call.Undefined();
  Object object(call.env());
  object.Set("space",
             static_cast<int>(std::ranges::find(kSpaces, place->space) - std::begin(kSpaces)));
  object.Set("address", std::string_view(std::to_string(place->address)));
  return object.value();
}

// (handle, block, thread, space, address, bytes)
napi_value Memory(Call& call) {
  const DebugSession::Held held = SessionOf(call)->Hold();
  BlockRunner& block = BlockOf(call, 1, RequireStop(held));
  const std::uint32_t thread = ThreadOf(call, 2, block);
  const auto count = static_cast<std::size_t>(call.Integer(5, 0, kMostBytes));
  const std::byte* bytes = simulator::FindMemory(block, thread, kSpaces[call.Integer(3, 0, 4)],
                                                 WideNumber(call, 4), count);
  if (bytes == nullptr) throw Failure(Failure::Kind::kArgumentRange, kNotThere);
  void* data = nullptr;
  napi_value buffer;
  Require(napi_create_arraybuffer(call.env(), count, &data, &buffer));
  std::copy_n(bytes, count, static_cast<std::byte*>(data));
  return buffer;
}

// (handle, block, thread, space, address, view)
napi_value SetMemory(Call& call) {
  const DebugSession::Held held = SessionOf(call)->Hold();
  BlockRunner& block = BlockOf(call, 1, RequireStop(held));
  const std::uint32_t thread = ThreadOf(call, 2, block);
  const ViewBytes view = call.View(5);
  const std::span bytes(static_cast<const std::byte*>(view.data), view.bytes);
  if (!simulator::WriteMemory(block, thread, kSpaces[call.Integer(3, 0, 4)], WideNumber(call, 4),
                              bytes))
    throw Failure(Failure::Kind::kArgumentRange, kNotThere);
  return call.Undefined();
}

// (handle, block, thread, name, low, high). False where there is no such register.
napi_value SetRegister(Call& call) {
  const DebugSession::Held held = SessionOf(call)->Hold();
  const Stop& stop = RequireStop(held);
  BlockRunner& block = BlockOf(call, 1, stop);
  const std::uint32_t thread = ThreadOf(call, 2, block);
  const auto group = simulator::FindThread(stop, block, thread);
  return call.FromBoolean(
      group && simulator::WriteRegister(block, group->pc, group->warp,
                                        static_cast<int>(thread % simulator::kWarpSize),
                                        call.Text(3), {WideNumber(call, 4), WideNumber(call, 5)}));
}

// Lines of the PTX of the kernel that is stopped, the first being 1, as far as there are any.
napi_value Lines(Call& call) {
  const DebugSession::Held held = SessionOf(call)->Hold();
  const int first = call.Integer(1, 1, 1 << 30), last = call.Integer(2, 1, 1 << 30);
  std::string_view text = RequireStop(held).launch->kernel().text;
  Array lines(call.env());
  for (int line = 1; line <= last && !text.empty(); ++line) {
    const std::string_view one = text.substr(0, text.find('\n'));
    if (line >= first) lines.Add(one);
    text.remove_prefix(std::min(one.size() + 1, text.size()));
  }
  return lines.value();
}

}  // namespace

void ExportDebugger(napi_env env, napi_value exports, Environment& environment) {
  const auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("openDebugger", EntryPoint<Open>);
  add("closeDebugger", EntryPoint<Close>);
  add("addBreakpoint", EntryPoint<Add>);
  add("removeBreakpoint", EntryPoint<Remove>);
  add("breakpointMatch", EntryPoint<Match>);
  add("debuggerPause", EntryPoint<Pause>);
  add("debuggerJudge", EntryPoint<Judge>);
  add("debuggerResume", EntryPoint<Resume>);
  add("debuggerStopped", EntryPoint<Stopped>);
  add("debuggerStop", EntryPoint<Current>);
  add("debuggerWarps", EntryPoint<Warps>);
  add("debuggerFrames", EntryPoint<Frames>);
  add("debuggerRegisters", EntryPoint<Registers>);
  add("debuggerRegister", EntryPoint<Register>);
  add("debuggerVariable", EntryPoint<Variable>);
  add("debuggerMemory", EntryPoint<Memory>);
  add("debuggerSetMemory", EntryPoint<SetMemory>);
  add("debuggerSetRegister", EntryPoint<SetRegister>);
  add("debuggerLines", EntryPoint<Lines>);
}

}  // namespace nodecuda
