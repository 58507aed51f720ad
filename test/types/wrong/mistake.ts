// Does not compile: shows that the type tests can fail.
import { cuda } from 'nodecuda';

export const text: string = cuda.deviceCount();
