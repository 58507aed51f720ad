// Unpacks NVIDIA's NVRTC and nvJitLink 12.4 as Debian 13 packages them (non-free) into build/nvrtc, without
// installing them, for the tests that compile and link for real. apt gets lists and caches of its own: the system's stay as they
// are. Fails, and says why, where it cannot be had.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

const PACKAGES = ['libnvrtc12', 'libnvrtc-builtins12.4', 'libnvjitlink12'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

const target = path.resolve(import.meta.dirname, '../build/nvrtc');
// The one that came last.
if (existsSync(path.join(target, 'usr/lib/x86_64-linux-gnu/libnvJitLink.so.12'))) process.exit(0);

function run(command, args, cwd) {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  });
}

/** The mirror of Debian that this machine uses. */
function mirror() {
  const uris = run('apt-get', ['indextargets', '--format', '$(REPO_URI)']).split('\n');
  const uri = uris.find((each) => /\/debian\/?$/.test(each));
  if (uri === undefined) throw new Error('this machine has no mirror of Debian');
  return uri;
}

function unpack() {
  mkdirSync(path.dirname(target), { recursive: true });
  const work = mkdtempSync(path.join(path.dirname(target), 'nvrtc-'));
  try {
    for (const folder of ['lists/partial', 'cache/archives/partial', 'root']) {
      mkdirSync(path.join(work, folder), { recursive: true });
    }
    const list = path.join(work, 'sources.list');
    writeFileSync(list, `deb [signed-by=${KEYRING}] ${mirror()} trixie non-free\n`);
    const settings = {
      'Dir::Etc::sourcelist': list,
      'Dir::Etc::sourceparts': '/dev/null',
      'Dir::State::lists': path.join(work, 'lists'),
      'Dir::State::status': '/dev/null',
      'Dir::Cache': path.join(work, 'cache'),
      'Acquire::Retries': '0',
      'Acquire::http::Timeout': '10',
      'APT::Sandbox::User': 'root',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    run('apt-get', [...options, '-q', 'update'], work);
    run('apt-get', [...options, '-q', 'download', ...PACKAGES], work);
    for (const name of readdirSync(work).filter((each) => each.endsWith('.deb'))) {
      run('dpkg-deb', ['-x', path.join(work, name), path.join(work, 'root')], work);
    }
    rmSync(target, { recursive: true, force: true });
    renameSync(path.join(work, 'root'), target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  unpack();
  console.log(`NVRTC and nvJitLink are in ${target}`);
} catch (error) {
  if (!existsSync(target)) {
    console.error(`They cannot be had here: ${(error.stderr || error.message).trim()}`);
    process.exit(1);
  }
}
