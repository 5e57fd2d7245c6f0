import type { Analyzer, Draft } from '../analyzer.ts';
import { refOf, selects } from '../analyzer.ts';

/** Disruption budgets that stop every drain, or protect nothing. */
export const disruptionAnalyzer: Analyzer = {
  name: 'disruption',
  checks: [
    {
      id: 'budget-blocks',
      needs: ['poddisruptionbudgets'],
      run: ({ objects }) =>
        (objects.poddisruptionbudgets ?? []).flatMap((budget): Draft[] => {
          const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } = budget.status;
          if (expectedPods === 0 || disruptionsAllowed > 0) return [];
          const never = desiredHealthy >= expectedPods;
          return [
            {
              severity: never || currentHealthy < desiredHealthy ? 'WARNING' : 'INFO',
              reason: 'DISRUPTION_BLOCKED',
              object: refOf('PodDisruptionBudget', budget),
              message: never
                ? `It wants all ${expectedPods} pods at all times, so no node with one of them can be drained.`
                : `${currentHealthy} pods are healthy and ${desiredHealthy} must be, so no node with one of them can be drained now.`,
              evidence: [
                { path: 'status.disruptionsAllowed', value: '0' },
                { path: 'status.currentHealthy', value: String(currentHealthy) },
                { path: 'status.desiredHealthy', value: String(desiredHealthy) },
                { path: 'status.expectedPods', value: String(expectedPods) },
              ],
              next_step: never
                ? 'Run one replica more, or allow one to be unavailable.'
                : 'Look at the findings about its pods.',
            },
          ];
        }),
    },
    {
      id: 'budget-without-pods',
      needs: ['poddisruptionbudgets', 'pods'],
      run: ({ objects }) =>
        (objects.poddisruptionbudgets ?? []).flatMap((budget): Draft[] => {
          const { selector } = budget.spec;
          if (!selector) return [];
          const some = (objects.pods ?? []).some(
            ({ metadata }) => metadata.namespace === budget.metadata.namespace && selects(selector, metadata.labels),
          );
          if (some) return [];
          return [
            {
              severity: 'INFO',
              reason: 'SELECTOR_MATCHES_NOTHING',
              object: refOf('PodDisruptionBudget', budget),
              message: 'It protects no pod: none has the labels that it selects.',
              evidence: [{ path: 'spec.selector', value: JSON.stringify(selector.matchLabels) }],
              next_step: 'Correct the selector, or remove the budget.',
            },
          ];
        }),
    },
  ],
};
