// What this server calls itself. Clients gate features on the version of etcd that they believe
// they talk to, so it names the one whose behaviour is implemented and compared with, not the
// package's own.

export const ETCD_VERSION = "3.7.1";
export const DETCD_VERSION = "0.1.0";

/** "3.7", as a cluster agrees on it. */
export const CLUSTER_VERSION: string = ETCD_VERSION.split(".").slice(0, 2).join(".");

/** As Go names them. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** The first four lines are etcd's, because tools read the API level from them. */
export function versionText(): string {
  const { platform, arch, versions } = process;
  return [
    `etcd Version: ${ETCD_VERSION}`,
    "Git SHA: not built from etcd's sources",
    `Go Version: none, this is Node ${versions.node}`,
    `Go OS/Arch: ${platform}/${ARCHITECTURES[arch] ?? arch}`,
    `detcd Version: ${DETCD_VERSION}`,
  ].join("\n");
}
