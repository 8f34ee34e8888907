// Versions of etcd, as far as a cluster agrees on them: major and minor.

export type ClusterVersion = Readonly<{ major: number; minor: number }>;

/** What can be read again once it was written. */
export const VERSION_NUMBER_MAX = 999_999_999;

/** Of "3.7.1" or "3.7". Null: no version. */
export function parseVersion(text: string): ClusterVersion | null {
  const found = /^(\d{1,9})\.(\d{1,9})(\.\d{1,9}(-[\w.-]+)?(\+[\w.-]+)?)?$/.exec(text);
  return found === null ? null : { major: Number(found[1]), minor: Number(found[2]) };
}

/** "3.7" */
export function shortVersion({ major, minor }: ClusterVersion): string {
  return `${major}.${minor}`;
}

/** "3.7.0" */
export function fullVersion(version: ClusterVersion): string {
  return `${shortVersion(version)}.0`;
}

export function isEqualVersion(a: ClusterVersion, b: ClusterVersion): boolean {
  return a.major === b.major && a.minor === b.minor;
}

export function minorBelow({ major, minor }: ClusterVersion): ClusterVersion {
  return { major, minor: minor - 1 };
}
