// clang-format and clang-tidy over our C++ and CUDA sources.
//   node scripts/lint-native.mjs format [--write]
//   node scripts/lint-native.mjs tidy [FILE...]
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
  mkdirSync('build/tidy', { recursive: true });
  writeFileSync('build/tidy/compile_commands.json', JSON.stringify([...commands.values()]));

  const all = rest.length > 0 ? rest : [...commands.keys()];
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
  console.log(`clang-tidy: ${all.length} files, ${failed.length} with findings`);
  process.exit(failed.length === 0 ? 0 : 1);
}

if (mode === 'format') format();
else await tidy();
