// A reader of what the tests ask about a shared library: enough of ELF64, little endian, and no more.
import { readFileSync } from 'node:fs';

const PT_DYNAMIC = 2;
const PT_GNU_STACK = 0x6474e551;
const PT_GNU_RELRO = 0x6474e552;
const PT_GNU_PROPERTY = 0x6474e553;
const PF_X = 1;

const GNU_PROPERTY_X86_FEATURE_1_AND = 0xc0000002;
const GNU_PROPERTY_X86_FEATURE_1_SHSTK = 2;

const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_STRSZ = 10;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const DT_FLAGS = 30;
const DT_FLAGS_1 = 0x6ffffffb;
const DT_VERNEED = 0x6ffffffe;
const DT_VERNEEDNUM = 0x6fffffff;

const DF_BIND_NOW = 8;
const DF_1_NODELETE = 8;

export interface SharedLibrary {
  readonly needed: string[];
  readonly searchPaths: string[];
  readonly bindNow: boolean;
  readonly noDelete: boolean;
  readonly relro: boolean;
  readonly executableStack: boolean;
  /** It says to be fit for shadow stacks (CET). */
  readonly shadowStack: boolean;
  /** Names of the dynamic symbols it defines. */
  readonly exports: string[];
  /** Names of the dynamic symbols it takes from others. */
  readonly imports: string[];
  /** Symbol versions it asks for, such as `GLIBC_2.17`. */
  readonly versions: string[];
}

interface Segment {
  type: number;
  flags: number;
  offset: number;
  address: number;
  fileSize: number;
}

export function readSharedLibrary(path: string): SharedLibrary {
  const file = readFileSync(path);
  if (file.toString('latin1', 0, 4) !== '\x7fELF' || file[4] !== 2 || file[5] !== 1) {
    throw new Error(`${path} is not a 64-bit little-endian ELF file`);
  }
  const u16 = (at: number) => file.readUInt16LE(at);
  const u32 = (at: number) => file.readUInt32LE(at);
  const u64 = (at: number) => Number(file.readBigUInt64LE(at));

  const segments: Segment[] = [];
  for (let i = 0; i < u16(56); ++i) {
    const at = u64(32) + i * u16(54);
    segments.push({
      type: u32(at),
      flags: u32(at + 4),
      offset: u64(at + 8),
      address: u64(at + 16),
      fileSize: u64(at + 32),
    });
  }
  const offsetOf = (address: number) => {
    const segment = segments.find(
      (s) => s.type === 1 && address >= s.address && address < s.address + s.fileSize,
    );
    if (segment === undefined) throw new Error(`no segment holds address ${address}`);
    return address - segment.address + segment.offset;
  };

  const dynamic = new Map<number, number[]>();
  const table = segments.find((s) => s.type === PT_DYNAMIC);
  if (table === undefined) throw new Error(`${path} has no dynamic section`);
  for (let at = table.offset; u64(at) !== 0; at += 16) {
    dynamic.set(u64(at), [...(dynamic.get(u64(at)) ?? []), u64(at + 8)]);
  }
  const one = (tag: number) => dynamic.get(tag)?.[0] ?? 0;

  const strings = offsetOf(one(DT_STRTAB));
  const text = (offset: number) => {
    const begin = strings + offset;
    return file.toString('latin1', begin, file.indexOf(0, begin));
  };

  // ELF does not say how many dynamic symbols there are; linkers put the strings after them.
  const symbols = offsetOf(one(DT_SYMTAB));
  if (strings <= symbols || one(DT_STRSZ) === 0) throw new Error('unexpected order of tables');
  const exported: string[] = [];
  const imports: string[] = [];
  for (let at = symbols + 24; at + 24 <= strings; at += 24) {
    (u16(at + 6) === 0 ? imports : exported).push(text(u32(at)));
  }

  const versions: string[] = [];
  let need = dynamic.has(DT_VERNEED) ? offsetOf(one(DT_VERNEED)) : 0;
  for (let i = 0; i < one(DT_VERNEEDNUM); ++i, need += u32(need + 12)) {
    let version = need + u32(need + 8);
    for (let j = 0; j < u16(need + 2); ++j, version += u32(version + 12)) {
      versions.push(text(u32(version + 8)));
    }
  }

  // In a note, after its header of 16 bytes: type, size, value, padded to 8 bytes.
  let features = 0;
  const notes = segments.find((s) => s.type === PT_GNU_PROPERTY);
  const end = notes === undefined ? 0 : notes.offset + notes.fileSize;
  for (let at = (notes?.offset ?? 0) + 16; at < end; at += 8 + Math.ceil(u32(at + 4) / 8) * 8) {
    if (u32(at) === GNU_PROPERTY_X86_FEATURE_1_AND) features = u32(at + 8);
  }

  return {
    needed: (dynamic.get(DT_NEEDED) ?? []).map(text),
    searchPaths: [...(dynamic.get(DT_RPATH) ?? []), ...(dynamic.get(DT_RUNPATH) ?? [])].map(text),
    bindNow: (one(DT_FLAGS) & DF_BIND_NOW) !== 0,
    noDelete: (one(DT_FLAGS_1) & DF_1_NODELETE) !== 0,
    relro: segments.some((s) => s.type === PT_GNU_RELRO),
    shadowStack: (features & GNU_PROPERTY_X86_FEATURE_1_SHSTK) !== 0,
    executableStack: segments.some((s) => s.type === PT_GNU_STACK && (s.flags & PF_X) !== 0),
    exports: exported,
    imports,
    versions,
  };
}
