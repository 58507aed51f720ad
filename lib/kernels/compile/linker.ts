/**
 * Machine code to one cubin, with nvJitLink.
 */
import { native } from '../../addon/load.js';
import type { Handle } from '../../addon/types.js';
import { CudaModuleError } from '../../base/errors.js';
import { NVJITLINK } from './kinds.js';
import { notFoundWords, places } from './places.js';

/** What is to be linked, checked. */
export interface LinkRequest {
  /** As messages call them. */
  readonly names: readonly string[];
  /** Further ones of nvJitLink. */
  readonly options: readonly string[];
  readonly nvJitLink: string | undefined;
  readonly nvJitLinkRoots: readonly string[];
}

interface Linker {
  readonly path: string;
  readonly version: string;
}

// Looked for each time: it may be there later, and one that was opened is kept.
async function findLinker(request: LinkRequest): Promise<Linker> {
  const looked = places(NVJITLINK, request.nvJitLink, request.nvJitLinkRoots);
  const search = await native().openLinker(looked.flatMap((place) => place.names));
  const { path, major, minor } = search;
  if (path !== null) return { path, version: `${major}.${minor}` };
  throw new CudaModuleError(notFoundWords(NVJITLINK, looked, search.failures), {
    code: 'ERR_CUDA_NO_LINKER',
    operation: 'dlopen',
  });
}

const HINTS: readonly [RegExp, string][] = [
  [
    /Unsupported \.version|INCOMPATIBLE|OUTDATED|UNRECOGNIZED_ARCH|UNSUPPORTED_ARCH|unrecognized architecture/,
    'a source, or the device, is newer than this nvJitLink: use one that is as new',
  ],
  [
    /bad input|ARCH_MISMATCH|INVALID_INPUT/,
    'a source is damaged, of a newer toolkit than this nvJitLink, or of another major version of CUDA',
  ],
];

/** The bytes of a cubin for an architecture such as `sm_90`. Rejects with {@link CudaModuleError}. */
export async function linkCode(
  device: Handle,
  images: readonly Uint8Array[],
  architecture: string,
  request: LinkRequest,
): Promise<Uint8Array> {
  const { path, version } = await findLinker(request);
  const options = [`-arch=${architecture}`, ...request.options];
  const result = await native().linkCode(device, images, request.names, path, options);
  if (result.status === 0) return result.cubin;
  const { log, operation, words } = result;
  const hint = HINTS.find(([pattern]) => pattern.test(`${words}\n${log}`))?.[1];
  const lines = [
    `The modules were not linked: ${operation} failed with ${words}`,
    log.trimEnd(),
    hint ?? '',
    `(nvJitLink ${version}, ${path})`,
  ];
  throw new CudaModuleError(lines.filter((line) => line !== '').join('\n'), {
    log,
    options,
    operation,
    linkerVersion: version,
    libraryPath: path,
  });
}
