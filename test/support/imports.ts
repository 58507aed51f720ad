/**
 * Which file names which: the arrows of the house, as rooms.test.ts checks them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = join(__dirname, '../..');

/** Paths from the root of the project, by the file that names them; type imports count. */
type Arrows = ReadonlyMap<string, readonly string[]>;

const TYPESCRIPT = /(?:from|import|import\(|require\()\s*['"](\.[^'"]+)['"]/g;
const CPLUSPLUS = /^#include "([^"]+)"/gm;

/** The files in a folder and below it whose names end in one of `extensions`. */
export function filesIn(folder: string, extensions: readonly string[]): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => extensions.some((extension) => name.endsWith(extension)))
    .map((name) => join(folder, name))
    .sort();
}

/** The text of a file of the project. */
export function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function resolve(path: string, candidates: readonly string[]): string {
  const found = candidates.find((each) => existsSync(join(root, each)));
  if (found === undefined) throw new Error(`cannot tell which file ${path} is`);
  return relative(root, join(root, found));
}

/** The relative imports of TypeScript files. */
export function typescriptArrows(folder: string): Arrows {
  return new Map(
    filesIn(folder, ['.ts', '.mts']).map((file) => {
      const named = [...read(file).matchAll(TYPESCRIPT)].map(([, path]) => {
        const target = join(dirname(file), path!);
        const bare = target.replace(/\.js$/, '');
        // dist/ is what lib/ is compiled to.
        return resolve(path!, [`${bare.replace(/^dist\//, 'lib/')}.ts`, target]);
      });
      return [file, named];
    }),
  );
}

/** The includes of C++ and CUDA files that are ours; `roots` are the folders they are found from. */
export function includeArrows(folder: string, roots: readonly string[]): Arrows {
  return new Map(
    filesIn(folder, ['.cc', '.h', '.cu', '.cuh']).map((file) => {
      const named = [...read(file).matchAll(CPLUSPLUS)]
        .map(([, path]) => path!)
        .filter((path) => !['node_api.h', 'nodecuda_source_hash.h'].includes(path))
        .map((path) =>
          resolve(
            `${path} of ${file}`,
            roots.map((each) => join(each, path)),
          ),
        );
      return [file, named];
    }),
  );
}

/** A circle of files, or undefined if there is none. */
export function findCircle(arrows: Arrows): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): string[] | undefined => {
    const begin = way.indexOf(file);
    if (begin >= 0) return [...way.slice(begin), file];
    if (done.has(file)) return undefined;
    for (const next of arrows.get(file) ?? []) {
      const circle = visit(next, [...way, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of arrows.keys()) {
    const circle = visit(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** What a room may name besides itself, by room. */
export type Rooms = Readonly<Record<string, readonly string[]>>;

/** Rooms of which each may name all before it. */
export function floors(...names: readonly string[]): Rooms {
  return Object.fromEntries(names.map((name, i) => [name, names.slice(0, i)]));
}

/** The room of a file in the house `folder`: the first part of its path below, `.` without one. */
export function roomOf(file: string, folder: string, rooms: Rooms): string | undefined {
  const path = relative(folder, file);
  if (path.startsWith('..')) return undefined;
  const [first] = path.split('/', 1);
  const name = first!.replace(/\.\w+$/, '');
  if (Object.hasOwn(rooms, name)) return name;
  return first === path && Object.hasOwn(rooms, '.') ? '.' : undefined;
}

/** Every arrow within `folder` that runs to where it may not, and every file without a room. */
export function violations(arrows: Arrows, folder: string, rooms: Rooms): string[] {
  const found: string[] = [];
  for (const [file, named] of arrows) {
    if (relative(folder, file).startsWith('..')) continue;
    const from = roomOf(file, folder, rooms);
    if (from === undefined) {
      found.push(`${file} is in no room`);
      continue;
    }
    for (const target of named) {
      if (relative(folder, target).startsWith('..')) continue;
      const to = roomOf(target, folder, rooms);
      if (to === from || (to !== undefined && rooms[from]!.includes(to))) continue;
      found.push(`${file} names ${target}`);
    }
  }
  return found;
}
