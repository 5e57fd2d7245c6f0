import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Permission } from '../../backend/model/access.ts';
import { ERROR_CODES } from '../../backend/model/errors.ts';
import { toolJsonSchema } from '../../mcp-server/mcp/advertised-schema.ts';
import { openApiDocument } from '../../mcp-server/rest/openapi.ts';
import { restRoutesOf } from '../../mcp-server/rest/tool-routes.ts';
import { catalog } from '../../tools/catalog.ts';
import { sourceFiles } from './source-files.ts';

const modelTools = catalog.filter((tool) => tool.exposure === 'model');

/** Tokens as the contract counts them: characters ÷ 4 of name, description and input schema. */
function tokensOf(tool: (typeof catalog)[number]): number {
  return (tool.name + tool.description + JSON.stringify(toolJsonSchema(tool.input, 'input'))).length / 4;
}

describe('the catalog', () => {
  it('offers models these tools in this order', () => {
    expect(modelTools.map((tool) => tool.name)).toEqual([
      'list_clusters',
      'get_cluster_status',
      'get_fleet_summary',
      'compare_clusters',
      'register_cluster',
      'update_cluster',
      'remove_cluster',
      'refresh_cluster',
      'query_metrics',
      'get_metric_labels',
      'find_metrics',
      'get_metric_trends',
      'get_resource_usage',
      'get_top_consumers',
      'search_traces',
      'get_trace',
      'get_service_graph',
      'query_logs',
      'search_error_logs',
      'list_alerts',
      'get_alert',
      'silence_alert',
      'list_events',
      'diagnose_workloads',
      'get_gpu_nodes',
      'get_gpu_summary',
      'get_gpu_processes',
      'get_cnf_workloads',
      'get_ptp_status',
      'get_sriov_status',
      'get_dpdk_stats',
      'read_evidence',
    ]);
  });

  it('has unique names', () => {
    expect(new Set(catalog.map((tool) => tool.name)).size).toBe(catalog.length);
  });

  it.each(catalog.map((tool) => [tool.name, tool] as const))('%s is declared in full', (_name, tool) => {
    expect(tool.name).toMatch(/^[a-z]+(?:_[a-z]+)+$/);
    expect(tool.name.length).toBeLessThanOrEqual(64);
    expect(tool.title.length).toBeGreaterThan(3);
    expect(tool.description).toMatch(/\.$/);
    expect(Permission.options).toContain(tool.permission);
    expect(Object.keys(tool.annotations).sort()).toEqual(['destructive', 'idempotent', 'openWorld', 'readOnly']);
    expect(tool.input.safeParse(tool.example).error).toBeUndefined();
    expect(tool.input.safeParse({ ...tool.example, no_such_argument: 1 }).success).toBe(false);
    expect(z.toJSONSchema(tool.output, { io: 'output' })).toMatchObject({ type: 'object' });
  });

  it('confirms every write that a model can call, and no read', () => {
    for (const tool of modelTools)
      expect([tool.name, tool.confirm !== undefined]).toEqual([tool.name, !tool.annotations.readOnly]);
  });

  it('carries no secret through a tool that a model can call', () => {
    for (const tool of modelTools) {
      const names = JSON.stringify(z.toJSONSchema(tool.input, { io: 'input' }));
      expect([tool.name, /"(?:[a-z_]*token|password|secret|client_key|kubeconfig)"/.test(names)]).toEqual([
        tool.name,
        false,
      ]);
    }
  });

  it('spends at most 250 tokens a tool on average on a model', () => {
    const total = modelTools.reduce((sum, tool) => sum + tokensOf(tool), 0);
    expect(total / modelTools.length).toBeLessThanOrEqual(250);
  });

  it('has every REST route in the OpenAPI document, once', () => {
    const { paths = {} } = openApiDocument(catalog, '0.0.0');
    const routes = catalog.flatMap((tool) => restRoutesOf(tool).map((route) => `${route.method} /api/v1${route.path}`));
    expect(new Set(routes).size).toBe(routes.length);
    const documented = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const besides = ['chat/sessions/{id}/stream', 'alerts/webhook', 'alerts/webhook/{cluster_id}'];
    expect([...routes, ...besides.map((path) => `POST /api/v1/${path}`)].sort()).toEqual(documented.sort());
  });

  it('is written down in specs/tools.md (update with: npm run docs)', async () => {
    const rows = catalog.map((tool) => {
      const routes = (tool.rest ?? []).map((route) => `\`${route.method} ${route.path}\``).join('<br>');
      return `| \`${tool.name}\` | ${tool.toolset} | \`${tool.permission}\` | ${tool.exposure}${tool.confirm ? ', confirmed' : ''} | ${routes} | ${tool.description} |`;
    });
    const head =
      '# Tools\n\nMade from the catalog by `npm run docs`; do not edit. Every tool is also `POST /api/v1/tools/{name}` and `aiops call <tool>`.\n\n';
    const table = `${head}| tool | toolset | permission | exposure | REST below /api/v1 | what it does |\n|---|---|---|---|---|---|\n${rows.join('\n')}\n`;
    await expect(table).toMatchFileSnapshot('../../specs/tools.md');
  });
});

describe('error codes', () => {
  it('are written down in specs/errors.md (update with: npm run docs)', async () => {
    const rows = Object.entries(ERROR_CODES).map(
      ([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`,
    );
    await expect(
      `# Error codes\n\nMade from the code by \`npm run docs\`; do not edit.\n\n| code | HTTP | meaning |\n|---|---|---|\n${rows.join('\n')}\n`,
    ).toMatchFileSnapshot('../../specs/errors.md');
  });

  it('are all used somewhere', () => {
    const text = sourceFiles(['backend', 'tools', 'personas', 'mcp-server'])
      .filter(({ file }) => file !== 'backend/model/errors.ts')
      .map((f) => f.text)
      .join('\n');
    expect(Object.keys(ERROR_CODES).filter((code) => !text.includes(`'${code}'`))).toEqual([]);
  });
});
