/**
 * An entry of the cache as bytes:
 *
 *   magic, 8 bytes | SHA-256 of all that follows | key, 32 bytes | length of the JSON, 4 bytes, little
 *   endian | JSON | PTX, UTF-8 | machine code
 *
 * What is not exactly that is no entry: damaged, cut short, of another version, or put there by another
 * program.
 */
import { createHash } from 'node:crypto';
import type { CompiledParts } from '../compiled.js';

/** Changes with the format, and with whatever else makes old entries wrong. */
export const SCHEMA = 1;

const MAGIC = Buffer.from('NODECUD1', 'latin1');
const HASH_BYTES = 32;
const KEY_AT = MAGIC.length + HASH_BYTES;
const LENGTH_AT = KEY_AT + HASH_BYTES;
const JSON_AT = LENGTH_AT + 4;

type Header = Omit<CompiledParts, 'ptx' | 'cubin'> & { readonly ptxBytes: number };

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** The pieces of a file, to be written one after the other. */
export function encodeEntry(key: Buffer, { ptx, cubin, ...rest }: CompiledParts): Buffer {
  const text = Buffer.from(ptx, 'utf8');
  const header: Header = { ...rest, ptxBytes: text.length };
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const content = Buffer.concat([key, length, json, text, cubin]);
  return Buffer.concat([MAGIC, sha256(content), content]);
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isPair = (value: unknown) => isTexts(value) && value.length === 2;

// The checksum says that the bytes are as they were written, not by whom.
function isHeader(value: unknown): value is Header {
  const header = value as Partial<Record<keyof Header, unknown>> | null;
  return (
    typeof header === 'object' &&
    header !== null &&
    isText(header.architecture) &&
    isText(header.log) &&
    isText(header.nvrtcVersion) &&
    isText(header.libraryPath) &&
    (header.headerRoot === null || isText(header.headerRoot)) &&
    isTexts(header.options) &&
    Array.isArray(header.loweredNames) &&
    header.loweredNames.every(isPair) &&
    Number.isSafeInteger(header.ptxBytes) &&
    (header.ptxBytes as number) >= 0
  );
}

/** The parts; undefined if the bytes are no entry for the key. */
export function decodeEntry(key: Buffer, bytes: Buffer): CompiledParts | undefined {
  if (bytes.length < JSON_AT || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (!bytes.subarray(KEY_AT, LENGTH_AT).equals(key)) return undefined;
  const hash = bytes.subarray(MAGIC.length, KEY_AT);
  if (!sha256(bytes.subarray(KEY_AT)).equals(hash)) return undefined;
  const ptxAt = JSON_AT + bytes.readUInt32LE(LENGTH_AT);
  if (ptxAt > bytes.length) return undefined;
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString('utf8', JSON_AT, ptxAt));
  } catch {
    return undefined;
  }
  if (!isHeader(header)) return undefined;
  const { ptxBytes, ...rest } = header;
  const cubinAt = ptxAt + ptxBytes;
  if (cubinAt > bytes.length) return undefined;
  return {
    ...rest,
    ptx: bytes.toString('utf8', ptxAt, cubinAt),
    cubin: new Uint8Array(bytes.subarray(cubinAt)),
  };
}
