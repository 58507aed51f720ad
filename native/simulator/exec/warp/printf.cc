#include "simulator/exec/warp/printf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/printf_fifo.h"
#include "simulator/exec/warp/format.h"
#include "simulator/exec/warp/lanes.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;

// Of each text in the message of an assertion.
constexpr std::size_t kMostAssertBytes = 4096;

// Reads text at a generic address, up to a NUL or to `most` bytes. False, with the fault, where the
// memory ends before.
bool ReadText(MemoryView& view, int lane, std::uint64_t address, std::size_t most,
              std::string* text) {
  if (address == 0) {  // as the C library does
    *text = std::string("(null)").substr(0, most);
    return true;
  }
  const Region region = view.Find(Space::kNone, address);
  if (!region.Contains(address, 1))
    return most == 0 || view.Refuse(Space::kNone, address, 1, false, lane);
  const auto* begin = reinterpret_cast<const char*>(
      address + region.bias + static_cast<unsigned>(lane) * region.lane_stride);
  const std::uint64_t left = region.bytes - (address - region.begin);
  const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(left, most));
  const std::size_t length = strnlen(begin, bytes);
  if (length == left && length < most)
    return view.Fail(Status::kIllegalAddress, lane, "a text has no NUL before its memory ends");
  text->assign(begin, length);
  return true;
}

// The arguments as nvcc lays them out.
class LaneArguments final : public FormatArguments {
 public:
  LaneArguments(MemoryView& view, int lane, std::uint64_t address)
      : view_(view), lane_(lane), address_(address) {}

  bool Next(std::size_t bytes, std::uint64_t* bits) override {
    address_ = (address_ + bytes - 1) & ~(std::uint64_t{bytes} - 1);
    std::uint64_t host = 0;
    if (!ResolveLane(view_, Space::kNone, address_, bytes, bytes, false, lane_, &host))
      return false;
    *bits = 0;
    std::memcpy(bits, reinterpret_cast<const void*>(host), bytes);
    address_ += bytes;
    return true;
  }
  bool Text(std::uint64_t address, std::size_t most, std::string* text) override {
    return ReadText(view_, lane_, address, most, text);
  }

 private:
  MemoryView& view_;
  int lane_;
  std::uint64_t address_;
};

// What one thread prints, and the value of its call; nullopt for a fault.
std::optional<int> PrintLane(MemoryView& view, int lane, std::uint64_t format,
                             std::uint64_t arguments, std::string* printed) {
  if (format == 0) return kNullFormat;
  std::string text;
  if (!ReadText(view, lane, format, kMostPrintedBytes + 1, &text)) return std::nullopt;
  LaneArguments reader(view, lane, arguments);
  return Format(text, reader, printed);
}

void Deliver(const WarpContext& context, std::vector<std::string>* printed) {
  if (context.printf != nullptr) context.printf->Add(*printed);
}

bool RunPrintf(const Instruction& in, WarpContext& context, LaneMask mask) {
  const auto* formats = context.Slot<std::uint64_t>(in.slot[1]);
  const auto* arguments = context.Slot<std::uint64_t>(in.slot[2]);
  std::vector<std::string> printed;
  bool done = true;
  for (LaneMask rest = mask; rest != 0 && done; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const std::optional<int> result =
        PrintLane(context.view, lane, formats[lane], arguments[lane], &printed.emplace_back());
    done = result.has_value();
    if (done) context.Slot<std::int32_t>(in.slot[0])[lane] = *result;
  }
  Deliver(context, &printed);
  return done;
}

std::string Triple(const WarpContext& context, const std::uint32_t* operands, int lane) {
  const auto number = [&](int i) {
    return std::to_string(context.Slot<std::uint32_t>(operands[i])[lane]);
  };
  return "[" + number(0) + "," + number(1) + "," + number(2) + "]";
}

// As CUDA words it. False for a fault.
bool DescribeAssert(const Instruction& in, WarpContext& context, int lane, std::string* words) {
  const std::uint32_t* operands = context.ListOf(in);
  std::string message, file, function;
  for (const auto& [index, text] :
       {std::pair{0, &message}, std::pair{1, &file}, std::pair{3, &function}}) {
    const std::uint64_t address = context.Slot<std::uint64_t>(operands[index])[lane];
    if (!ReadText(context.view, lane, address, kMostAssertBytes, text)) return false;
  }
  const std::uint32_t line = context.Slot<std::uint32_t>(operands[2])[lane];
  *words = file + ":" + std::to_string(line) + ": " + function +
           ": block: " + Triple(context, operands + 4, lane) +
           ", thread: " + Triple(context, operands + 7, lane) + " Assertion `" + message +
           "` failed.";
  return true;
}

bool RunAssert(const Instruction& in, WarpContext& context, LaneMask mask) {
  std::vector<std::string> printed;
  std::string first;
  for (LaneMask rest = mask; rest != 0; rest &= rest - 1) {
    std::string& words = printed.emplace_back();
    if (!DescribeAssert(in, context, std::countr_zero(rest), &words)) return false;
    if (first.empty()) first = words;
    words += '\n';
  }
  Deliver(context, &printed);
  return context.view.Fail(Status::kAssert, std::countr_zero(mask), std::move(first));
}

}  // namespace

WarpHandler PrintfHandler() {
  return RunPrintf;
}

WarpHandler AssertHandler() {
  return RunAssert;
}

}  // namespace nodecuda::simulator
