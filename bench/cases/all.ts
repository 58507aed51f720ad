/** All that is measured, in the order of the report. */
import type { Case, Context } from '../measure/case';
import { copyCases } from './copy';
import { elementwiseCases } from './elementwise';
import { enqueueCases } from './enqueue';
import { hostCases } from './host';
import { importCases } from './import';
import { launchCases } from './launch';
import { matmulCases } from './matmul/matmul';
import { reduceCases } from './reduce';
import { roundTripCases } from './round-trip';
import { softmaxCases } from './softmax';
import { transposeCases } from './transpose';

export function allCases(context: Context): Case[] {
  return [
    ...elementwiseCases(context),
    ...reduceCases(context),
    ...transposeCases(context),
    ...softmaxCases(context),
    ...matmulCases(context),
    ...hostCases(context),
    ...copyCases(context),
    ...enqueueCases(context),
    ...launchCases(),
    ...roundTripCases(context),
    ...importCases(),
  ];
}
