import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTraceql, doubtfulAt, hasHints, matchesWildcard, newestFirst } from './traceql.ts';

const SELECT = ' | select(status, name, resource.service.name)';

describe('TraceQL from a filter', () => {
  it.each([
    [{}, '{}'],
    [{ serviceName: 'checkout' }, '{ resource.service.name = "checkout" }'],
    [{ serviceName: 'check*', hasErrors: true }, '{ resource.service.name =~ "^check.*$" && status = error }'],
    [{ serviceName: 'a.b*(c)' }, String.raw`{ resource.service.name =~ "^a\\.b.*\\(c\\)$" }`],
    [{ operationName: 'GET "/x"', hasErrors: false }, String.raw`{ name = "GET \"/x\"" && status != error }`],
    [{ minDurationMs: 0.5, maxDurationMs: 1000 }, '{ traceDuration >= 500us && traceDuration <= 1000000us }'],
    [{ tags: { 'http.route': '/cart' } }, '{ .http.route = "/cart" }'],
    [
      { tags: { 'span.http.response.status_code': '503' } },
      '{ (span.http.response.status_code = "503" || span.http.response.status_code = 503) }',
    ],
    [{ tags: { 'resource.k8s.pod.name': 'checkout-*' } }, '{ resource.k8s.pod.name =~ "^checkout-.*$" }'],
    [{ tags: { 'my key}': 'true' } }, '{ (."my key}" = "true" || ."my key}" = true) }'],
    [{ traceId: 'a'.repeat(32) }, `{ trace:id = "${'a'.repeat(32)}" }`],
  ])('says %j as %s', (filter, expected) => {
    expect(buildTraceql(filter)).toBe(expected + SELECT);
  });

  it('parses whatever the filter holds, and nothing in it gets out of its text', () => {
    const text = fc.string({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(text, text, fc.dictionary(text, text, { maxKeys: 3 }), (serviceName, operationName, tags) => {
        const query = buildTraceql({ serviceName, operationName, tags, minDurationMs: 3, hasErrors: true });
        expect(doubtfulAt(newestFirst(query))).toBeUndefined();
        expect(query.endsWith(`status = error }${SELECT}`)).toBe(true);
      }),
    );
  });
});

describe('a wildcard', () => {
  it('matches as the regular expression that Tempo is given', () => {
    const few = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    fc.assert(
      fc.property(few, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }), (wildcard, text) => {
        expect(matchesWildcard(wildcard, text)).toBe(new RegExp(`^${wildcard.replaceAll('*', '.*')}$`).test(text));
      }),
    );
  });
});

describe('a query of the caller', () => {
  it('is known to say itself how it wants to run', () => {
    expect(hasHints('{ .a = 1 } with (most_recent=true)')).toBe(true);
    expect(hasHints('{ .a = " with (most_recent=true)" }')).toBe(false);
  });

  it('is looked at for where it goes wrong', () => {
    expect(doubtfulAt('{ status = error }')).toBeUndefined();
    expect(doubtfulAt('{ status = }')).toBe(11);
  });
});
