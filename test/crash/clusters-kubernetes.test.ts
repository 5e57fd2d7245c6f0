import { killedDuringChangesSuite } from './clusters.suite.ts';

killedDuringChangesSuite('kubernetes');
