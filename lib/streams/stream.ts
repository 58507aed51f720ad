import { native } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import { argumentTypeError, checkInteger, readOptions, typeError } from '../base/checks.js';
import { INSPECT, inspected, uncloneable } from '../base/inspect.js';
import { leakRegistry } from '../base/leaks.js';
import { ChildState } from '../device/child-state.js';
import type { Device } from '../device/device.js';
import { assertDeviceOpen, checkSameDevice, type DeviceState } from '../device/state.js';

/** Options of {@link Device.createStream}. */
export interface StreamOptions {
  /**
   * Smaller is more urgent, 0 the usual. `device.streamPriorities` gives the range.
   */
  priority?: number | undefined;
}

/** What a Stream is made of. */
export class StreamState extends ChildState {
  constructor(
    device: DeviceState,
    handle: Handle,
    readonly priority: number,
    /** The device's own, which lives as long as the device. */
    readonly isDefault: boolean,
  ) {
    super(device, handle, 'Stream');
  }

  override close(): void {
    if (!this.isDefault) super.close();
  }

  protected release(handle: Handle): void {
    native().closeStream(handle);
  }
}

const leaks = leakRegistry('Stream');
const UNCLONEABLE = uncloneable('a Stream: it belongs to its thread');

let makeStream: (device: Device, state: StreamState) => Stream;
let stateOf: (value: unknown) => StreamState | undefined;

/**
 * A queue of work on one device. Work on one stream runs in the order in which it was enqueued;
 * streams run side by side. Uses of one buffer on different streams are put in order for you.
 *
 * Made by {@link Device.createStream}. Disposing waits for nothing: enqueued work still completes.
 *
 * @example
 * ```ts
 * using stream = device.createStream();
 * using z = device.add(x, y, { stream });
 * await stream.synchronize();
 * ```
 *
 * @group Start here
 */
export class Stream {
  readonly #device: Device;
  readonly #state: StreamState;
  /** @internal */
  readonly uncloneable = UNCLONEABLE;

  private constructor(device: Device, state: StreamState) {
    if (!(state instanceof StreamState)) throw typeError('Use device.createStream()');
    this.#device = device;
    this.#state = state;
  }

  static {
    makeStream = (device, state) => new Stream(device, state);
    stateOf = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
  }

  /** The device it belongs to. */
  get device(): Device {
    streamReceiver(this, 'device');
    return this.#device;
  }

  /** Its priority: smaller is more urgent. */
  get priority(): number {
    return streamReceiver(this, 'priority').priority;
  }

  /** True after {@link Stream.dispose}, or after its device was disposed. */
  get disposed(): boolean {
    return !streamReceiver(this, 'disposed').isOpen();
  }

  /**
   * Resolves when everything enqueued on the stream so far is done. Does not block the event loop.
   *
   * @throws {@link CudaDisposedError} after `dispose()`
   * @throws {@link CudaDeviceLostError} if that work, or earlier work on the device, failed
   *
   * @example
   * ```ts
   * await stream.synchronize();
   * ```
   */
  async synchronize(): Promise<void> {
    await native().streamSynchronize(streamReceiver(this, 'synchronize').handle());
  }

  /**
   * Blocks until everything enqueued on the stream so far is done.
   *
   * @throws as {@link Stream.synchronize}
   *
   * @example
   * ```ts
   * stream.synchronizeSync();
   * ```
   */
  synchronizeSync(): void {
    native().streamSynchronizeSync(streamReceiver(this, 'synchronizeSync').handle());
  }

  /**
   * True if everything enqueued on the stream so far is done. Waits for nothing.
   *
   * @throws as {@link Stream.synchronize}
   *
   * @example
   * ```ts
   * if (stream.query()) console.log('idle');
   * ```
   */
  query(): boolean {
    return native().streamQuery(streamReceiver(this, 'query').handle());
  }

  /**
   * Gives the stream back. Work on it still completes. May be called again; never throws. Does
   * nothing to {@link Device.defaultStream}, which lives as long as its device.
   *
   * @example
   * ```ts
   * stream.dispose();
   * ```
   */
  dispose(): void {
    streamReceiver(this, 'dispose').close();
  }

  /** Calls {@link Stream.dispose}, for `using`. */
  [Symbol.dispose](): void {
    streamReceiver(this, 'dispose').close();
  }

  /** @internal */
  [INSPECT](): object {
    const state = stateOf(this);
    if (state === undefined) return this;
    return inspected(Stream.prototype, {
      priority: state.priority,
      isDefault: state.isDefault,
      device: state.device.label,
      disposed: !state.isOpen(),
    });
  }
}

/** The state of the Stream on which `member` was called; TypeError if it is none. */
export function streamReceiver(value: unknown, member: string): StreamState {
  const state = stateOf(value);
  if (state === undefined) throw argumentTypeError('a Stream', `this of Stream.${member}`, value);
  return state;
}

/** Behind `device.defaultStream`. */
export function wrapDefaultStream(device: object, state: DeviceState): Stream {
  return makeStream(device as Device, new StreamState(state, state.defaultStream, 0, true));
}

/** Behind `device.createStream`. */
export function createStream(device: object, state: DeviceState, options: unknown): Stream {
  const { priority: wanted } = readOptions(options, { priority: undefined });
  assertDeviceOpen(state);
  let priority = 0;
  if (wanted !== undefined) {
    const [least, greatest] = native().devicePriorityRange(state.handle);
    priority = checkInteger(wanted, 'priority', greatest, least);
  }
  const handle = native().createStream(state.handle, priority);
  const streamState = new StreamState(state, handle, priority, false);
  const stream = makeStream(device as Device, streamState);
  leaks.register(stream, streamState);
  return stream;
}

/** The native stream of an option `stream` for work on `device`: its default stream if undefined. */
export function streamHandle(value: unknown, device: DeviceState): Handle {
  if (value === undefined) return device.defaultStream;
  const state = stateOf(value);
  if (state === undefined) throw argumentTypeError('a Stream', 'stream', value);
  const handle = state.handle();
  checkSameDevice(device, state.device, 'stream');
  return handle;
}
