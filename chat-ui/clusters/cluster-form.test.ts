import { describe, expect, it } from 'vitest';
import { cluster, whole } from '../test-support.ts';
import { changesBetween, createOf, EMPTY_FORM, formOf, problemsOf, rebase, updateOf } from './cluster-form.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const FULL = whole(cluster(1, 'hub-1', {}, { labels: { b: '2', a: 'x=y' } }), {
  tls: { ca: PEM, server_name: 'api.internal', insecure_skip_verify: false },
  endpoints: { prometheus_url: 'https://prom.example/', loki_url: 'https://loki.example/' },
  endpoint_options: { loki: { tenant: 'core', tls: { insecure_skip_verify: true } } },
});

describe('the form of a cluster', () => {
  it('changes nothing when nothing was changed', () => {
    expect(updateOf(formOf(FULL), FULL)).toEqual({});
    expect(updateOf({ ...formOf(FULL), labels: 'a=x=y\nb=2' }, FULL)).toEqual({});
  });

  it('sends the fields that differ and no others, clearing a region with null', () => {
    const form = { ...formOf(FULL), region: ' ', display_name: 'Hub' };
    expect(updateOf(form, FULL)).toEqual({ region: null, display_name: 'Hub' });
  });

  it('drops the options of an endpoint that has gone', () => {
    const form = formOf(FULL);
    const gone = { ...form, endpoints: { ...form.endpoints, loki: { ...form.endpoints.loki, url: '' } } };
    expect(updateOf(gone, FULL)).toEqual({
      endpoints: { prometheus_url: 'https://prom.example/' },
      endpoint_options: {},
    });
  });

  it('makes a registration of which nothing is said twice', () => {
    const form = { ...EMPTY_FORM, name: ' new-1 ', api_server_url: ' https://10.0.0.1:6443 ', labels: 'team=core\n\n' };
    expect(createOf(form)).toEqual({
      name: 'new-1',
      display_name: 'new-1',
      api_server_url: 'https://10.0.0.1:6443',
      cluster_type: 'SPOKE',
      platform: 'KUBERNETES',
      environment: 'DEVELOPMENT',
      labels: { team: 'core' },
      tls: { insecure_skip_verify: false },
      endpoints: {},
      endpoint_options: {},
      exec_enabled: false,
    });
  });

  it('makes a metrics hub of its address, with the name as the value that is left out', () => {
    const base = { ...EMPTY_FORM, name: 'new-1', api_server_url: 'https://10.0.0.1:6443' };
    const form = { ...base, hub: { ...base.hub, url: ' https://hub.example ', tenant: 'core' } };
    expect(createOf(form)).toMatchObject({
      global_metrics: { url: 'https://hub.example', cluster_label: 'cluster', cluster_value: 'new-1' },
      endpoint_options: { global_metrics: { tenant: 'core' } },
    });
    expect(problemsOf({ ...form, hub: { ...form.hub, url: 'hub' } }).has('global_metrics.url')).toBe(true);
    expect(createOf({ ...form, hub: { ...form.hub, url: '' } })).not.toHaveProperty('global_metrics');
  });

  it('says what is wrong by the name of the field', () => {
    const form = formOf(FULL);
    const wrong = {
      ...form,
      name: 'A',
      api_server_url: 'http://plain',
      labels: 'ok=1\nnonsense',
      endpoints: { ...form.endpoints, prometheus: { ...form.endpoints.prometheus, url: 'prom:9090/x' } },
    };
    expect([...problemsOf(wrong).keys()]).toEqual(['name', 'api_server_url', 'endpoints.prometheus_url', 'labels']);
    expect(problemsOf(form).size).toBe(0);
  });
});

describe('a change made by somebody else', () => {
  const theirs = { ...FULL, region: 'us-east-1', labels: { b: '3' }, resource_version: 2 };

  it('is told field by field in words', () => {
    expect(changesBetween(FULL, theirs)).toEqual([
      { field: 'region', before: 'eu-west-1', after: 'us-east-1' },
      { field: 'labels', before: 'b=2, a=x=y', after: 'b=3' },
    ]);
    expect(changesBetween(FULL, { ...FULL, labels: { a: 'x=y', b: '2' } })).toEqual([]);
  });

  it('stays, except in the fields that were changed here', () => {
    const mine = { ...formOf(FULL), region: 'eu-north-1', display_name: 'Mine' };
    const merged = rebase(mine, FULL, theirs);
    expect([merged.region, merged.display_name, merged.labels]).toEqual(['eu-north-1', 'Mine', 'b=3']);
    expect(updateOf(merged, theirs)).toEqual({ region: 'eu-north-1', display_name: 'Mine' });
  });
});
