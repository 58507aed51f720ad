// Runs the C++ tests (test/native), which `npm run test:native` builds, and shows each as a test.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { skipTest } from './support/skip.js';

const root = join(__dirname, '..');
const executable =
  process.env.NODECUDA_NATIVE_TESTS ?? join(root, 'build/native-tests/nodecuda_native_tests');

if (!existsSync(executable)) {
  const reason = `${relative(root, executable)} is not built: npm run test:native, with a C++ compiler`;
  skipTest('C++ tests', reason);
} else {
  const run = (...args: string[]) =>
    spawnSync(executable, args, { encoding: 'utf8', maxBuffer: 1 << 28 });

  const names = run('--list-test-cases', '--no-version')
    .stdout.split('\n')
    .filter((line) => line !== '' && !line.startsWith('[doctest]') && !/^=+$/.test(line));

  // One run for all; a case that is not in its report did not run, because the process died.
  const failures = new Map<string, string>();
  let ending = '';
  beforeAll(() => {
    const { stdout, stderr, status, signal } = run('--reporters=xml', '--no-version');
    ending = `the executable ended with ${signal ?? status}\n${stderr}`;
    for (const [report, name] of stdout.matchAll(
      /<TestCase name="([^"]*)"[^>]*>[\s\S]*?<\/TestCase>/g,
    )) {
      const passed = /test_case_success="true"/.test(report);
      failures.set(withoutEntities(name), passed ? '' : report);
    }
  }, 600_000);

  test('there are C++ tests', () => {
    expect(names.length).toBeGreaterThan(50);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(names)('%s', (name) => {
    expect(failures.get(name) ?? ending).toBe('');
  });
}

function withoutEntities(text: string): string {
  const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(\w+);/g, (all, name) => entities[name] ?? all);
}
