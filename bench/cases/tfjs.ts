/** The CPU baseline that npm offers without a download: tfjs, its WebAssembly backend. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';

let backend: Promise<unknown> | undefined;

/** tfjs, ready to compute. Its operations are done when they return. */
export async function tfjs(): Promise<typeof tf> {
  backend ??= tf.setBackend('wasm').then((usable) => {
    if (!usable) throw new Error('The wasm backend of tfjs does not start');
    return tf.ready();
  });
  await backend;
  return tf;
}
