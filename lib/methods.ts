/**
 * What Device and Stream can do: the one list.
 *
 * Device stands low, because buffers, streams and events name it; what it does stands higher. Each
 * family's `methods.ts` has its methods with their docstrings in a class of their own. Here they are
 * declared to be Device's, for the compiler, and copied to it. So whoever wants to make a Device has
 * to come by here, and gets one with all its methods.
 */
import { mixin } from './base/mixin.js';
import { Device } from './device/device.js';
import { CheckMethods, ListenerMethods, PreloadMethods, ProfileMethods } from './device/methods.js';
import { KernelMethods } from './kernels/methods.js';
import { MemoryMethods } from './memory/methods.js';
import { ElementwiseOperations } from './operations/elementwise/methods.js';
import { UnaryOperations } from './operations/elementwise/unary-methods.js';
import { MatrixOperations } from './operations/matmul/methods.js';
import { ReductionOperations } from './operations/reduce/methods.js';
import { SoftmaxOperations } from './operations/softmax/methods.js';
import { TransposeOperations } from './operations/transpose/methods.js';
import { EventMethods, StreamMethods } from './streams/methods.js';
import { Stream } from './streams/stream.js';
import { TextureMethods } from './textures/methods.js';

declare module './device/device.js' {
  interface Device
    extends StreamMethods,
      MemoryMethods,
      PreloadMethods,
      ListenerMethods,
      CheckMethods,
      ProfileMethods,
      KernelMethods,
      TextureMethods,
      UnaryOperations,
      ElementwiseOperations,
      ReductionOperations,
      SoftmaxOperations,
      TransposeOperations,
      MatrixOperations {}
}
mixin(
  Device,
  StreamMethods,
  MemoryMethods,
  PreloadMethods,
  ListenerMethods,
  CheckMethods,
  ProfileMethods,
  KernelMethods,
  TextureMethods,
  UnaryOperations,
  ElementwiseOperations,
  ReductionOperations,
  SoftmaxOperations,
  TransposeOperations,
  MatrixOperations,
);

declare module './streams/stream.js' {
  interface Stream extends EventMethods {}
}
mixin(Stream, EventMethods);

export { openDevice } from './device/device.js';
export { Device };
