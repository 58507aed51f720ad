// The instructions of compute capability 9.0 that the matrix products of hopper.cuh are made
// of, one function each: mbarriers, tensor copies (TMA), clusters and what surrounds wgmma. Shared
// memory is named by its 32-bit address in the shared window.
#pragma once

#include <cstdint>

namespace hopper {

// CUtensorMap: encoded by the driver on the host, opaque here, passed as a kernel parameter.
struct alignas(128) TensorMap {
  std::uint64_t opaque[16];
};

__device__ __forceinline__ std::uint32_t SharedAddress(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

// ---- mbarriers

__device__ __forceinline__ void InitBarrier(std::uint32_t barrier, unsigned arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}

// After InitBarrier, before any thread of the cluster and the copy engine use the barriers. The
// copy engine reads shared memory through the asynchronous proxy, to which ordinary stores are not
// visible without a proxy fence.
__device__ __forceinline__ void FenceBarrierInit() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

// One arrival, and `bytes` more that copies have to bring before the phase ends.
__device__ __forceinline__ void ArriveExpectingBytes(std::uint32_t barrier, unsigned bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes)
               : "memory");
}

__device__ __forceinline__ void Arrive(std::uint32_t barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

// Arrives at the barrier that the block with this rank in the cluster has at the same address.
__device__ __forceinline__ void ArriveAt(std::uint32_t barrier, unsigned rank) {
  asm volatile(
      "{\n"
      ".reg .b32 remote;\n"
      "mapa.shared::cluster.u32 remote, %0, %1;\n"
      "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [remote];\n"
      "}\n" ::"r"(barrier),
      "r"(rank)
      : "memory");
}

// Waits until the phase with this parity has ended. try_wait sleeps a while in hardware, so that
// the loop does not take issue slots from those who compute.
__device__ __forceinline__ void WaitForPhase(std::uint32_t barrier, unsigned parity) {
  asm volatile(
      "{\n"
      ".reg .pred done;\n"
      "again:\n"
      "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
      "@done bra finished;\n"
      "bra again;\n"
      "finished:\n"
      "}\n" ::"r"(barrier),
      "r"(parity)
      : "memory");
}

// ---- tensor copies

// Copies a box that begins at the coordinates (x fastest) to shared memory; what is outside of the
// tensor arrives as zeros and counts as bytes all the same.
__device__ __forceinline__ void CopyBox(std::uint32_t destination, const TensorMap& map,
                                        std::uint32_t barrier, int x, int y, int z) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes "
      "[%0], [%1, {%3, %4, %5}], [%2];" ::"r"(destination),
      "l"(&map), "r"(barrier), "r"(x), "r"(y), "r"(z)
      : "memory");
}

// The same, to every block of the cluster whose bit is set, at the same address in each, and
// signalling each one's own barrier.
__device__ __forceinline__ void MulticastBox(std::uint32_t destination, const TensorMap& map,
                                             std::uint32_t barrier, int x, int y, int z,
                                             std::uint16_t blocks) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes"
      ".multicast::cluster [%0], [%1, {%3, %4, %5}], [%2], %6;" ::"r"(destination),
      "l"(&map), "r"(barrier), "r"(x), "r"(y), "r"(z), "h"(blocks)
      : "memory");
}

// ---- clusters

__device__ __forceinline__ unsigned BlockRankInCluster() {
  unsigned rank;
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}

__device__ __forceinline__ unsigned BlocksInCluster() {
  unsigned blocks;
  asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(blocks));
  return blocks;
}

// A barrier of all threads of all blocks of the cluster.
__device__ __forceinline__ void SynchronizeCluster() {
  asm volatile(
      "barrier.cluster.arrive.release.aligned;\n"
      "barrier.cluster.wait.acquire.aligned;" ::
          : "memory");
}

// ---- warpgroups

// All warps of a warpgroup give up registers, or wait for them, until each thread has kRegisters.
template <int kRegisters>
__device__ __forceinline__ void ReleaseRegisters() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters>
__device__ __forceinline__ void AcquireRegisters() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

// Orders what the warpgroup wrote to its accumulators before the wgmma that follow.
__device__ __forceinline__ void WgmmaFence() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

__device__ __forceinline__ void WgmmaCommit() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
// Waits until at most kPending of the groups committed last are unfinished.
template <int kPending>
__device__ __forceinline__ void WgmmaWait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}

}  // namespace hopper
