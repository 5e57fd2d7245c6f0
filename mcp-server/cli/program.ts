import { Command } from 'commander';
import { AppError, asAppError } from '../../backend/model/errors.ts';
import { type Logger, createLogger } from '../../backend/platform/logger.ts';
import { ConfigError, type EffectiveConfig, describeConfig, loadConfig } from '../config.ts';
import { catalog } from '../../tools/catalog.ts';
import type { RunningServer } from '../serve.ts';
import { VERSION } from '../version.ts';
import { alertCommands } from './alert-commands.ts';
import { clusterCommands, type WithSession } from './cluster-commands.ts';
import { discoveryCommands } from './discovery-commands.ts';
import { diagnose } from './doctor.ts';
import { keyCommands } from './key-commands.ts';
import { contextsAtHand, shellWord } from './kubeconfig-file.ts';
import { readStdin } from './read-stdin.ts';
import { type CliSession, createSession } from './session.ts';
import { table } from './table.ts';
import { tokenCommands } from './token-commands.ts';
import { untilStopped } from './until-stopped.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);
const complain = (line: string) => process.stderr.write(`${line}\n`);

/** `aiops …`. Exit codes: 0 done, 1 failed, 2 wrong use or configuration. */
export async function runCli(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const program = new Command('aiops')
    .description('One place to ask a whole fleet of clusters.')
    .version(VERSION)
    .showHelpAfterError();
  program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

  program
    .command('serve')
    .description('run the server')
    .action(guarded(() => serve(loadConfig(env), env)));
  program
    .command('stdio')
    .description('MCP over standard input and output, for clients that start it themselves')
    .action(
      guarded(async () => {
        const { stdio } = await import('./stdio.ts');
        await stdio(loadConfig(env));
      }),
    );
  clusterCommands(program, sessionFor(env), env);
  discoveryCommands(program, sessionFor(env), print);
  keyCommands(program, sessionFor(env));
  program
    .command('call <tool> [input]')
    .description('call any tool (aiops tools lists them); input is one JSON object, - reads it from standard input')
    .option('--json', 'print only the JSON output')
    .action((tool: string, input: string | undefined, options: { json?: boolean }) =>
      sessionFor(env)(async (session) => {
        const answer = await session.call(tool, parseInput(input === '-' ? await readStdin() : input));
        if (options.json !== true && answer.text !== '') complain(answer.text);
        print(JSON.stringify(answer.output, null, 2));
      }),
    );
  program
    .command('tools')
    .description('list the tools that call takes; * marks those that change something')
    .action(
      guarded(async () => {
        print(
          table(
            ['TOOL', 'DESCRIPTION'],
            catalog.map((tool) => [`${tool.name}${tool.annotations.readOnly ? '' : ' *'}`, tool.description]),
          ),
        );
      }),
    );
  alertCommands(program, sessionFor(env), complain);
  tokenCommands(program, sessionFor(env), complain);
  program
    .command('doctor')
    .description('check what the server needs')
    .action(
      guarded(async () => {
        const findings = await diagnose(loadConfig(env), quietLogger(), env);
        for (const { ok, check, detail } of findings) print(`${ok ? '✓' : '✗'} ${check}: ${detail}`);
        if (findings.some((finding) => !finding.ok)) process.exitCode = 1;
      }),
    );
  program
    .command('config')
    .description('the effective configuration')
    .command('check')
    .action(
      guarded(async () => {
        print(
          table(
            ['SETTING', 'ENVIRONMENT', 'VALUE'],
            describeConfig(loadConfig(env)).map(({ key, env: variable, value }) => [
              key,
              variable,
              key === 'toolsets' && value === '(none)' ? 'all' : value, // what leaving it out means
            ]),
          ),
        );
      }),
    );

  await program.parseAsync(argv, { from: 'user' });
}

async function serve(config: EffectiveConfig, env: NodeJS.ProcessEnv): Promise<void> {
  const logger = createLogger({ level: config.log_level });
  const { startServer } = await import('../serve.ts'); // commands that only join a server need not load it
  const server = await startServer({ config, logger });
  logger.info({ url: server.url, auth_mode: config.auth_mode, version: VERSION }, 'listening');
  await welcome(server, config, env);
  await untilStopped(logger);
  await server.close();
}

/** What a person at the terminal needs to go on; the log is on stderr. */
async function welcome(server: RunningServer, config: EffectiveConfig, env: NodeJS.ProcessEnv): Promise<void> {
  print(`AIOps NextGen ${VERSION} is ready at ${server.url} (MCP: ${server.url}/mcp, API: ${server.url}/docs).`);
  if (config.auth_mode === 'token')
    print('Every request needs an API token; make one: aiops token create <name> --role operator');
  if ((await server.runtime.services.registry.list()).length > 0) return;
  print('No cluster is registered yet.');
  const found = await contextsAtHand(env);
  if (found === undefined) {
    print(
      'Add one from a kubeconfig: bin/aiops cluster add --kubeconfig <file> --context <context> --prometheus-url <url>',
    );
    return;
  }
  const { from, usable, total } = found;
  if (usable.length < total)
    print(
      `${from}: ${usable.length} of ${total} contexts can be used as they are; why not the others: bin/aiops cluster add`,
    );
  if (usable.length === 0) return;
  print(`To add ${usable.length === 1 ? 'the context' : 'the contexts'} of ${from}:`);
  for (const context of usable.slice(0, 10))
    print(`  bin/aiops cluster add --context ${shellWord(context)} --prometheus-url <url>`);
  if (usable.length > 10) print(`  … and ${usable.length - 10} more`);
}

function sessionFor(env: NodeJS.ProcessEnv): WithSession {
  return (run) =>
    guarded(async () => {
      const session = createSession(loadConfig(env), quietLogger());
      try {
        await run(tellingCuts(session), print);
      } finally {
        await session.close();
      }
    })();
}

/** Says on standard error when an answer was cut for its size, so that no one takes a part for the whole. */
function tellingCuts(session: CliSession): CliSession {
  return {
    get via() {
      return session.via;
    },
    close: () => session.close(),
    call: async (tool, input) => {
      const answer = await session.call(tool, input);
      const id = answer.evidence?.split('/').at(-1);
      if (id !== undefined)
        complain(
          `The answer of ${tool} was cut for its size. The whole of it, for 24 hours: aiops call get_evidence '{"id":"${id}"}'`,
        );
      return answer;
    },
  };
}

/** A command's own words are its output; only what fails is worth a log record. */
function quietLogger(): Logger {
  return createLogger({ level: 'error' });
}

function guarded(run: () => Promise<void>): () => Promise<void> {
  return async () => {
    try {
      await run();
    } catch (thrown) {
      if (thrown instanceof ConfigError) {
        complain(thrown.message);
        process.exitCode = 2;
        return;
      }
      const error = asAppError(thrown);
      const traceId = error.details['trace_id'];
      // Without a trace there is no server log to look it up in; the cause itself follows.
      const sentence = thrown === error ? error.sentence : 'The command failed.';
      complain(`${error.code}: ${sentence}${typeof traceId === 'string' ? ` (trace ${traceId})` : ''}`);
      if (error.code === 'INTERNAL_ERROR' && error.cause instanceof Error)
        complain(error.cause.stack ?? error.cause.message);
      process.exitCode = error.code === 'VALIDATION_FAILED' ? 2 : 1;
    }
  };
}

function parseInput(text: string | undefined): unknown {
  if (text === undefined || text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError('INVALID_JSON', 'The input is not valid JSON.', {
      hint: 'Give one JSON object in single quotes, such as \'{"query":"up"}\'.',
    });
  }
}
