// Builds the C++ tests (needs a compiler and doctest) and runs them.
import { execFileSync } from 'node:child_process';

const stdio = 'inherit';
const cmakeJs = 'node_modules/cmake-js/bin/cmake-js';
execFileSync('node', [cmakeJs, 'configure', '--CDNODECUDA_BUILD_TESTS=ON'], { stdio });
execFileSync('node', [cmakeJs, 'build'], { stdio });
execFileSync('build/native-tests/nodecuda_native_tests', process.argv.slice(2), { stdio });
