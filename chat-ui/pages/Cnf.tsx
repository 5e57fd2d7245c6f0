import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type {
  CnfSummary,
  CnfWorkloadsAnswer,
  DpdkStatsAnswer,
  PtpStatusAnswer,
  SriovStatusAnswer,
} from '../../backend/model/cnf.ts';
import { Clocks } from '../cnf/Clocks.tsx';
import { shownFindings } from '../cnf/cnf-findings.ts';
import { cnfUrl, type CnfView, matchesText, readCnfView, SHOW_TITLES, SHOWS } from '../cnf/cnf-view.ts';
import { CnfNumbers } from '../cnf/CnfNumbers.tsx';
import { Functions } from '../cnf/Functions.tsx';
import { PartFilters } from '../cnf/PartFilters.tsx';
import { Ports, portsPath } from '../cnf/Ports.tsx';
import { Sources } from '../cnf/Sources.tsx';
import { Workloads } from '../cnf/Workloads.tsx';
import { Age } from '../components/Age.tsx';
import { toneOfSeverity } from '../components/Status.tsx';
import { SEVERITIES } from '../fleet/fleet-view.ts';
import { Answer } from '../telemetry/Answer.tsx';
import { clusterQuery } from '../telemetry/cluster-query.ts';
import { Findings } from '../telemetry/Findings.tsx';
import { TelemetryFrame } from '../telemetry/Frame.tsx';
import { type LiveAnswer, pageState, useLiveAnswer } from '../telemetry/live-answer.ts';

/** As many nodes or workloads as one answer may hold. */
const MOST = 1000;
/** Nodes with virtual functions, each of which has up to hundreds. */
const MOST_WITH_FUNCTIONS = 500;

/** Network functions and what they stand on: clocks, virtual functions, packet ports. What is shown and filtered lives in the URL. */
export function CnfPage() {
  const { query, url } = useLocation();
  const view = useMemo(() => readCnfView(query), [url]);
  const summary = useLiveAnswer<CnfSummary>(`/cnf/summary?${clusterQuery(view)}`);
  const part = usePart(view, summary);
  return (
    <TelemetryFrame
      class="cnf"
      title="Network functions"
      state={part.state}
      shared={view}
      urlOfClusters={(clusters) => cnfUrl({ ...view, clusters })}
      urlOfRange={view.show === 'clocks' ? (change) => cnfUrl({ ...view, ...change }) : undefined}
      parts={SHOWS.map((show) => ({
        title: SHOW_TITLES[show],
        url: cnfUrl({ ...view, show, is: '', type: '', node: '', text: '' }),
        current: show === view.show,
      }))}
      aside={
        part.at !== undefined && (
          <span class="muted page-age">
            Updated <Age at={part.at} />
          </span>
        )
      }
    >
      <CnfNumbers summary={summary.state.status === 'ready' ? summary.state.value : undefined} view={view} />
      {part.body}
    </TelemetryFrame>
  );
}

/** The part that is shown: its answer alone is asked for. */
function usePart(view: CnfView, summary: LiveAnswer<CnfSummary>) {
  const ask = (show: CnfView['show'], path: string, limit = MOST) =>
    view.show === show ? `/cnf/${path}?${clusterQuery(view, { limit })}` : undefined;
  const clocks = useLiveAnswer<PtpStatusAnswer>(ask('clocks', 'ptp/status'));
  const functions = useLiveAnswer<SriovStatusAnswer>(ask('functions', 'sriov/status', MOST_WITH_FUNCTIONS));
  const workloads = useLiveAnswer<CnfWorkloadsAnswer>(ask('workloads', 'workloads'));
  const ports = useLiveAnswer<DpdkStatsAnswer>(view.show === 'ports' ? portsPath(view) : undefined);
  const atOf = ({ state }: LiveAnswer<unknown>) => (state.status === 'ready' ? state.at : undefined);
  switch (view.show) {
    case 'clocks':
      return {
        at: atOf(clocks),
        state: pageState(clocks.state, ({ nodes }) => nodes.length),
        body: (
          <Answer state={clocks.state} what="the clocks" title="Clocks" onRetry={clocks.ask}>
            {(answer) => <Clocks answer={answer} view={view} />}
          </Answer>
        ),
      };
    case 'functions':
      return {
        at: atOf(functions),
        state: pageState(functions.state, ({ nodes }) => nodes.length),
        body: (
          <Answer
            state={functions.state}
            what="the virtual functions"
            title="Virtual functions"
            onRetry={functions.ask}
          >
            {(answer) => <Functions answer={answer} view={view} />}
          </Answer>
        ),
      };
    case 'workloads':
      return {
        at: atOf(workloads),
        state: pageState(workloads.state, ({ workloads: all }) => all.length),
        body: (
          <Answer state={workloads.state} what="the workloads" title="Workloads" onRetry={workloads.ask}>
            {(answer) => <Workloads answer={answer} view={view} />}
          </Answer>
        ),
      };
    case 'ports':
      return {
        at: atOf(ports),
        state: pageState(ports.state, (answer) => answer.ports.length),
        body: <Ports live={ports} view={view} />,
      };
    case 'findings':
      return {
        at: atOf(summary),
        state: pageState(summary.state, ({ findings }) => findings.length),
        body: (
          <Answer state={summary.state} what="the findings" title="Findings" onRetry={summary.ask}>
            {(answer) => <AllFindings answer={answer} view={view} />}
          </Answer>
        ),
      };
  }
}

function AllFindings({ answer, view }: { answer: CnfSummary; view: CnfView }) {
  const found = answer.findings.filter(
    (finding) =>
      (view.is === '' || finding.severity === view.is) &&
      matchesText(view.text, [finding.object.name, finding.cluster, finding.code, finding.message]),
  );
  const narrowed = view.is !== '' || view.text !== '';
  return (
    <>
      <PartFilters
        view={view}
        label="Severity"
        placeholder="Object, cluster or rule"
        values={SEVERITIES}
        counts={new Map(SEVERITIES.map((severity) => [severity, answer.by_severity[severity]]))}
        atLeast={!answer.complete}
        toneOf={toneOfSeverity}
        summary={`${found.length} of ${answer.complete ? '' : '≥ '}${answer.total_findings} findings`}
      />
      <Findings
        findings={shownFindings(found, view)}
        total={narrowed ? found.length : answer.total_findings}
        none={
          answer.findings.length === 0
            ? 'No rule found anything wrong with clocks and virtual functions that could be read.'
            : `None of the ${answer.total_findings} findings matches these filters.`
        }
      />
      <Sources sources={answer.sources} />
    </>
  );
}
