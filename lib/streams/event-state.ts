import { native } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import { argumentTypeError } from '../base/checks.js';
import { ChildState } from '../device/child-state.js';
import { checkSameDevice, type DeviceState } from '../device/state.js';

/** What a CudaEvent is made of. */
export class EventState extends ChildState {
  constructor(device: DeviceState, handle: Handle) {
    super(device, handle, 'CudaEvent');
  }

  protected release(handle: Handle): void {
    native().closeEvent(handle);
  }
}

let stateOf: (value: unknown) => EventState | undefined = () => undefined;

/** Called once, by the class CudaEvent, which alone can see the state of its objects. */
export function setEventStateOf(read: (value: unknown) => EventState | undefined): void {
  stateOf = read;
}

/** The state of `this` in a method of CudaEvent. */
export function eventReceiver(value: unknown, member: string): EventState {
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
