import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Case } from '../measure/case';
import type { Contender } from '../measure/contenders';
import { EMPTY, IMPORT, REQUIRE } from '../measure/names';

const ROOT = join(__dirname, '..', '..');

// In a process of its own: a module is loaded once.
function child(name: string, ...args: string[]): Contender {
  return {
    name,
    run(times) {
      for (let i = 0; i < times; ++i) {
        const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT });
        if (status !== 0) throw new Error(`${name} failed: ${stderr}`);
      }
    },
  };
}

export function importCases(): Case[] {
  return [
    {
      name: IMPORT,
      prepare: () => ({
        contenders: [
          child(REQUIRE, '-e', "require('nodecuda')"),
          child("node, import 'nodecuda'", '--input-type=module', '-e', "import 'nodecuda'"),
          child(
            'node, require and first deviceCount',
            '-e',
            "require('nodecuda').cuda.deviceCount()",
          ),
          child(EMPTY, '-e', ''),
        ],
      }),
    },
  ];
}
