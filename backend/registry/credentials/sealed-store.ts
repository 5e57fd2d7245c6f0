/**
 * Where sealed credentials are kept when it is not the database. A cluster may have several revisions at a time: the row of the
 * database names the one that counts, so that a process killed between the two leaves either the old or the new credentials.
 */
export interface SealedStore {
  /** Adds a revision beside those there are; revisions that are left over from killed processes may go. Throws STORE_UNAVAILABLE. */
  add(clusterId: string, revision: Revision): Promise<void>;
  /** Undefined when there is no such revision. Throws STORE_UNAVAILABLE. */
  read(clusterId: string, revisionId: string): Promise<string | undefined>;
  /** Drops one revision; does nothing when it is gone. Throws STORE_UNAVAILABLE. */
  drop(clusterId: string, revisionId: string): Promise<void>;
  /** Drops everything of a cluster; does nothing when there is nothing. Throws STORE_UNAVAILABLE. */
  erase(clusterId: string): Promise<void>;
}

export interface Revision {
  readonly id: string;
  readonly sealed: string;
  /** Revision that counts now and has to stay. */
  readonly current: string | undefined;
}
