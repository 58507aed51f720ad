// Node's environment, with the constructors of the main realm: what the addon makes (errors, typed
// arrays, promises) is then `instanceof` what the tests name.
const { TestEnvironment } = require('jest-environment-node');

const SHARED = [
  'Error',
  'TypeError',
  'RangeError',
  'Promise',
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Float32Array',
  'Float64Array',
  'Float16Array',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
];

class MainRealmEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of SHARED) {
      if (name in globalThis) this.global[name] = globalThis[name];
    }
    if (globalThis.gc) this.global.gc = globalThis.gc;
  }
}

module.exports = MainRealmEnvironment;
