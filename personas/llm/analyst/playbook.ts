import type { ListedCluster } from '../../../backend/model/cluster.ts';
import type { Reading } from '../provider.ts';
import type { Phrase, PhraseKind, Question } from './question.ts';
import type { Scope } from './scope.ts';
import type { Subject } from './subject.ts';

export interface PlannedCall {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The first page of the clusters that the asking user may see. */
export interface Fleet {
  readonly clusters: readonly ListedCluster[];
  readonly total: number;
  readonly pages: number;
  /** True when `clusters` is all there is. */
  readonly whole: boolean;
  readonly evidence: string;
}

export interface Asked {
  readonly question: Question;
  readonly fleet: Fleet;
  readonly scope: Scope;
  readonly subject: Subject;
}

/** What a planned call came to; undefined while it has not been made. */
export type Read = (call: PlannedCall) => Reading | undefined;

/**
 * One kind of question that can be answered without a model. `plan` is asked again after every batch of calls until it
 * plans nothing new, so a later call may depend on an earlier result; it must plan the same calls for the same readings.
 */
export interface Playbook {
  readonly id: string;
  /** Questions that it answers, shown when a question is not understood. `cluster` is the name of one, or stands for it. */
  example(cluster: string): string;
  /** What it narrows its answer by, besides clusters. `subject` = namespaces and workloads. */
  readonly honours: readonly (PhraseKind | 'subject')[];
  /** The words of its kind of question. A word that is neither here nor read by a rule is reported as not understood. */
  readonly vocabulary: ReadonlySet<string>;
  match(question: Question): boolean;
  /** Parts of the question that it reads by rules of its own, such as the name of a service. */
  reads?(question: Question): readonly Phrase[];
  plan(asked: Asked, read: Read): PlannedCall[];
  /** Markdown in which every number is cited. */
  write(asked: Asked, read: Read): string;
}

/** A question whose answer does not depend on any data. */
export interface FixedAnswer extends Pick<Playbook, 'id' | 'example' | 'match'> {
  readonly text: string;
}
