/**
 * What a Device does about streams and events, and a Stream about events.
 */
import { native } from '../addon/load.js';
import { deviceReceiver } from '../device/device.js';
import { assertDeviceOpen } from '../device/state.js';
import { type CudaEvent, createEvent, type EventOptions, eventHandle } from './event.js';
import {
  createStream,
  type Stream,
  type StreamOptions,
  streamReceiver,
  wrapDefaultStream,
} from './stream.js';

// Made at the first use. A Stream keeps its Device, so nothing that outlives the Device may hold one.
const defaultStreams = new WeakMap<object, Stream>();

/**
 * The methods of {@link Device} that make streams and events.
 *
 * @group What Device and Stream can do
 */
export abstract class StreamMethods {
  /**
   * The stream on which work is enqueued that names no other. It lives as long as the device.
   *
   * @group Streams
   */
  get defaultStream(): Stream {
    const state = deviceReceiver(this, 'defaultStream');
    let stream = defaultStreams.get(this);
    if (stream === undefined) {
      stream = wrapDefaultStream(this, state);
      defaultStreams.set(this, stream);
    }
    return stream;
  }

  /**
   * The range of `priority` in {@link Device.createStream}: smaller is more urgent.
   *
   * @group Streams
   */
  get streamPriorities(): { readonly least: number; readonly greatest: number } {
    const state = deviceReceiver(this, 'streamPriorities');
    assertDeviceOpen(state);
    const [least, greatest] = native().devicePriorityRange(state.handle);
    return { least, greatest };
  }

  /**
   * Makes a stream: a queue of work that runs beside the others.
   *
   * @throws `RangeError` for a priority outside of {@link Device.streamPriorities}
   *
   * @example
   * ```ts
   * using stream = device.createStream();
   * ```
   *
   * @group Streams
   */
  createStream(options?: StreamOptions): Stream {
    const state = deviceReceiver(this, 'createStream');
    assertDeviceOpen(state);
    return createStream(this, state, options);
  }

  /**
   * Makes an event: a mark to record in a stream, to wait for and to take times with.
   *
   * @example
   * ```ts
   * using event = device.createEvent();
   * ```
   *
   * @group Streams
   */
  createEvent(options?: EventOptions): CudaEvent {
    const state = deviceReceiver(this, 'createEvent');
    assertDeviceOpen(state);
    return createEvent(this, state, options);
  }
}

/**
 * The methods of {@link Stream} that take events.
 *
 * @group What Device and Stream can do
 */
export abstract class EventMethods {
  /**
   * Makes what is enqueued from now on wait until `event` is reached as it is recorded now.
   * Enqueues and returns. For an event that was never recorded it does nothing, as in CUDA.
   *
   * Buffers need no such help: see {@link Stream}.
   *
   * @throws {@link CudaWrongDeviceError} for an event of another device
   *
   * @example
   * ```ts
   * event.record(upload);
   * compute.waitFor(event);
   * ```
   */
  waitFor(event: CudaEvent): void {
    const state = streamReceiver(this, 'waitFor');
    const handle = state.handle();
    native().streamWaitEvent(handle, eventHandle(event, 'event', state.device));
  }
}
