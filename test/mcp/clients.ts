import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

export interface Reply {
  readonly isError: boolean;
  readonly text: string;
  readonly structured: unknown;
  readonly content: { type: string; uri?: string | undefined; text?: string | undefined }[];
  readonly meta: Record<string, unknown>;
}

/** What a client is told while it waits. */
export interface Told {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

/** What both SDK generations can do, in one shape, so that every test runs with each of them. */
export interface TestClient {
  readonly questions: string[];
  listTools(): Promise<
    {
      name: string;
      title?: string | undefined;
      inputSchema: object;
      outputSchema?: object | undefined;
      annotations?: object | undefined;
    }[]
  >;
  call(
    name: string,
    args: Record<string, unknown>,
    signal?: AbortSignal,
    onprogress?: (told: Told) => void,
  ): Promise<Reply>;
  read(uri: string): Promise<unknown>;
  resources(): Promise<string[]>;
  templates(): Promise<string[]>;
  prompts(): Promise<
    {
      name: string;
      description?: string | undefined;
      arguments?: { name: string; required?: boolean | undefined }[] | undefined;
    }[]
  >;
  prompt(name: string, args: Record<string, string>): Promise<string[]>;
  instructions(): string | undefined;
  protocolVersion(): string | undefined;
  close(): Promise<void>;
}

export type Era = 'v1 client' | 'v2 client, 2025 era' | 'v2 client, 2026 era';
export const ERAS: readonly Era[] = ['v1 client', 'v2 client, 2025 era', 'v2 client, 2026 era'];

/** What the person does when asked; left out = the client cannot ask. */
export type Person = 'accepts' | 'leaves the box empty' | 'declines';

const INFO = { name: 'test', version: '1.0.0' };

export async function connectHttp(
  era: Era,
  url: string,
  options: { token?: string; person?: Person } = {},
): Promise<TestClient> {
  const requestInit = { headers: options.token === undefined ? {} : { authorization: `Bearer ${options.token}` } };
  const target = new URL(url);
  if (era === 'v1 client') return connectLegacy(new LegacyHttp(target, { requestInit }), options.person);
  return connectModern(era, new ModernHttp(target, { requestInit }), options.person);
}

export async function connectLegacy(
  transport: Parameters<LegacyClient['connect']>[0],
  person?: Person,
): Promise<TestClient> {
  const questions: string[] = [];
  const client = new LegacyClient(INFO, { capabilities: person === undefined ? {} : { elicitation: {} } });
  if (person !== undefined) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      questions.push(params.message);
      return answerOf(person);
    });
  }
  await client.connect(transport);
  return {
    questions,
    listTools: async () => (await client.listTools()).tools,
    call: async (name, args, signal, onprogress) =>
      replyOf(await client.callTool({ name, arguments: args }, undefined, given(signal, onprogress))),
    read: async (uri) => contentOf((await client.readResource({ uri })).contents),
    resources: async () => (await client.listResources()).resources.map((r) => r.uri),
    templates: async () => (await client.listResourceTemplates()).resourceTemplates.map((r) => r.uriTemplate),
    prompts: async () => (await client.listPrompts()).prompts,
    prompt: async (name, args) => textsOf((await client.getPrompt({ name, arguments: args })).messages),
    instructions: () => client.getInstructions(),
    protocolVersion: () => ('protocolVersion' in transport ? String(transport.protocolVersion) : undefined),
    close: () => client.close(),
  };
}

export async function connectModern(
  era: Era,
  transport: Parameters<ModernClient['connect']>[0],
  person?: Person,
): Promise<TestClient> {
  const questions: string[] = [];
  const client = new ModernClient(INFO, {
    capabilities: person === undefined ? {} : { elicitation: {} },
    ...(era === 'v2 client, 2026 era' ? { versionNegotiation: { mode: 'auto' as const } } : {}),
  });
  if (person !== undefined) {
    client.setRequestHandler('elicitation/create', ({ params }) => {
      questions.push(params.message);
      return answerOf(person);
    });
  }
  await client.connect(transport);
  return {
    questions,
    listTools: async () => (await client.listTools()).tools,
    call: async (name, args, signal, onprogress) =>
      replyOf(await client.callTool({ name, arguments: args }, given(signal, onprogress))),
    read: async (uri) => contentOf((await client.readResource({ uri })).contents),
    resources: async () => (await client.listResources()).resources.map((r) => r.uri),
    templates: async () => (await client.listResourceTemplates()).resourceTemplates.map((r) => r.uriTemplate),
    prompts: async () => (await client.listPrompts()).prompts,
    prompt: async (name, args) => textsOf((await client.getPrompt({ name, arguments: args })).messages),
    instructions: () => client.getInstructions(),
    protocolVersion: () => client.getNegotiatedProtocolVersion(),
    close: () => client.close(),
  };
}

function given(signal: AbortSignal | undefined, onprogress: ((told: Told) => void) | undefined) {
  return { ...(signal === undefined ? {} : { signal }), ...(onprogress === undefined ? {} : { onprogress }) };
}

function answerOf(person: Person): { action: 'accept' | 'decline'; content?: { confirm: boolean } } {
  return person === 'declines'
    ? { action: 'decline' }
    : { action: 'accept', content: { confirm: person === 'accepts' } };
}

function replyOf(result: Record<string, unknown>): Reply {
  const content = (result['content'] ?? []) as Reply['content']; // proof: both SDKs have parsed it by the protocol's schema
  return {
    isError: result['isError'] === true,
    text: content[0]?.text ?? '',
    structured: result['structuredContent'],
    content,
    meta: (result['_meta'] ?? {}) as Record<string, unknown>, // proof: as above
  };
}

function contentOf(contents: object[]): unknown {
  const [first] = contents;
  return first !== undefined && 'text' in first && typeof first.text === 'string' ? JSON.parse(first.text) : undefined;
}

function textsOf(messages: { content: object }[]): string[] {
  return messages.map(({ content }) => ('text' in content && typeof content.text === 'string' ? content.text : ''));
}
