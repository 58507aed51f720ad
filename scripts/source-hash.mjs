// The hash that ties a binary to the sources it was built from.
//   node scripts/source-hash.mjs                 prints it
//   node scripts/source-hash.mjs --header FILE   writes it as a C++ header, if it changed
//   node scripts/source-hash.mjs --ptx           prints the hash of cuda/ alone, which the PTX is of
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
// Not abi/: a binary depends on what is written from it, in cuda/ and native/.
const SOURCES = ['CMakeLists.txt', 'cmake', 'cuda', 'native'];

/** SHA-256, hexadecimal, over the paths and contents of the files under `names`. */
export function sourceHash(names = SOURCES) {
  const files = names.flatMap((name) =>
    path.extname(name) === ''
      ? readdirSync(path.join(root, name), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) =>
            path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)),
          )
      : [name],
  );
  const hash = createHash('sha256');
  for (const file of files.map((name) => name.split(path.sep).join('/')).sort()) {
    const content = readFileSync(path.join(root, file), 'utf8').replaceAll('\r\n', '\n');
    hash.update(`${file}\0${content.length}\0${content}`);
  }
  return hash.digest('hex');
}

function writeHeader(file) {
  const header = `#define NODECUDA_SOURCE_HASH "${sourceHash()}"\n`;
  let old = '';
  try {
    old = readFileSync(file, 'utf8');
  } catch {
    mkdirSync(path.dirname(file), { recursive: true });
  }
  if (old !== header) writeFileSync(file, header);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [mode, file] = process.argv.slice(2);
  if (mode === '--header') writeHeader(file);
  else console.log(mode === '--ptx' ? sourceHash(['cuda']) : sourceHash());
}
