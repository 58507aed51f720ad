// clang-format and clang-tidy over our C++ and CUDA sources.
//   node scripts/lint-native.mjs format [--write]
//   node scripts/lint-native.mjs tidy [--changed | FILE...]
// --changed is what differs from the last change that landed, headers included; the landing before
// this one is told by its refresh of the prebuilt binary.
// Where the tool is missing it says so and succeeds; in CI that is a failure.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';

const [mode, ...rest] = process.argv.slice(2);

function sources(folders, extensions) {
  return folders
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name)),
    )
    .filter((name) => extensions.includes(path.extname(name)))
    .sort();
}

function requireTool(tool) {
  if (spawnSync(tool, ['--version']).status === 0) return;
  console.log(`${mode}: SKIPPED, ${tool} was not found (Debian: apt-get install ${tool})`);
  process.exit(process.env.CI ? 1 : 0);
}

function format() {
  requireTool('clang-format');
  const files = sources(
    ['native', 'cuda', 'cmake', 'test', 'bench'],
    ['.cc', '.h', '.c', '.cu', '.cuh'],
  ).filter(
    (name) => !name.includes('fixtures'), // what nvcc made the PTX beside it from
  );
  const how = rest.includes('--write') ? ['-i'] : ['--dry-run', '-Werror'];
  const { status } = spawnSync('clang-format', [...how, ...files], { stdio: 'inherit' });
  console.log(`clang-format: ${files.length} files, ${status === 0 ? 'clean' : 'FAILED'}`);
  process.exit(status ?? 1);
}

const git = (...args) => spawnSync('git', args, { encoding: 'utf8' });

/**
 * Paths that differ from the last landing, or null if that cannot be told. There is one refresh of
 * the binary in each landing, its last commit: the newest but one belongs to the landing before.
 */
function changedPaths() {
  const refreshes = git('log', '-2', '--format=%H', '--', 'prebuilds/linux-x64').stdout?.split(
    '\n',
  );
  if (!refreshes?.[1]) return null;
  const differ = git('diff', '--name-only', '--no-renames', refreshes[1]);
  const added = git('ls-files', '--others', '--exclude-standard');
  if (differ.status !== 0 || added.status !== 0) return null;
  return (differ.stdout + added.stdout).split('\n').filter((name) => name !== '');
}

/** What each source was compiled from, by Ninja's account; null without one. */
function dependencies() {
  const { status, stdout } = spawnSync('ninja', ['-C', 'build', '-t', 'deps'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) return null;
  const found = new Map();
  // object: #deps 2, ... (VALID)\n    source\n    header\n\n
  for (const [, list] of stdout.matchAll(/#deps.*\(VALID\)\n((?: {4}.*\n)+)/g)) {
    const files = list.split('\n').map((line) => path.resolve('build', line.trim()));
    found.set(files[0], files);
  }
  return found;
}

/** Those of `files` that a change may have given a finding. */
function changedOf(files) {
  const changed = changedPaths();
  const from = dependencies();
  // How everything is compiled or checked.
  const flags = /\.cmake$|CMakeLists\.txt$|^\.clang-tidy$/;
  if (changed === null || from === null || changed.some((name) => flags.test(name))) return files;
  const differs = new Set(changed.map((name) => path.resolve(name)));
  return files.filter((file) => (from.get(file) ?? [file]).some((name) => differs.has(name)));
}

async function tidy() {
  requireTool('clang-tidy');
  if (!existsSync('build/compile_commands.json')) {
    console.log('tidy: run `npm run build:native` first, it writes build/compile_commands.json');
    process.exit(1);
  }
  // exec/isa/*.cc are compiled once per instruction set, which clang-tidy need not repeat.
  const native = path.resolve('native') + path.sep;
  const commands = new Map();
  for (const command of JSON.parse(readFileSync('build/compile_commands.json', 'utf8'))) {
    const file = path.resolve(command.directory, command.file);
    if (file.startsWith(native) && !commands.has(file)) commands.set(file, command);
  }
  // Nor with the precompiled headers, which would hide an #include that is missing.
  for (const command of commands.values()) {
    command.command = command.command.replace(/-Winvalid-pch -include \S+/, '');
  }
  mkdirSync('build/tidy', { recursive: true });
  writeFileSync('build/tidy/compile_commands.json', JSON.stringify([...commands.values()]));

  const every = [...commands.keys()];
  let all = rest;
  if (rest.length === 0) all = every;
  else if (rest[0] === '--changed') all = changedOf(every);
  const queue = [...all];
  const failed = [];
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const [code, output] = await new Promise((resolve) => {
        const child = spawn('clang-tidy', ['-p', 'build/tidy', '--quiet', file]);
        let text = '';
        child.stdout.on('data', (data) => (text += data));
        child.stderr.resume(); // counts of warnings in other people's headers
        child.on('close', (status) => resolve([status, text]));
      });
      if (code === 0 && output === '') continue;
      failed.push(file);
      process.stdout.write(output === '' ? `${file}: clang-tidy exited with ${code}\n` : output);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  console.log(`clang-tidy: ${all.length} of ${every.length} files, ${failed.length} with findings`);
  process.exit(failed.length === 0 ? 0 : 1);
}

if (mode === 'format') format();
else await tidy();
