import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const root = join(__dirname, '../..');

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
  /** Called with each piece of output. */
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/**
 * Runs JavaScript in a Node.js process of its own, with the built package as `nodecuda`. A process
 * that hangs is killed after 50 s, before a test would time out, so that its output can be seen.
 */
export function runChild(code: string, options: ChildOptions = {}): Promise<Ending> {
  const { env = {}, args = [], onOutput } = options;
  const start = performance.now();
  const child = spawn(process.execPath, [...args, '-e', code], {
    cwd: root,
    env: { ...process.env, ...env },
    timeout: 50_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onOutput?.(text, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      resolve({ code: status, signal, stdout, stderr, elapsedMs: performance.now() - start });
    });
  });
}
