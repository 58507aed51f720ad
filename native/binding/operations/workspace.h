#ifndef NODECUDA_BINDING_OPERATIONS_WORKSPACE_H_
#define NODECUDA_BINDING_OPERATIONS_WORKSPACE_H_

#include <memory>
#include <optional>

#include "resources/memory_box.h"

namespace nodecuda {

// Device memory for what an operation keeps while it runs, from the pool of the buffers; freed in
// stream order.
class Workspace {
 public:
  Workspace(const std::shared_ptr<StreamBox>& stream, std::size_t bytes) {
    if (bytes > 0) memory_.emplace(stream->shared_device(), bytes, stream);
  }
  void* data() const { return memory_ ? memory_->data() : nullptr; }

 private:
  std::optional<MemoryBox> memory_;
};

}  // namespace nodecuda

#endif  // NODECUDA_BINDING_OPERATIONS_WORKSPACE_H_
