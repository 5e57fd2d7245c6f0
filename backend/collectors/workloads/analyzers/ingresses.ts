import type { Analyzer, Draft } from '../analyzer.ts';
import { keyOf, placeOf, placesOf, refOf } from '../analyzer.ts';
import type { ObjectOf } from '../kinds.ts';

type Ingress = ObjectOf<'ingresses'>;
/** The annotation of before ingress classes; controllers still read it. */
const OLD_CLASS = 'kubernetes.io/ingress.class';
const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';

/** Ingresses that nobody serves or that lead to what is not there. */
export const ingressesAnalyzer: Analyzer = {
  name: 'ingresses',
  checks: [
    {
      id: 'ingress-class',
      needs: ['ingresses', 'ingressclasses'],
      run: ({ objects }) => {
        const classes = placesOf(objects.ingressclasses);
        const hasDefault = (objects.ingressclasses ?? []).some(
          ({ metadata }) => metadata.annotations[DEFAULT_CLASS] === 'true',
        );
        return (objects.ingresses ?? []).flatMap((ingress): Draft[] => {
          const name = ingress.spec.ingressClassName ?? '';
          if (name !== '' && classes.has(placeOf(null, name))) return [];
          // The old annotation names no object, so nothing can be said about it.
          if (name === '' && (hasDefault || ingress.metadata.annotations[OLD_CLASS] !== undefined)) return [];
          return [
            {
              severity: 'CRITICAL',
              reason: 'MISSING_INGRESS_CLASS',
              object: refOf('Ingress', ingress),
              message:
                name === ''
                  ? 'It names no ingress class and the cluster has no default one, so no controller serves it.'
                  : `Its ingress class ${name} does not exist, so no controller serves it.`,
              evidence: [{ path: 'spec.ingressClassName', value: name === '' ? '(none)' : name }],
              next_step: `Set spec.ingressClassName to one that exists${
                classes.size > 0
                  ? `: ${[...classes]
                      .slice(0, 5)
                      .map((place) => place.slice(1))
                      .join(', ')}`
                  : '; there is none here yet'
              }.`,
            },
          ];
        });
      },
    },
    {
      id: 'ingress-backend',
      needs: ['ingresses', 'services'],
      run: (snapshot) => {
        const services = new Map((snapshot.objects.services ?? []).map((service) => [keyOf(service), service]));
        return (snapshot.objects.ingresses ?? []).flatMap((ingress) =>
          backendsOf(ingress).flatMap(({ service, path }): Draft[] => {
            const found = services.get(placeOf(ingress.metadata.namespace, service.name));
            const { number, name } = service.port;
            const hasPort = found?.spec.ports.some((port) => (name === '' ? port.port === number : port.name === name));
            if (found && hasPort !== false) return [];
            const port = name === '' ? String(number ?? '') : name;
            return [
              {
                severity: 'CRITICAL',
                reason: found ? 'MISSING_SERVICE_PORT' : 'MISSING_SERVICE',
                object: refOf('Ingress', ingress),
                message: found
                  ? `It leads to port ${port} of the service ${service.name}, which has no such port.`
                  : `It leads to the service ${service.name}, which does not exist in its namespace.`,
                evidence: [{ path, value: found ? `${service.name}:${port}` : service.name }],
                next_step: 'Create the service, or correct name and port of the backend.',
              },
            ];
          }),
        );
      },
    },
    {
      id: 'ingress-certificate',
      needs: ['ingresses', 'secrets'],
      run: ({ objects }) => {
        const secrets = placesOf(objects.secrets);
        return (objects.ingresses ?? []).flatMap((ingress) =>
          ingress.spec.tls.flatMap(({ secretName }): Draft[] => {
            if (secretName === '' || secrets.has(placeOf(ingress.metadata.namespace, secretName))) return [];
            return [
              {
                severity: 'WARNING',
                reason: 'MISSING_SECRET',
                object: refOf('Ingress', ingress),
                message: `Its certificate should be in the Secret ${secretName}, which does not exist: browsers will be shown another one.`,
                evidence: [{ path: 'spec.tls.secretName', value: secretName }],
                next_step:
                  'See why the certificate was not issued (cert-manager: Certificate and its events), or create the Secret.',
              },
            ];
          }),
        );
      },
    },
  ],
};

function backendsOf({ spec }: Ingress) {
  const all = [
    { service: spec.defaultBackend?.service, path: 'spec.defaultBackend.service' },
    ...spec.rules.flatMap(({ host, http }) =>
      (http?.paths ?? []).map(({ path, backend }) => ({
        service: backend.service,
        path: `spec.rules[${host || '*'}].http.paths[${path || '/'}].backend.service`,
      })),
    ),
  ];
  return all.flatMap(({ service, path }) => (service ? [{ service, path }] : []));
}
