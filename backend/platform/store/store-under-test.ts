import type { Store } from './store.ts';

/** The store of the suite that runs: asked for inside a test, because it is opened after the tests are declared. */
export type StoreUnderTest = () => Store;
