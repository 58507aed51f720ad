/** The machine this runs on, as far as a native binary cares. */
export interface Platform {
  readonly platform: string;
  readonly arch: string;
  /** Version of the GNU C library; null on musl and outside Linux. */
  readonly glibc: string | null;
}

interface Report {
  header?: { glibcVersionRuntime?: string };
}

function glibcVersion(): string | null {
  if (process.platform !== 'linux' || process.report === undefined) return null;
  // Without this the report resolves the peers of open sockets.
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  try {
    report.excludeNetwork = true;
    const { header } = report.getReport() as Report;
    return header?.glibcVersionRuntime ?? null;
  } catch {
    return null;
  } finally {
    report.excludeNetwork = before;
  }
}

let cached: Platform | undefined;

export function platform(): Platform {
  cached ??= { platform: process.platform, arch: process.arch, glibc: glibcVersion() };
  return cached;
}

/** Such as `linux-x64, glibc 2.36`. */
export function platformWords({ platform, arch, glibc }: Platform): string {
  const libc =
    platform === 'linux' ? `, ${glibc === null ? 'no glibc found' : `glibc ${glibc}`}` : '';
  return `${platform}-${arch}${libc}`;
}
