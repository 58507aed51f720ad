#ifndef NODECUDA_BINDING_ENVIRONMENT_H_
#define NODECUDA_BINDING_ENVIRONMENT_H_

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "binding/handle_table.h"
#include "binding/napi_setup.h"
#include "binding/watcher.h"
#include "ops/matmul/planner.h"
#include "resources/memory_box.h"
#include "resources/module_box.h"
#include "resources/platform.h"
#include "resources/texture_box.h"
#include "runtime/check_log.h"
#include "runtime/meter_log.h"
#include "simulator/exec/debug/session.h"

namespace nodecuda {

// A JavaScript Device and its default stream.
struct OpenedDevice {
  std::shared_ptr<DeviceBox> box;
  std::shared_ptr<StreamBox> default_stream;
  double default_stream_handle = 0;
};

// A launch that is made again and again. Its buffers are named by handles: whether they are open is
// asked each time.
struct PreparedLaunch {
  std::shared_ptr<KernelBox> kernel;
  std::shared_ptr<StreamBox> stream;
  LaunchConfig config;
  std::vector<std::byte> parameters;
  std::vector<double> uses;
};

// The metering of a device's launches, until it is told to end or is gone.
struct OpenMeter {
  std::shared_ptr<PhysicalDevice> device;  // null: it has ended
  const std::shared_ptr<MeterLog> log = std::make_shared<MeterLog>();

  OpenMeter() = default;
  ~OpenMeter() { End(); }
  OpenMeter(const OpenMeter&) = delete;
  OpenMeter& operator=(const OpenMeter&) = delete;
  void End() noexcept {
    if (device != nullptr) device->runtime().SetMeter(device->index(), nullptr);
    device.reset();
  }
};

// Something long that needs no JavaScript, on a thread of its own. Its work asks `stop` now and
// then whether to end early.
struct Errand {
  using Work = std::function<void(const std::atomic<bool>& stop)>;
  // What the promise for the end of the work resolves with; made on the JavaScript thread.
  using Answer = std::function<napi_value(napi_env env)>;

  Errand() = default;
  ~Errand() {
    stop = true;
    if (thread.joinable()) thread.join();
  }
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  std::atomic<bool> stop{false};
  std::thread thread;
  Answer answer;  // none: undefined
};

// Everything the addon holds for one JavaScript environment (the main thread or a Worker). Used on
// that environment's thread only, but for Deliver.
class Environment {
 public:
  explicit Environment(napi_env env) : env_(env) {}
  ~Environment();  // closes everything, children before parents
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  HandleTable<Platform> runtimes{HandleKind::kRuntime};
  HandleTable<OpenedDevice> devices{HandleKind::kDevice};
  HandleTable<StreamBox> streams{HandleKind::kStream};
  HandleTable<BufferView> buffers{HandleKind::kBuffer};
  HandleTable<ReadBox> reads{HandleKind::kRead};
  HandleTable<RecordableEvent> events{HandleKind::kEvent};
  HandleTable<ModuleBox> modules{HandleKind::kModule};
  HandleTable<KernelBox> kernels{HandleKind::kKernel};
  HandleTable<PreparedLaunch> prepared_launches{HandleKind::kPreparedLaunch};
  HandleTable<PrintfFifo> printf_fifos{HandleKind::kPrintf};
  HandleTable<CheckLog> check_logs{HandleKind::kChecks};
  HandleTable<OpenMeter> meters{HandleKind::kMeter};
  HandleTable<ArrayBox> arrays{HandleKind::kArray};
  HandleTable<TextureBox> textures{HandleKind::kTexture};
  HandleTable<simulator::DebugSession> debuggers{HandleKind::kDebugger};

  // A Float64Array of abi::kArgumentBlockLength numbers through which calls with many arguments
  // pass them.
  napi_value MakeArgumentBlock();
  // Where its numbers are now. Asked for at each call: JavaScript can detach the memory, which is
  // then no longer there. Throws Failure if it did.
  const double* argument_block() const;

  MatmulPlanner matmul_planner;

  // A promise for the end of `events`, which `keep_alive` owns. Throws Failure if that is already
  // known to have failed to start.
  napi_value MakePromise(const std::shared_ptr<PhysicalDevice>& device, std::vector<Event> events,
                         std::shared_ptr<void> keep_alive);

  // Calls `work` on a thread of its own. A promise for its end, or for the Failure that it throws.
  napi_value MakePromise(Errand::Work work, Errand::Answer answer = nullptr);

  // Settles the promises that are due, which happens in their time otherwise: a program that does
  // not come back to its event loop for long would keep what they hold.
  void Settle() noexcept;

  // Ends the threads that wait for devices which nobody here has open, once they have nothing left
  // to wait for: they hold the device, and a simulated one is its memory and its threads.
  void ReleaseWatchers();

 private:
  void StartDelivery();
  void EndDelivery();
  Watcher& WatcherOf(const std::shared_ptr<PhysicalDevice>& device);
  void Deliver(Waits waits) noexcept;  // any thread
  void Settle(const Wait& wait) noexcept;
  napi_value AnswerOf(const Wait& wait);
  void StopWatchers() noexcept;
  static void StopWatchersOf(void* self) { static_cast<Environment*>(self)->StopWatchers(); }

  napi_env env_;
  napi_ref argument_block_ = nullptr;
  std::vector<std::unique_ptr<Watcher>> watchers_;  // one per open device that was waited for
  napi_threadsafe_function wake_up_ = nullptr;
  std::list<std::unique_ptr<Errand>> errands_;
  std::size_t outstanding_ =
      0;  // promises that a watcher or an errand has; they keep the event loop alive
  std::mutex mutex_;
  Waits finished_;  // guarded by mutex_
};

}  // namespace nodecuda

#endif  // NODECUDA_BINDING_ENVIRONMENT_H_
