// Kinds of host memory that the compiler's library does not know, or that are rarely met.

export type Resizable = ArrayBuffer & { resize(byteLength: number): void };

export function resizable(byteLength: number, maxByteLength: number): Resizable {
  const Memory = ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable;
  return new Memory(byteLength, { maxByteLength });
}

/** One page of memory of a WebAssembly instance. */
export function wasmMemory(): ArrayBuffer {
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { Memory: new (options: object) => { buffer: ArrayBuffer } };
  };
  return new WebAssembly.Memory({ initial: 1 }).buffer;
}

/** Moves the memory away, as a transfer to a worker does. */
export function detach(memory: ArrayBufferLike): ArrayBuffer {
  return structuredClone(memory as ArrayBuffer, { transfer: [memory as ArrayBuffer] });
}
