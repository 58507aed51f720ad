// A test double of the CUDA runtime library: the documented calls that
// native/runtime/cuda_runtime.cc makes, over the simulated device, linked in place of cudart. So
// cuda_runtime.cc itself and what is above it run where there is no GPU.
//
// It proves our calls, not NVIDIA's answers: that arguments and results are passed on as they are
// declared in the toolkit's headers, in an order that the documentation allows, and that every
// failure is handled. What a driver or a GPU does with them, only a GPU can tell.
//
// Environment variables, read at the first call:
//   NODECUDA_DOUBLE_CAPABILITY  compute capability of its devices, 90 for 9.0 (the default)
//   NODECUDA_DOUBLE_DEVICES     how many there are, 1
//   NODECUDA_DOUBLE_FAIL        failures, as nodecudaDoubleFail takes them, with `;` between
// A program that nvcc compiled, with `-cudart none`, runs on it too: programs/kernels.cc.
// A call that breaks a rule of order.h ends the process with a message that names it.
#ifndef NODECUDA_TEST_CUDART_DOUBLE_H_
#define NODECUDA_TEST_CUDART_DOUBLE_H_

#include <cuda_runtime_api.h>

#include <cstdio>
#include <memory>
#include <string>

#include "runtime/printf_fifo.h"
#include "runtime/runtime.h"

namespace nodecuda::cudart {

// The runtime of the simulated devices. Never destroyed: threads may call until the process ends.
Runtime& Simulated();
int Capability();

// Where kernels print to. As the driver does, calls that wait write it to stdout.
const std::shared_ptr<PrintfFifo>& Printf();
template <typename Wait>
Status WaitAndPrint(Wait wait) {
  const Status status = wait();
  const std::string text = Printf()->Take();
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
  return status;
}

// What every call does first: the failure that was ordered for it, if one was.
cudaError_t Begin(const char* call);
// What every call does last: keeps a failure as the thread's last error.
cudaError_t End(cudaError_t error);

// The thread's last error, which stays.
cudaError_t LastError();

template <typename Body>
cudaError_t Call(const char* name, Body body) {
  const cudaError_t ordered = Begin(name);
  return End(ordered != cudaSuccess ? ordered : static_cast<cudaError_t>(body()));
}

// Handles are the simulator's own, the same bits.
template <typename To, typename From>
To Cast(From handle) {
  return reinterpret_cast<To>(handle);
}

}  // namespace nodecuda::cudart

extern "C" {
// `call:nth:code:mode`: the nth call of that name from now on (`*`: of any) returns that code
// without reaching the device; `once`, or `persistent` with all later calls of that name, or
// `sticky` with all later calls, as after a fault. Replaces an earlier order for the name.
void nodecudaDoubleFail(const char* order);
void nodecudaDoubleClear();
// How often the call was made so far; `*`: all.
unsigned long long nodecudaDoubleCount(const char* call);
// The names of all calls, with spaces between.
const char* nodecudaDoubleCalls();
// How many handles of a kind of order.h, or blocks of memory, are live.
unsigned long long nodecudaDoubleLive(const char* kind);
}

#endif  // NODECUDA_TEST_CUDART_DOUBLE_H_
