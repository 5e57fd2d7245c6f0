import type { Analyzer, Draft, Snapshot } from '../analyzer.ts';
import { ageSeconds, placeOf, refOf, span } from '../analyzer.ts';
import type { ObjectOf } from '../kinds.ts';

type Service = ObjectOf<'services'>;
const LOAD_BALANCER_PATIENCE_SECONDS = 300;

/** Services that lead nowhere. */
export const servicesAnalyzer: Analyzer = {
  name: 'services',
  checks: [
    {
      id: 'selector-without-pods',
      needs: ['services', 'pods'],
      run: (snapshot) =>
        selecting(snapshot).flatMap((service): Draft[] => {
          if (podsOf(service, snapshot).length > 0) return [];
          const selector = selectorText(service);
          return [
            {
              severity: 'WARNING',
              reason: 'SELECTOR_MATCHES_NOTHING',
              object: refOf('Service', service),
              message: `No pod in its namespace has the labels ${selector} that it selects, so nothing answers behind it.`,
              evidence: [{ path: 'spec.selector', value: selector }],
              next_step:
                'Compare the selector with the labels of the pods that should answer; a workload scaled to zero looks the same.',
            },
          ];
        }),
    },
    {
      id: 'service-without-endpoints',
      needs: ['services', 'endpointslices', 'pods'],
      run: (snapshot) => {
        const ready = readyEndpoints(snapshot);
        return selecting(snapshot).flatMap((service): Draft[] => {
          const pods = podsOf(service, snapshot).length;
          if (pods === 0 || (ready.get(placeOf(service.metadata.namespace, service.metadata.name)) ?? 0) > 0) return [];
          return [
            {
              severity: 'CRITICAL',
              reason: 'NO_READY_ENDPOINTS',
              object: refOf('Service', service),
              message: `None of the ${pods} pods behind it is ready, so every call to it fails.`,
              evidence: [
                { path: 'spec.selector', value: selectorText(service) },
                { path: 'EndpointSlice endpoints[].conditions.ready', value: '0 ready' },
              ],
              next_step: 'Look at the findings about these pods.',
            },
          ];
        });
      },
    },
    {
      id: 'service-target-port',
      needs: ['services', 'pods'],
      run: (snapshot) =>
        selecting(snapshot).flatMap((service) => {
          const pods = podsOf(service, snapshot);
          const names = new Set(
            pods.flatMap(({ spec }) => spec.containers.flatMap(({ ports }) => ports.map(({ name }) => name))),
          );
          return service.spec.ports.flatMap(({ targetPort, port }): Draft[] => {
            // Numbers need not be declared by containers; names must be.
            if (
              pods.length === 0 ||
              typeof targetPort !== 'string' ||
              /^\d+$/.test(targetPort) ||
              names.has(targetPort)
            )
              return [];
            return [
              {
                severity: 'CRITICAL',
                reason: 'TARGET_PORT_MISSING',
                object: refOf('Service', service),
                message: `Port ${port} leads to the container port named ${targetPort}, which no container behind it declares.`,
                evidence: [{ path: `spec.ports[${port}].targetPort`, value: targetPort }],
                next_step: 'Name a port that the containers declare, or use its number.',
              },
            ];
          });
        }),
    },
    {
      id: 'load-balancer',
      needs: ['services'],
      run: ({ objects, nowMs }) =>
        (objects.services ?? []).flatMap((service): Draft[] => {
          const age = ageSeconds(service.metadata.creationTimestamp, nowMs);
          if (
            service.spec.type !== 'LoadBalancer' ||
            service.status.loadBalancer.ingress.length > 0 ||
            age < LOAD_BALANCER_PATIENCE_SECONDS
          )
            return [];
          return [
            {
              severity: 'WARNING',
              reason: 'LOAD_BALANCER_PENDING',
              object: refOf('Service', service),
              message: `It has waited for the address of a load balancer for ${span(age)}.`,
              evidence: [{ path: 'status.loadBalancer.ingress', value: '(empty)' }],
              next_step:
                'Check that something provides load balancers here (cloud controller, MetalLB) and has addresses left.',
            },
          ];
        }),
    },
  ],
};

function selecting({ objects }: Snapshot): Service[] {
  return (objects.services ?? []).filter(
    ({ spec }) => Object.keys(spec.selector).length > 0 && spec.type !== 'ExternalName',
  );
}

function podsOf(service: Service, { objects }: Snapshot) {
  const wanted = Object.entries(service.spec.selector);
  return (objects.pods ?? []).filter(
    ({ metadata, status }) =>
      metadata.namespace === service.metadata.namespace &&
      status.phase !== 'Succeeded' &&
      status.phase !== 'Failed' &&
      wanted.every(([key, value]) => metadata.labels[key] === value),
  );
}

/** Ready addresses by service; a missing `ready` counts as ready (EndpointSlice v1, EndpointConditions). */
export function readyEndpoints({ objects }: Snapshot): ReadonlyMap<string, number> {
  const ready = new Map<string, number>();
  for (const { metadata, endpoints } of objects.endpointslices ?? []) {
    const place = placeOf(metadata.namespace, metadata.labels['kubernetes.io/service-name'] ?? '');
    const count = endpoints.filter(({ conditions }) => conditions.ready !== false).length;
    ready.set(place, (ready.get(place) ?? 0) + count);
  }
  return ready;
}

function selectorText({ spec }: Service): string {
  return Object.entries(spec.selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
