// Jest starts with the largest files where it does not know how long they take. The C++ tests are a
// small file and the longest of all: last, they would leave all other processes idle.
const { default: Sequencer } = require('@jest/test-sequencer');

module.exports = class extends Sequencer {
  sort(tests) {
    const isNative = ({ path }) => path.endsWith('/native.test.ts');
    return [...super.sort(tests)].sort((a, b) => isNative(b) - isNative(a));
  }
};
