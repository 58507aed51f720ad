// The ES module has the same names and types.
import { cuda, type Device, type DeviceBuffer, type Diagnosis, DTYPES, type Dtype } from 'nodecuda';

const device: Device = cuda.simulatedDevice();
const buffer: DeviceBuffer<'float64'> = device.from(new Float64Array(1));
const host: Float64Array = await buffer.read();
const names: readonly Dtype[] = DTYPES;
const diagnosis: Diagnosis = cuda.diagnose();
// @ts-expect-error dtypes differ
device.add(buffer, device.alloc('int8', 1));
void [host, names, diagnosis];
