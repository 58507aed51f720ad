#!/usr/bin/env node
/**
 * The command `nodecuda`. Built into dist/cli.js.
 */
import { compileCommand } from './compile.js';
import { debugCommand } from './debug/command.js';

const USAGE = `Usage: nodecuda COMMAND

  compile   compiles CUDA C++ ahead of time; \`nodecuda compile --help\` says how
  debug     runs a script and stops its kernels on the simulated device; \`nodecuda debug --help\`
`;

async function main([command, ...args]: readonly string[]): Promise<number> {
  if (command === 'compile') return compileCommand(args);
  if (command === 'debug') return debugCommand(args);
  const asked = command === undefined || command === '--help' || command === 'help';
  (asked ? process.stdout : process.stderr).write(
    asked ? USAGE : `nodecuda: there is no command ${command}\n\n${USAGE}`,
  );
  return asked ? 0 : 2;
}

// Not process.exit(): what was written to a pipe may be on its way.
main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
