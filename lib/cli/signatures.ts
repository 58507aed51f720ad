/**
 * A TypeScript module of kernels' signatures, for `module.kernel(name, signature)`.
 */

/** A kernel as the reader of compiled code describes it. */
export interface KernelMetadata {
  /** As in the code: mangled unless it is `extern "C"`. */
  readonly name: string;
  /** As signatures write them, such as `const float32*`. */
  readonly parameters: readonly string[];
}

const quoted = (text: string) =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

const STRUCTS =
  '  // uint8[n] is a struct, as bytes: code does not tell its fields. { struct: { ... } } takes an object.';

/**
 * The module's text. `names`: those of name expressions in the code, by which templates are found.
 */
export function signatureModule(
  source: string,
  kernels: readonly KernelMetadata[],
  names: ReadonlyMap<string, string> = new Map(),
): string {
  const lines = [
    `// Written by \`nodecuda compile ${source.replace(/[\r\n\u2028\u2029]/g, ' ')}\`: changes will be lost.`,
    '',
    '/** The parameters of each kernel, for `module.kernel(name, signatures[name])`. */',
    'export const signatures = {',
    ...kernels.flatMap(({ name, parameters }) => [
      ...(parameters.some((type) => type.startsWith('uint8[')) ? [STRUCTS] : []),
      `  ${quoted(name)}: [${parameters.map(quoted).join(', ')}],`,
    ]),
    '} as const;',
  ];
  if (names.size > 0) {
    lines.push(
      '',
      '/** The names in the code of the expressions that were compiled. */',
      'export const names = {',
      ...[...names].map(([expression, name]) => `  ${quoted(expression)}: ${quoted(name)},`),
      '} as const;',
    );
  }
  return `${lines.join('\n')}\n`;
}
