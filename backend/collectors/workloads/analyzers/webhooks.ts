import type { Analyzer, Check, Draft } from '../analyzer.ts';
import { placeOf, placesOf, refOf } from '../analyzer.ts';
import { readyEndpoints } from './services.ts';

/** Admission webhooks whose backend is dead: with failurePolicy Fail they refuse every write that they look at. */
export const webhooksAnalyzer: Analyzer = {
  name: 'webhooks',
  checks: [
    dead('validating-webhook', 'validatingwebhooks', 'ValidatingWebhookConfiguration'),
    dead('mutating-webhook', 'mutatingwebhooks', 'MutatingWebhookConfiguration'),
  ],
};

function dead(id: string, kinds: 'validatingwebhooks' | 'mutatingwebhooks', kind: string): Check {
  return {
    id,
    needs: [kinds, 'services', 'endpointslices'],
    run: (snapshot) => {
      const services = placesOf(snapshot.objects.services);
      const ready = readyEndpoints(snapshot);
      return (snapshot.objects[kinds] ?? []).flatMap((configuration) =>
        configuration.webhooks.flatMap(({ name, failurePolicy, clientConfig: { service } }): Draft[] => {
          if (!service) return [];
          const place = placeOf(service.namespace, service.name);
          const exists = services.has(place);
          if (exists && (ready.get(place) ?? 0) > 0) return [];
          // Fail is the default (admissionregistration.k8s.io/v1).
          const refuses = failurePolicy !== 'Ignore';
          return [
            {
              severity: refuses ? 'CRITICAL' : 'WARNING',
              reason: 'WEBHOOK_BACKEND_DEAD',
              object: refOf(kind, configuration),
              message: `Its webhook ${name} calls the service ${service.namespace}/${service.name}, which ${exists ? 'has no ready endpoint' : 'does not exist'}; ${refuses ? 'writes that it looks at are refused' : 'it is skipped'}.`,
              evidence: [
                { path: `webhooks[${name}].clientConfig.service`, value: `${service.namespace}/${service.name}` },
                { path: `webhooks[${name}].failurePolicy`, value: failurePolicy || 'Fail' },
              ],
              next_step: exists
                ? 'Look at the findings about the pods behind the service.'
                : 'Remove the configuration when its program was removed, or install the program again.',
            },
          ];
        }),
      );
    },
  };
}
