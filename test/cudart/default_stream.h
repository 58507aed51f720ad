#ifndef NODECUDA_TEST_CUDART_DEFAULT_STREAM_H_
#define NODECUDA_TEST_CUDART_DEFAULT_STREAM_H_

#include <cuda_runtime_api.h>

// CUDA's legacy default stream, which only programs have (RunPrograms): a null stream is a mistake
// of nodecuda's. What is enqueued there waits for all that was enqueued before on the device's
// other streams, and they wait for it, but for those that were made with cudaStreamNonBlocking.
// cudaStreamPerThread is taken for it too: ordered with more than it needs.
namespace nodecuda::cudart {

void StreamMade(cudaStream_t stream, unsigned flags);
void StreamGone(cudaStream_t stream);
// The stream itself, which has to be live, or the one of the current device that null means.
cudaStream_t NeedStream(const char* call, cudaStream_t stream);
// The same, for a call that enqueues: its order with the others is kept.
cudaStream_t NeedOrdered(const char* call, cudaStream_t stream);

}  // namespace nodecuda::cudart

#endif  // NODECUDA_TEST_CUDART_DEFAULT_STREAM_H_
