import { native } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import { argumentTypeError, checkBoolean, readOptions, typeError } from '../base/checks.js';
import { INSPECT, inspected, uncloneable } from '../base/inspect.js';
import { leakRegistry } from '../base/leaks.js';
import { ChildState } from '../device/child-state.js';
import type { Device } from '../device/device.js';
import { assertDeviceOpen, checkSameDevice, type DeviceState } from '../device/state.js';
import { type Stream, streamHandle } from './stream.js';

/** Options of {@link Device.createEvent}. */
export interface EventOptions {
  /** Keep the time for {@link CudaEvent.elapsedMs}. Default true. */
  timing?: boolean | undefined;
}

/** What a CudaEvent is made of. */
class EventState extends ChildState {
  constructor(
    device: DeviceState,
    handle: Handle,
    readonly timing: boolean,
  ) {
    super(device, handle, 'CudaEvent');
  }

  protected release(handle: Handle): void {
    native().closeEvent(handle);
  }
}

const leaks = leakRegistry('CudaEvent');
const UNCLONEABLE = uncloneable('a CudaEvent: it belongs to its thread');

let makeEvent: (device: Device, state: EventState) => CudaEvent;
let stateOf: (value: unknown) => EventState | undefined;

/**
 * A mark in a stream: reached when everything enqueued before it is done. It can be waited for, by
 * the host or by another stream, and two of them tell the time between.
 *
 * Made by {@link Device.createEvent}. It may be recorded again and again; the last recording
 * counts, except for what already waits for an earlier one. Before the first there is nothing to
 * wait for.
 *
 * Every method throws {@link CudaDisposedError} after `dispose()`, {@link CudaDeviceLostError} once
 * the device is lost, and `TypeError` or `RangeError` for wrong arguments, before anything is done.
 *
 * @example
 * ```ts
 * using start = device.createEvent();
 * using end = device.createEvent();
 * start.record();
 * using c = device.matmul(a, b, { m, n, k });
 * end.record();
 * await end.synchronize();
 * console.log(`${start.elapsedMs(end)} ms`);
 * ```
 *
 * @group Start here
 */
export class CudaEvent {
  readonly #device: Device;
  readonly #state: EventState;
  /** @internal */
  readonly uncloneable = UNCLONEABLE;

  private constructor(device: Device, state: EventState) {
    if (!(state instanceof EventState)) throw typeError('Use device.createEvent()');
    this.#device = device;
    this.#state = state;
    leaks.register(this, state);
  }

  static {
    makeEvent = (device, state) => new CudaEvent(device, state);
    stateOf = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
  }

  /** The device it belongs to. */
  get device(): Device {
    receiver(this, 'device');
    return this.#device;
  }

  /** True after {@link CudaEvent.dispose}, or after its device was disposed. */
  get disposed(): boolean {
    return !receiver(this, 'disposed').isOpen();
  }

  /**
   * Marks this point of a stream, in place of the point marked before. Enqueues and returns.
   *
   * @param stream - default: the device's default stream
   * @throws {@link CudaWrongDeviceError} for a stream of another device
   *
   * @example
   * ```ts
   * event.record(stream);
   * ```
   */
  record(stream?: Stream): void {
    const state = receiver(this, 'record');
    const handle = state.handle();
    native().recordEvent(handle, streamHandle(stream, state.device));
  }

  /**
   * True if the recorded point is reached, or nothing was recorded. Waits for nothing.
   *
   * @throws as {@link CudaEvent.synchronize}
   *
   * @example
   * ```ts
   * if (event.query()) console.log('reached');
   * ```
   */
  query(): boolean {
    return native().eventQuery(receiver(this, 'query').handle());
  }

  /**
   * Resolves when the recorded point is reached. Does not block the event loop.
   *
   * @throws {@link CudaDisposedError} after `dispose()`
   * @throws {@link CudaDeviceLostError} if work on the device failed
   *
   * @example
   * ```ts
   * await event.synchronize();
   * ```
   */
  async synchronize(): Promise<void> {
    await native().eventSynchronize(receiver(this, 'synchronize').handle());
  }

  /**
   * Blocks until the recorded point is reached.
   *
   * @throws as {@link CudaEvent.synchronize}
   *
   * @example
   * ```ts
   * event.synchronizeSync();
   * ```
   */
  synchronizeSync(): void {
    native().eventSynchronizeSync(receiver(this, 'synchronizeSync').handle());
  }

  /**
   * Milliseconds of device time from this event to `end`, to about half a microsecond. Waits for
   * nothing: both must be recorded and reached.
   *
   * @throws `RangeError` if either was made with `timing: false` or never recorded
   * @throws {@link CudaDriverError} with status 600 (cudaErrorNotReady), which is `retryable`, if
   *   either is not reached yet: `await end.synchronize()` first
   * @throws {@link CudaWrongDeviceError} for an event of another device
   *
   * @example
   * ```ts
   * await end.synchronize();
   * const ms = start.elapsedMs(end);
   * ```
   */
  elapsedMs(end: CudaEvent): number {
    const state = receiver(this, 'elapsedMs');
    const handle = state.handle();
    return native().eventElapsedMs(handle, eventHandle(end, 'end', state.device));
  }

  /**
   * Gives the event back. What waits for it goes on waiting. May be called again; never throws.
   *
   * @example
   * ```ts
   * event.dispose();
   * ```
   */
  dispose(): void {
    receiver(this, 'dispose').close();
  }

  /** Calls {@link CudaEvent.dispose}, for `using`. */
  [Symbol.dispose](): void {
    receiver(this, 'dispose').close();
  }

  /** @internal */
  [INSPECT](): object {
    const state = stateOf(this);
    if (state === undefined) return this;
    return inspected(CudaEvent.prototype, {
      timing: state.timing,
      device: state.device.label,
      disposed: !state.isOpen(),
    });
  }
}

/** Behind `device.createEvent`. */
export function createEvent(device: object, state: DeviceState, options: unknown): CudaEvent {
  const given = readOptions(options, { timing: undefined });
  const timing = checkBoolean(given.timing, 'timing', true);
  assertDeviceOpen(state);
  return makeEvent(
    device as Device,
    new EventState(state, native().createEvent(state.handle, timing), timing),
  );
}

function receiver(value: unknown, member: string): EventState {
  const state = stateOf(value);
  if (state === undefined) {
    throw argumentTypeError('a CudaEvent', `this of CudaEvent.${member}`, value);
  }
  return state;
}

/** The native event of an argument for work on `device`. */
export function eventHandle(value: unknown, name: string, device: DeviceState): Handle {
  const state = stateOf(value);
  if (state === undefined) throw argumentTypeError('a CudaEvent', name, value);
  const handle = state.handle();
  checkSameDevice(device, state.device, name);
  return handle;
}
