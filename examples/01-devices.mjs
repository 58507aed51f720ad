// What devices are there? And if there are none: why, and what would help?
import { cuda } from 'nodecuda';

console.log(`${cuda.deviceCount()} CUDA devices`);
for (const info of cuda.devices()) {
  const { major, minor } = info.computeCapability;
  const gigabytes = (info.totalMemory / 2 ** 30).toFixed(1);
  console.log(`  ${info.index}: ${info.name}, sm_${major}${minor}, ${gigabytes} GiB`);
}

if (!cuda.isAvailable()) {
  const { reason, message, hint } = cuda.diagnose();
  console.log(`${reason}: ${message}\n${hint}`);
}
