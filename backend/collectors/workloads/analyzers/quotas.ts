import type { Analyzer, Draft } from '../analyzer.ts';
import { ageSeconds, refOf, span } from '../analyzer.ts';
import { quantity } from '../quantity.ts';

const NEARLY_FULL = 0.9;
const STUCK_SECONDS = 600;

/** What a namespace may use, and namespaces that do not go away. */
export const quotasAnalyzer: Analyzer = {
  name: 'quotas',
  checks: [
    {
      id: 'quota-exhausted',
      needs: ['resourcequotas'],
      run: ({ objects }) =>
        (objects.resourcequotas ?? []).flatMap((quota) =>
          Object.entries(quota.status.hard).flatMap(([resource, hardText]): Draft[] => {
            const usedText = quota.status.used[resource] ?? '0';
            const hard = quantity(hardText);
            const used = quantity(usedText);
            // A quota of zero forbids on purpose.
            if (hard === undefined || used === undefined || hard <= 0 || used < NEARLY_FULL * hard) return [];
            const isFull = used >= hard;
            return [
              {
                severity: isFull ? 'CRITICAL' : 'WARNING',
                reason: isFull ? 'QUOTA_EXHAUSTED' : 'QUOTA_NEARLY_EXHAUSTED',
                object: refOf('ResourceQuota', quota),
                message: `${usedText} of ${hardText} ${resource} are used${isFull ? '; what needs more is refused' : ''}.`,
                evidence: [
                  { path: `status.hard[${resource}]`, value: hardText },
                  { path: `status.used[${resource}]`, value: usedText },
                ],
                next_step: 'Raise the quota, or lower requests in the namespace (get_resource_usage).',
              },
            ];
          }),
        ),
    },
    {
      id: 'namespace-terminating',
      needs: ['namespaces'],
      run: ({ objects, nowMs }) =>
        (objects.namespaces ?? []).flatMap((namespace): Draft[] => {
          const since = ageSeconds(namespace.metadata.deletionTimestamp, nowMs);
          if (namespace.status.phase !== 'Terminating' || since < STUCK_SECONDS) return [];
          const holding = namespace.status.conditions.filter(
            ({ status, message }) => status === 'True' && message !== '',
          );
          return [
            {
              severity: 'WARNING',
              reason: 'NAMESPACE_STUCK_TERMINATING',
              object: refOf('Namespace', namespace),
              message: `It has been going away for ${span(since)}${holding.length > 0 ? `: ${holding.map(({ message }) => message).join('; ')}` : '.'}`,
              evidence: holding.map(({ type, message }) => ({
                path: `status.conditions[${type}].message`,
                value: message,
              })),
              next_step:
                'Something in it has a finalizer whose controller is gone, or an API service does not answer: the message names it.',
            },
          ];
        }),
    },
  ],
};
