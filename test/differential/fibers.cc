#include <ucontext.h>

#include <memory>
#include <vector>

#include "test/differential/shim/cuda_shim.h"

cuda_shim::Index threadIdx, blockIdx, gridDim;

namespace cuda_shim {
namespace {

constexpr std::size_t kStackBytes = 128 * 1024;

struct Fiber {
  ucontext_t context;
  std::unique_ptr<char[]> stack{new char[kStackBytes]};
  bool done = false;
};

// makecontext passes no pointers, so the block in progress is global; there is only ever one.
std::vector<Fiber> fibers;
ucontext_t scheduler;
unsigned current;
void (*body)(void*);
void* body_argument;

void FiberMain() {
  body(body_argument);
  fibers[current].done = true;
  // Returning resumes the scheduler (uc_link).
}

// Runs the block's threads from barrier to barrier.
bool RunBlock() {
  for (Fiber& fiber : fibers) {
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStackBytes;
    fiber.context.uc_link = &scheduler;
    fiber.done = false;
    makecontext(&fiber.context, FiberMain, 0);
  }
  while (true) {
    std::size_t done = 0;
    for (current = 0; current < fibers.size(); ++current) {
      threadIdx.x = current;
      swapcontext(&scheduler, &fibers[current].context);
      done += fibers[current].done;
    }
    if (done != 0) return done == fibers.size();
  }
}

}  // namespace

bool RunGrid(Index grid, unsigned threads_per_block, void (*thread)(void*), void* argument) {
  fibers = std::vector<Fiber>(threads_per_block);
  body = thread;
  body_argument = argument;
  gridDim = grid;
  for (blockIdx.z = 0; blockIdx.z < grid.z; ++blockIdx.z) {
    for (blockIdx.y = 0; blockIdx.y < grid.y; ++blockIdx.y) {
      for (blockIdx.x = 0; blockIdx.x < grid.x; ++blockIdx.x) {
        if (!RunBlock()) return false;
      }
    }
  }
  return true;
}

}  // namespace cuda_shim

void __syncthreads() {
  swapcontext(&cuda_shim::fibers[cuda_shim::current].context, &cuda_shim::scheduler);
}
