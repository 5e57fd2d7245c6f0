import type { RequestSpan } from '../request-spans.ts';

/** The resource of a span, by the semantic conventions of OpenTelemetry. */
export function resourceOf(span: RequestSpan): Readonly<Record<string, string>> {
  return {
    'service.name': span.service,
    'service.namespace': span.namespace,
    'service.version': span.version,
    'service.instance.id': `${span.namespace}.${span.pod}.${span.service}`,
    'k8s.cluster.name': span.cluster,
    'k8s.namespace.name': span.namespace,
    'k8s.pod.name': span.pod,
    'k8s.node.name': span.node,
  };
}

export type KeyValue = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };

/** As protobuf's JSON writes them: integers are text. */
export function keyValues(attributes: Readonly<Record<string, string | number | boolean>>): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number | boolean): Record<string, unknown> {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'string') return { stringValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
