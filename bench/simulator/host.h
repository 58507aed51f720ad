#ifndef NODECUDA_BENCH_SIMULATOR_HOST_H_
#define NODECUDA_BENCH_SIMULATOR_HOST_H_

// What corpus.cu computes, in plain C++ for one thread. `pointers` are the kernel's, in its order;
// `n` is its last parameter, or what the grid amounts to.
void HostSaxpy(void* const* pointers, unsigned n);
void HostMandelbrot(void* const* pointers, unsigned width);
void HostNbody(void* const* pointers, unsigned n);
void HostMatmul(void* const* pointers, unsigned n);
void HostHistogram(void* const* pointers, unsigned n);
void HostReduce(void* const* pointers, unsigned n);
void HostScan(void* const* pointers, unsigned n);
void HostTranspose(void* const* pointers, unsigned n);
void HostStencil(void* const* pointers, unsigned n);
void HostSort(void* const* pointers, unsigned n);
void HostBlackScholes(void* const* pointers, unsigned n);
void HostSpmv(void* const* pointers, unsigned n);
void HostCollatz(void* const* pointers, unsigned n);
void HostHash(void* const* pointers, unsigned n);
void HostConvolve(void* const* pointers, unsigned n);

#endif  // NODECUDA_BENCH_SIMULATOR_HOST_H_
