// Which files of node_modules the bundle needs.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Folders of packages and of all that they depend on, from package-lock.json. */
export function packageFolders(root, names) {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const found = new Set();

  // As Node resolves it: in the node_modules of the package itself, or of one around it.
  function resolve(from, name) {
    for (
      let folder = from;
      ;
      folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
    ) {
      const candidate = path.posix.join(folder, 'node_modules', name);
      if (candidate in packages) return candidate;
      if (folder === '') return undefined;
    }
  }

  function visit(from, name) {
    const folder = resolve(from, name);
    // Binaries for other platforms are in the lock file, but not installed.
    if (folder === undefined || found.has(folder) || !existsSync(path.join(root, folder))) return;
    found.add(folder);
    const { dependencies, optionalDependencies } = packages[folder];
    for (const other of Object.keys({ ...dependencies, ...optionalDependencies })) {
      visit(folder, other);
    }
  }

  for (const name of names) visit('', name);
  return [...found].sort();
}

const UNUSED = /\.(map|md|markdown|d\.[cm]?ts|tsx?|flow|html|png)$|^(LICENSE|CHANGELOG|HISTORY)/i;

/** Files of one package that may be needed at run time; not those of packages inside it. */
export function packageFiles(root, folder, keep = () => true) {
  const files = [];
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules') files.push(...packageFiles(root, name, keep));
    } else if (entry.isFile() && !UNUSED.test(entry.name) && keep(name)) {
      files.push(name);
    }
  }
  return files;
}
