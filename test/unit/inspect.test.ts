// What is seen of objects from outside: when they are printed, and when they are cloned.
import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import {
  CudaEvent,
  cuda,
  Device,
  DeviceBuffer,
  Kernel,
  Module,
  PreparedLaunch,
  Stream,
  TensorMap,
} from '../../lib/index.js';
import { thrown } from '../support/errors.js';
import { ptx, STORE } from '../support/kernels.js';

const OWN = [Module, Kernel, PreparedLaunch, TensorMap];
const CLASSES = [Device, Stream, CudaEvent, DeviceBuffer, ...OWN];

function open() {
  const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26 });
  const buffer = device.alloc('int8', 3);
  return { device, buffer, stream: device.createStream(), event: device.createEvent() };
}

test('printed, with and after disposal', () => {
  const { device, buffer, stream, event } = open();
  const where = `device: { index: 0, name: '${device.name}' },`;
  const lines = (value: unknown) => inspect(value, { breakLength: 60 }).replace(/\n\s*/g, ' ');
  for (const disposed of [false, true]) {
    if (disposed) device.dispose();
    const end = `disposed: ${disposed} }`;
    expect(lines(buffer)).toBe(`DeviceBuffer { dtype: 'int8', length: 3, ${where} ${end}`);
    expect(lines(stream)).toBe(`Stream { priority: 0, isDefault: false, ${where} ${end}`);
    expect(lines(event)).toBe(`CudaEvent { timing: true, ${where} ${end}`);
    expect(lines(device)).toMatch(/^Device { index: 0, name: .* isSimulated: true, disposed: /);
    expect(lines(device).endsWith(end)).toBe(true);
  }
  expect(inspect({ a: { b: { c: { buffer } } } })).toMatch('c: [Object]');
  expect(inspect(buffer, { depth: -1 })).toBe('[DeviceBuffer]');
});

function openOwn() {
  const { device } = open();
  const code = device.loadModule(ptx(STORE));
  const kernel = code.kernel('store', ['uint32*', 'uint32']);
  const buffer = device.alloc('uint32', 64);
  const prepared = kernel.prepare({ grid: 2, block: 3 }, buffer, 7);
  const map = device.tensorMap({ buffer, shape: [8, 8], box: [8, 8] });
  return { device, code, kernel, prepared, map };
}

test('own kernels are printed, with and after disposal', () => {
  const { device, code, kernel, prepared, map } = openOwn();
  const where = `device: { index: 0, name: '${device.name}' },`;
  const lines = (value: unknown) => inspect(value, { breakLength: 60 }).replace(/\n\s*/g, ' ');
  for (const disposed of [false, true]) {
    if (disposed) device.dispose();
    const end = `disposed: ${disposed} }`;
    const kernels = disposed ? '' : `kernels: [ 'store' ], `;
    expect(lines(code)).toBe(`Module { ${kernels}${where} ${end}`);
    expect(lines(kernel)).toBe(`Kernel { name: 'store', ${where} ${end}`);
    expect(lines(prepared)).toBe(`PreparedLaunch { kernel: 'store', ${where} ${end}`);
    expect(lines(map)).toBe(`TensorMap { dtype: 'uint32', writes: false, ${end}`);
  }
});

test('whatever has their methods can be printed', () => {
  for (const { name, prototype } of CLASSES) {
    expect(inspect(Object.create(prototype))).toBe(`${name} {}`);
    expect(inspect(prototype)).toEqual(expect.any(String));
    const method = Object.getOwnPropertyDescriptor(prototype, inspect.custom)!.value;
    for (const value of [undefined, null, 7, {}, new Proxy({}, {})]) {
      expect(method.call(value)).toBe(value);
    }
  }
});

test('cannot be cloned, and say so', () => {
  const { device, buffer, stream, event } = open();
  const own = openOwn();
  const { port1, port2 } = new MessageChannel();
  for (const [value, name] of [
    [device, 'Device'],
    [device.defaultStream, 'Stream'],
    [stream, 'Stream'],
    [event, 'CudaEvent'],
    [buffer, 'DeviceBuffer'],
    [buffer.slice(1), 'DeviceBuffer'],
    [{ buffer, shape: [3] }, 'DeviceBuffer'],
    [own.code, 'Module'],
    [own.kernel, 'Kernel'],
    [own.prepared, 'PreparedLaunch'],
    [own.map, 'TensorMap'],
  ] as const) {
    for (const clone of [
      () => structuredClone(value),
      () => port1.postMessage(value),
      () => serialize(value),
    ]) {
      expect(thrown(clone).message).toMatch(`a ${name}: `);
    }
    expect(thrown(() => structuredClone(value)).name).toBe('DataCloneError');
  }
  port1.close();
  port2.close();
  device.dispose();
});
