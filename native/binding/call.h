#ifndef NODECUDA_BINDING_CALL_H_
#define NODECUDA_BINDING_CALL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "binding/environment.h"
#include "binding/napi_setup.h"
#include "binding/value.h"

namespace nodecuda {

// The bytes of a typed array, DataView or Buffer, valid until JavaScript runs again.
struct ViewBytes {
  void* data = nullptr;
  std::size_t bytes = 0;
};

// One call from JavaScript: its arguments, read with checks, and its environment. TypeScript has
// checked the arguments already, with better words; what gets this far wrong came around it.
// Every reader throws Failure.
class Call {
 public:
  static constexpr std::size_t kMaxArguments = 9;

  // Where the arguments are: passed in the call, or left in the environment's argument block,
  // which is cheaper from about four numbers up. In the block there are only numbers.
  enum class Arguments { kPassed, kInBlock };

  Call(napi_env env, napi_callback_info info, Arguments where);

  napi_env env() const { return env_; }
  Environment& environment() const { return *environment_; }

  double Number(std::size_t index) const {
    return block_ != nullptr ? block_[index] : PassedNumber(index);
  }
  // A whole number from 0 to 2^53 - 1.
  std::size_t Size(std::size_t index) const {
    return static_cast<std::size_t>(
        Whole(index, 0, kMaxSafeInteger, "a whole number from 0 to 2^53 - 1"));
  }
  // A whole number from -(2^53 - 1) to 2^53 - 1.
  std::int64_t Signed(std::size_t index) const {
    return Whole(index, -kMaxSafeInteger, kMaxSafeInteger,
                 "a whole number from -(2^53 - 1) to 2^53 - 1");
  }
  // A whole number in [least, most].
  int Integer(std::size_t index, int least, int most) const {
    return static_cast<int>(Whole(index, least, most, "a whole number in range"));
  }
  bool Boolean(std::size_t index) const;
  std::string Text(std::size_t index) const { return Text(arguments_[index], index); }
  // An array of strings.
  std::vector<std::string> Texts(std::size_t index) const;
  ViewBytes View(std::size_t index) const { return View(arguments_[index], index); }
  // Copies of what an array of views holds.
  std::vector<std::string> Copies(std::size_t index) const;
  // What the argument block holds from that number on.
  const double* InBlock(std::size_t index) const { return block_ + index; }

  const std::shared_ptr<Platform>& Runtime(std::size_t index) const {
    return environment_->runtimes.Get(Number(index));
  }
  const std::shared_ptr<OpenedDevice>& Device(std::size_t index) const {
    return environment_->devices.Get(Number(index));
  }
  const std::shared_ptr<StreamBox>& Stream(std::size_t index) const {
    return environment_->streams.Get(Number(index));
  }
  const std::shared_ptr<BufferView>& Buffer(std::size_t index) const {
    return environment_->buffers.Get(Number(index));
  }
  const std::shared_ptr<ReadBox>& Read(std::size_t index) const {
    return environment_->reads.Get(Number(index));
  }
  const std::shared_ptr<RecordableEvent>& Event(std::size_t index) const {
    return environment_->events.Get(Number(index));
  }

  const std::shared_ptr<ModuleBox>& Module(std::size_t index) const {
    return environment_->modules.Get(Number(index));
  }
  const std::shared_ptr<ArrayBox>& TextureArray(std::size_t index) const {
    return environment_->arrays.Get(Number(index));
  }
  const std::shared_ptr<KernelBox>& Kernel(std::size_t index) const {
    return environment_->kernels.Get(Number(index));
  }

  napi_value Undefined() const;
  napi_value FromNumber(double number) const { return ToValue(env_, number); }
  napi_value FromBoolean(bool boolean) const { return ToValue(env_, boolean); }

 private:
  static constexpr double kMaxSafeInteger = 9007199254740991.0;

  [[noreturn]] static void WrongType(std::size_t index, const char* expected);
  double PassedNumber(std::size_t index) const;
  std::string Text(napi_value value, std::size_t index) const;
  ViewBytes View(napi_value value, std::size_t index) const;
  std::vector<napi_value> Elements(std::size_t index) const;
  // Written so that NaN fails. Node-API's own integer readers wrap and truncate in silence; floor()
  // is a call where the compiler may not use SSE 4.1.
  std::int64_t Whole(std::size_t index, double least, double most, const char* expected) const {
    const double value = Number(index);
    if (!(value >= least && value <= most)) [[unlikely]]
      WrongType(index, expected);
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) != value) [[unlikely]]
      WrongType(index, expected);
    return whole;
  }

  napi_env env_;
  Environment* environment_ = nullptr;
  const double* block_ = nullptr;
  napi_value arguments_[kMaxArguments];
};

// Turns the failure into a JavaScript Error that carries it as data. Null where no error can be
// made: the environment is stopping, and nobody is left to tell.
napi_value MakeError(napi_env env, const Failure& failure) noexcept;

// Calls `function` and throws what it throws as a JavaScript exception: no C++ exception may cross
// Node-API.
napi_value Guard(napi_env env, napi_callback_info info, Call::Arguments where,
                 napi_value (*function)(Call&)) noexcept;

template <napi_value (*kFunction)(Call&), Call::Arguments kWhere = Call::Arguments::kPassed>
napi_value EntryPoint(napi_env env, napi_callback_info info) noexcept {
  return Guard(env, info, kWhere, kFunction);
}

// Adds a native function to the exports; its data is the environment.
void ExportFunction(napi_env env, napi_value exports, Environment& environment, const char* name,
                    napi_callback entry_point);

}  // namespace nodecuda

#endif  // NODECUDA_BINDING_CALL_H_
