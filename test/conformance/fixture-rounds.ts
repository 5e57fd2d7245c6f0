import {
  CLIENT_CAPABILITIES_META_KEY,
  type CallToolResult,
  type InputRequest,
  type McpServer,
  type RequestStateCodec,
  acceptedContent,
  inputRequired,
  inputResponse,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

const done = (text: string): CallToolResult => ({ content: [{ type: 'text', text }] });

const ask = (message: string, properties: Record<string, object>) =>
  // proof: every caller below passes the restricted JSON Schema that elicitation allows
  inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties, required: Object.keys(properties) } as never,
  });

const Name = z.object({ name: z.string() });
const askName = ask('What is your name?', { name: { type: 'string' } });
const sample = (prompt: string, maxTokens: number): InputRequest =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens });

/** Tools that need something from the client in between. `codec` signs with the key of the product's own verification. */
export function registerRoundTools(server: McpServer, codec: RequestStateCodec<string>): void {
  server.registerTool('test_input_required_result_elicitation', { description: 'Asks for a name.' }, ({ mcpReq }) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'user_name', Name);
    return answer ? done(`Hello, ${answer.name}!`) : inputRequired({ inputRequests: { user_name: askName } });
  });
  server.registerTool('test_input_required_result_sampling', { description: 'Asks a model.' }, ({ mcpReq }) => {
    const answer = inputResponse(mcpReq.inputResponses, 'capital_question');
    if (answer.kind === 'sampling') return done(JSON.stringify(answer.result.content));
    return inputRequired({ inputRequests: { capital_question: sample('What is the capital of France?', 100) } });
  });
  server.registerTool('test_input_required_result_list_roots', { description: 'Asks for roots.' }, ({ mcpReq }) => {
    const answer = inputResponse(mcpReq.inputResponses, 'client_roots');
    if (answer.kind === 'roots') return done(answer.roots.map((root) => root.uri).join(', '));
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  });
  server.registerTool(
    'test_input_required_result_multiple_inputs',
    { description: 'Asks for three things.' },
    async (context) => {
      const responses = context.mcpReq.inputResponses;
      const name = acceptedContent(responses, 'user_name', Name);
      const greeting = inputResponse(responses, 'greeting');
      const roots = inputResponse(responses, 'client_roots');
      if (name && greeting.kind === 'sampling' && roots.kind === 'roots')
        return done(`${name.name}: ${roots.roots.length} roots`);
      return inputRequired({
        inputRequests: {
          user_name: askName,
          greeting: sample('Generate a greeting', 50),
          client_roots: inputRequired.listRoots(),
        },
        requestState: await codec.mint('multiple', context),
      });
    },
  );
  for (const [name, state] of [
    ['request_state', 'round-1'],
    ['tampered_state', 'sealed'],
  ] as const) {
    server.registerTool(
      `test_input_required_result_${name}`,
      { description: 'Asks for a confirmation.' },
      async (context) => {
        if (context.mcpReq.requestState<string>() === state) return done('state-ok');
        const confirm = ask('Please confirm', { ok: { type: 'boolean' } });
        return inputRequired({ inputRequests: { confirm }, requestState: await codec.mint(state, context) });
      },
    );
  }
  server.registerTool('test_input_required_result_multi_round', { description: 'Asks twice.' }, async (context) => {
    const state = context.mcpReq.requestState<string>();
    if (state === 'step2') return done('Thank you.');
    if (state === 'step1') {
      const step2 = ask('Step 2: What is your favorite color?', { color: { type: 'string' } });
      return inputRequired({ inputRequests: { step2 }, requestState: await codec.mint('step2', context) });
    }
    const step1 = ask('Step 1: What is your name?', { name: { type: 'string' } });
    return inputRequired({ inputRequests: { step1 }, requestState: await codec.mint('step1', context) });
  });
  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'Asks only for what the client can.' },
    ({ mcpReq }) => {
      const envelope: Readonly<Record<string, unknown>> = mcpReq.envelope ?? {};
      const declared = z.looseObject({}).parse(envelope[CLIENT_CAPABILITIES_META_KEY] ?? {});
      const inputRequests = {
        ...('elicitation' in declared ? { user_name: askName } : {}),
        ...('sampling' in declared ? { greeting: sample('Generate a greeting', 50) } : {}),
        ...('roots' in declared ? { client_roots: inputRequired.listRoots() } : {}),
      };
      return Object.keys(inputRequests).length === 0 ? done('nothing to ask with') : inputRequired({ inputRequests });
    },
  );
  server.registerTool('test_missing_capability', { description: 'Cannot do without sampling.' }, () =>
    inputRequired({ inputRequests: { question: sample('Hello?', 10) } }),
  );
  server.registerTool('test_streaming_elicitation', { description: 'Asks in the middle of a stream.' }, () =>
    inputRequired({ inputRequests: { user_name: askName } }),
  );
  server.registerPrompt('test_input_required_result_prompt', { description: 'Asks for its context.' }, ({ mcpReq }) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'user_context', z.object({ context: z.string() }));
    if (answer) return { messages: [{ role: 'user', content: { type: 'text', text: answer.context } }] };
    return inputRequired({
      inputRequests: { user_context: ask('What context should the prompt use?', { context: { type: 'string' } }) },
    });
  });
}

/** The same idea as the 2025 era names it; the SDK asks over the session's own stream. */
export function registerLegacyRoundTools(server: McpServer): void {
  const shown = (verb: string, response: ReturnType<typeof inputResponse>) =>
    response.kind === 'elicit'
      ? done(`${verb}: action=${response.action}, content=${JSON.stringify(response.content ?? {})}`)
      : undefined;

  server.registerTool(
    'test_sampling',
    { description: 'Asks a model.', inputSchema: z.object({ prompt: z.string() }) },
    ({ prompt }, { mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, 'prompt');
      if (answer.kind === 'sampling') return done(`LLM response: ${JSON.stringify(answer.result.content)}`);
      return inputRequired({ inputRequests: { prompt: sample(prompt, 100) } });
    },
  );
  server.registerTool(
    'test_elicitation',
    { description: 'Asks the person.', inputSchema: z.object({ message: z.string() }) },
    ({ message }, { mcpReq }) => {
      const person = {
        username: { type: 'string', description: "User's response" },
        email: { type: 'string', description: "User's email address" },
      };
      return (
        shown('User response', inputResponse(mcpReq.inputResponses, 'user')) ??
        inputRequired({ inputRequests: { user: ask(message, person) } })
      );
    },
  );
  for (const [name, properties] of [
    ['test_elicitation_sep1034_defaults', DEFAULTS],
    ['test_elicitation_sep1330_enums', ENUMS],
  ] as const) {
    server.registerTool(name, { description: 'Asks with a form.' }, ({ mcpReq }) => {
      const answered = shown('Elicitation completed', inputResponse(mcpReq.inputResponses, 'form'));
      return answered ?? inputRequired({ inputRequests: { form: ask('Please fill in the form', properties) } });
    });
  }
}

const DEFAULTS = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};

const titled = (...titles: string[]) => titles.map((title, i) => ({ const: `value${i + 1}`, title }));

const ENUMS = {
  untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
  titledSingle: { type: 'string', oneOf: titled('First Option', 'Second Option', 'Third Option') },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
  titledMulti: { type: 'array', items: { anyOf: titled('First Choice', 'Second Choice', 'Third Choice') } },
};
