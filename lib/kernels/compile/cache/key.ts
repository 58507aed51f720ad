/**
 * The key of an entry on disk: everything that the result depends on.
 */
import { createHash } from 'node:crypto';
import type { CompileTarget } from '../architecture.js';
import type { Library } from '../library.js';
import type { CompileRequest } from '../options.js';
import { SCHEMA } from './entry.js';

/** What the target adds where the architecture is left to us. It begins like no key of a request. */
export function targetKey(target: CompileTarget | undefined): string {
  if (target === undefined) return '';
  return `${target.ptxOnly ? 'S' : 'G'}${10 * target.major + target.minor}\0`;
}

/**
 * Never of what is produced, which holds random names. In the order of the arguments, for the library may
 * list what is expected of them.
 */
export function diskKey(
  request: CompileRequest,
  target: CompileTarget | undefined,
  library: Library,
): Buffer {
  const hash = createHash('sha256');
  for (const part of [
    `nodecuda ${SCHEMA}`,
    library.version,
    library.identity,
    request.architecture === undefined ? targetKey(target) : '',
    request.key,
    request.source,
  ]) {
    hash.update(`${Buffer.byteLength(part)}\0`).update(part);
  }
  return hash.digest();
}
