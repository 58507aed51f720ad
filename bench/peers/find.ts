/** Which peers there are on this machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Peer, type PeerProcess } from './client';

const ROOT = join(__dirname, '..', '..');
const BUILT = join(ROOT, 'build', 'peers');

/** A peer that there is, or why there is none. */
export interface FoundPeer {
  readonly name: string;
  readonly peer: Peer | undefined;
  readonly reason: string;
}

/** What they use, by name: a version, or why it is not there. */
export function peerVersions(peers: readonly FoundPeer[]): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const { name, peer, reason } of peers) {
    if (peer === undefined) versions[name] = `not there: ${reason}`;
    else Object.assign(versions, peer.versions);
  }
  return versions;
}

// pip's packages keep CUDA's libraries in folders where the loader does not look.
const PIP_LIBRARIES = `
import glob, os, sys
print(os.pathsep.join(d for p in sys.path for d in glob.glob(os.path.join(p, 'nvidia', '*', 'lib'))))
`;

function libraryPath(): string {
  const places = [process.env.LD_LIBRARY_PATH, '/usr/local/cuda/lib64'];
  const { stdout } = spawnSync('python3', ['-c', PIP_LIBRARIES], { encoding: 'utf8' });
  places.push(stdout?.trim());
  return places.filter(Boolean).join(':');
}

function native(name: string, file: string): PeerProcess {
  return { name, command: join(BUILT, file), env: { LD_LIBRARY_PATH: libraryPath() } };
}

function python(name: string, library: string): PeerProcess {
  return { name, command: 'python3', args: [join(__dirname, 'peer.py'), library] };
}

// In the bundle they are built already, and neither this script's compilers nor git are needed.
function build(): void {
  const script = join(ROOT, 'scripts', 'build-peers.mjs');
  if (!existsSync(script)) return;
  try {
    execFileSync(process.execPath, [script], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    console.error(`The peers in C++ were not built: ${(error as Error).message}`);
  }
}

/** Starts what there is: on a GPU machine all of them, else those that need none. */
export async function findPeers(hasGpu: boolean): Promise<FoundPeer[]> {
  if (hasGpu) build();
  const processes = hasGpu
    ? [
        native('cuBLAS', 'cublas_peer'),
        native('CUB', 'cub_peer'),
        python('PyTorch', 'torch'),
        python('CuPy', 'cupy'),
        python('NumPy', 'numpy'),
      ]
    : [python('NumPy', 'numpy')];
  return Promise.all(
    processes.map(async (what): Promise<FoundPeer> => {
      try {
        return { name: what.name, peer: await Peer.start(what), reason: '' };
      } catch (error) {
        return { name: what.name, peer: undefined, reason: (error as Error).message };
      }
    }),
  );
}
