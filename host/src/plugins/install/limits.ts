/** What a package and its dependencies may be at most. */
export interface InstallLimits {
  /** Bytes of the archive. */
  readonly archiveBytes: number;
  /** Files and folders in it. */
  readonly files: number;
  /** Bytes of it unpacked. */
  readonly unpackedBytes: number;
  /** Unpacked to packed bytes, once more than {@link RATIO_FROM} are unpacked. */
  readonly ratio: number;
  /** Files of all dependencies. */
  readonly dependencyFiles: number;
  readonly dependencyBytes: number;
}

/** Bytes from which on the ratio counts: a small file of zeros is no bomb. */
export const RATIO_FROM = 4 * 1024 * 1024;

const MiB = 1024 * 1024;

export const INSTALL_LIMITS: InstallLimits = {
  archiveBytes: 64 * MiB,
  files: 20_000,
  unpackedBytes: 256 * MiB,
  ratio: 100,
  dependencyFiles: 100_000,
  dependencyBytes: 1024 * MiB,
};
